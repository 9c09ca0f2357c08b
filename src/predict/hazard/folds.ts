import { createRandom } from '../../ml/random.ts';
import { eachEntity, type TrainingRows } from './training-rows.ts';

/** Rows to learn from and rows to be asked about afterwards, by index; `rows` holds the labels as they were known when learning. */
export interface Fold {
  readonly rows: TrainingRows;
  readonly learn: Int32Array;
  readonly judge: Int32Array;
}

/** More would train on more of the entities each, but cost as much again. */
const ENTITY_FOLDS = 4;
/** Shares of the failures that lie before each cut in time. */
const CUT_SHARES = [0.6, 0.8] as const;

/** Every entity is judged once by models that saw none of its rows. Entities with failures are dealt out first, evenly. */
export function entityFolds(rows: TrainingRows, seed: number): Fold[] {
  const failing: number[] = [];
  const others: number[] = [];
  eachEntity(rows, (entity, from, to) => (rows.failed.subarray(from, to).includes(1) ? failing : others).push(entity));
  const random = createRandom(seed).fork('folds');
  const folds = Math.min(ENTITY_FOLDS, failing.length);
  const fold = new Map<number, number>();
  [...random.shuffle(failing), ...random.shuffle(others)].forEach((entity, i) => fold.set(entity, i % folds));
  return Array.from({ length: folds }, (_, own) => ({
    rows,
    learn: indices(rows, (i) => fold.get(rows.entity[i]!) !== own),
    judge: indices(rows, (i) => fold.get(rows.entity[i]!) === own),
  }));
}

/** Each stretch of time is judged by models of what was known before it. Empty where failures do not allow a cut. */
export function timeFolds(rows: TrainingRows): Fold[] {
  const cuts = cutsOf(rows);
  return cuts.map((cut, i) => ({
    rows: censorAt(rows, cut),
    learn: indices(rows, (row) => rows.at[row]! < cut),
    judge: indices(rows, (row) => rows.at[row]! >= cut && rows.at[row]! < (cuts[i + 1] ?? Infinity)),
  }));
}

/** The first cut in time, before which everything that the judged rows rest on must be learnt; null without cuts. */
export const firstCut = (rows: TrainingRows): number | null => cutsOf(rows)[0] ?? null;

function cutsOf(rows: TrainingRows): number[] {
  const failures = new Map<string, number>();
  for (let i = 0; i < rows.count; i++) {
    if (rows.failed[i] === 1) failures.set(`${rows.entity[i]} ${rows.failure[i]}`, rows.at[i]! + rows.time[i]!);
  }
  const times = [...failures.values()].sort((a, b) => a - b);
  const cuts = CUT_SHARES.map((share) => times[Math.floor(share * times.length)]!);
  // A cut needs failures on both sides, and time between cuts.
  return cuts.filter((cut, i) => cut > times[0]! && cut < times.at(-1)! && (i === 0 || cut > cuts[i - 1]!));
}

/** What was known of the rows at a time: nothing of what came after it. */
export function censorAt(rows: TrainingRows, cut: number): TrainingRows {
  const time = rows.time.map((ahead, i) => Math.min(ahead, Math.max(0, cut - rows.at[i]!)));
  const failed = rows.failed.map((f, i) => (f === 1 && rows.at[i]! + rows.time[i]! <= cut ? 1 : 0));
  return { ...rows, time, failed };
}

export function indices(rows: TrainingRows, keep: (index: number) => boolean): Int32Array {
  const kept: number[] = [];
  for (let i = 0; i < rows.count; i++) if (keep(i)) kept.push(i);
  return Int32Array.from(kept);
}
