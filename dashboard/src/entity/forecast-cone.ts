import type { Prediction } from '../../../src/model/prediction.ts';

/** Where the value is expected between now and the limit; the cone holds it with 80 %. */
export interface ConeRow {
  readonly time: number;
  readonly cone: readonly [number, number];
  readonly expected: number | null;
}

export interface Cone {
  readonly rows: readonly ConeRow[];
  /** End of the axis: the late end, or where the axis stops when that is unknown. */
  readonly end: number;
}

/** The largest horizon of the product. */
const REACH_MS = 7 * 86_400_000;
const LEAST_MS = 60_000;

type Known = Pick<Prediction, 'madeAt' | 'earliest' | 'latest' | 'expectedAt' | 'current' | 'limit'>;

/** The cone from the newest value to the limit; null where value or limit is not known. A late end that is not known leaves it open. */
export function forecastCone({ madeAt, earliest, latest, expectedAt, current, limit }: Known): Cone | null {
  if (current === null || limit === null || earliest === null) return null;
  const farthest = latest ?? (expectedAt === null ? madeAt + REACH_MS : madeAt + (expectedAt - madeAt) * 1.6);
  const end = Math.round(Math.min(madeAt + REACH_MS, Math.max(farthest, madeAt + LEAST_MS)));
  const towards = (time: number, arrival: number | null): number => {
    if (arrival === null) return current;
    const share = arrival <= madeAt ? 1 : Math.min(1, (time - madeAt) / (arrival - madeAt));
    return current + (limit - current) * share;
  };
  const times = [madeAt, earliest, expectedAt, latest, end].filter(
    (time) => time !== null && time >= madeAt && time <= end,
  );
  const rows = [...new Set(times as number[])]
    .toSorted((a, b) => a - b)
    .map((time) => {
      const ends = [towards(time, earliest), towards(time, latest)].toSorted((a, b) => a - b);
      return {
        time,
        cone: [ends[0]!, ends[1]!] as const,
        expected: expectedAt === null ? null : towards(time, expectedAt),
      };
    });
  return { rows, end };
}
