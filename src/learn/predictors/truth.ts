import type { EntityHistory } from '../../model/predictor.ts';
import type { ScoredEntity } from '../evaluation/scored.ts';

/** What was said of one entity. */
export interface Said {
  readonly history: Pick<EntityHistory, 'entity' | 'failures' | 'observedTo' | 'actedAt'>;
  readonly times: ArrayLike<number>;
  /** rows × width. */
  readonly probabilities: ArrayLike<number>;
}

/**
 * What was said beside what came, ready to be judged: cut into stretches at every action, after which nobody knows what
 * would have come of what was said before; rows in the quiet period after a failure are left out.
 */
export function scoredStretches(said: readonly Said[], width: number, quiet: number): ScoredEntity[] {
  return said.flatMap(({ history, times, probabilities }) => {
    const { failures, observedTo, actedAt = new Float64Array(0) } = history;
    const ends = [...actedAt].filter((time) => !Number.isNaN(time)).sort((a, b) => a - b);
    const stretches: ScoredEntity[] = [];
    let row = 0;
    for (const end of [...ends, observedTo]) {
      const kept: number[] = [];
      for (; row < times.length && times[row]! <= end; row++)
        if (!isQuiet(failures, times[row]!, quiet)) kept.push(row);
      if (kept.length === 0) continue;
      stretches.push({
        entity: history.entity,
        times: Float64Array.from(kept, (r) => times[r]!),
        probabilities: Float64Array.from(
          { length: kept.length * width },
          (_, i) => probabilities[kept[Math.floor(i / width)]! * width + (i % width)]!,
        ),
        failures: failures.filter(({ time }) => time <= end),
        observedTo: end,
      });
    }
    return stretches;
  });
}

const isQuiet = (failures: ScoredEntity['failures'], time: number, quiet: number): boolean =>
  failures.some((failure) => failure.time <= time && time < failure.time + quiet);
