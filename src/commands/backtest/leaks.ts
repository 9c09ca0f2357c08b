import type { EntityHistory } from '../../model/predictor.ts';
import { findLeaks, type Leak } from '../../learn/evaluation/find-leaks.ts';
import { labelRows } from '../../predict/hazard/labels.ts';

/** Cells looked at: enough for every figure, and seconds even with a thousand columns. */
const MOST_CELLS = 2_000_000;
const MOST_ROWS = 20_000;

interface Picked {
  readonly history: EntityHistory;
  readonly row: number;
  readonly ahead: number;
  readonly since: number;
}

/** Features of the training data that tell what they should not know. */
export function leaksOf(
  training: readonly EntityHistory[],
  columns: readonly string[],
  horizons: readonly number[],
): Leak[] {
  const width = columns.length;
  if (width === 0) return [];
  const total = training.reduce((sum, { times }) => sum + times.length, 0);
  const every = Math.max(1, Math.ceil(total / Math.min(MOST_ROWS, MOST_CELLS / width)));
  // Each entity gives every so many rows, the first after its number, so that short ones are not passed over.
  const picked = training.flatMap((history, number) =>
    pick(history, { every, first: number % every, reach: horizons.at(-1)! }),
  );
  const values = new Float32Array(picked.length * width);
  for (const [i, { history, row }] of picked.entries()) {
    values.set(history.values.subarray(row * width, (row + 1) * width), i * width);
  }
  const steps = picked.map(({ history, row }) => history.times[row]! - (history.times[row - 1] ?? Number.NaN));
  const rising = steps.filter((step) => step > 0).sort((a, b) => a - b);
  return findLeaks(
    {
      columns,
      values,
      ahead: Float64Array.from(picked, ({ ahead }) => ahead),
      since: Float64Array.from(picked, ({ since }) => since),
      failures: training.reduce((sum, { failures }) => sum + failures.length, 0),
      step: rising[rising.length >> 1] ?? 0,
    },
    horizons,
  );
}

/** A row of which nobody knows what followed says nothing either way, unless it was seen to last beyond every horizon. */
function pick(
  history: EntityHistory,
  { every, first, reach }: { readonly every: number; readonly first: number; readonly reach: number },
): Picked[] {
  const { times, failures } = history;
  const label = labelRows(history, 0);
  const picked: Picked[] = [];
  let past = 0;
  for (let row = first; row < times.length; row += every) {
    while (past < failures.length && failures[past]!.time <= times[row]!) past++;
    const ahead = label.time[row]!;
    const failed = label.failed[row] === 1;
    if (!(ahead > 0) || (!failed && ahead < reach)) continue;
    const since = past > 0 ? times[row]! - failures[past - 1]!.time : Infinity;
    picked.push({ history, row, ahead: failed ? ahead : Infinity, since });
  }
  return picked;
}
