import { type Phrase, phrase } from '../../model/phrase.ts';
import type { PredictorOptions } from '../../model/predictor.ts';
import type { Fold } from './folds.ts';
import type { TrainingRows } from './training-rows.ts';

/** Fewer failures than this cannot both teach and judge. */
const LEAST_FAILURES = 5;
/** Failures of one entity say how it fails, not how the others do. */
const LEAST_ENTITIES = 2;

/** What is missing for a model, or null when there is enough to train and to judge one. */
export function whatIsMissing(
  rows: TrainingRows,
  folds: readonly Fold[],
  asked: PredictorOptions['asked'],
): Phrase | null {
  if (rows.count === 0) return phrase('hazard.missingRows');
  const failures = new Set<string>();
  const entities = new Set<number>();
  for (let i = 0; i < rows.count; i++) {
    if (rows.failed[i] !== 1) continue;
    failures.add(`${rows.entity[i]} ${rows.failure[i]}`);
    entities.add(rows.entity[i]!);
  }
  if (failures.size === 0) return phrase('hazard.missingFailures', { needed: LEAST_FAILURES });
  if (failures.size < LEAST_FAILURES) {
    return phrase('hazard.fewFailures', { count: failures.size, needed: LEAST_FAILURES });
  }
  if (entities.size < LEAST_ENTITIES) return phrase('hazard.oneEntity');
  const sound = folds.length > 0 && folds.every((fold) => canLearn(fold) && fold.judge.length > 0);
  if (!sound) return phrase(asked === 'later' ? 'hazard.allAtOnce' : 'hazard.missingRows');
  return null;
}

/** A fold must have seen rows before a failure. */
function canLearn({ rows, learn }: Fold): boolean {
  return learn.some((i) => rows.failed[i] === 1 && rows.time[i]! > 0);
}
