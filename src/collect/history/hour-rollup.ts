import type { RollupFrame } from '../../model/frame.ts';

const HOUR_MS = 3_600_000;

/** The layout of the last minute names every feature of the hour, since layouts only grow. */
function rolled(time: number, minutes: readonly RollupFrame[]): RollupFrame {
  const { entity, layout } = minutes.at(-1)!;
  const size = layout.features.length;
  const [mean, low, high] = [0, 1, 2].map(() => new Float32Array(size).fill(Number.NaN));
  for (let f = 0; f < size; f++) {
    let [count, sum, least, most] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const minute of minutes) {
      const value = minute.mean[f];
      if (value === undefined || Number.isNaN(value)) continue;
      count += 1;
      sum += value;
      least = Math.min(least, minute.low[f]!);
      most = Math.max(most, minute.high[f]!);
    }
    if (count === 0) continue;
    mean![f] = sum / count;
    low![f] = least;
    high![f] = most;
  }
  return { entity, time, stepMs: HOUR_MS, layout, mean: mean!, low: low!, high: high! };
}

/** Mean, lowest and highest of the minutes of one entity by hour, as the store rolls them up; minutes in the order of time. */
export function hoursOf(minutes: readonly RollupFrame[]): readonly RollupFrame[] {
  const hours = new Map<number, RollupFrame[]>();
  for (const minute of minutes) {
    const hour = Math.floor(minute.time / HOUR_MS) * HOUR_MS;
    hours.set(hour, [...(hours.get(hour) ?? []), minute]);
  }
  return [...hours].map(([time, own]) => rolled(time, own));
}
