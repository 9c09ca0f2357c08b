import type { FrameColumns, Tier, TimeRange } from '../store/store.ts';
import type { Chart } from './contract/views.ts';

/** Points a line may have. */
export const MAX_POINTS = 2_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Stored values read for one point, at most: the next coarser tier is read beyond that. */
const READ_PER_POINT = 12;

export type ChartTier = Exclude<Tier, 'expected'>;

/** How a chart is cut: from which tier, and into spans of which length. */
export interface ChartPlan {
  readonly tier: ChartTier;
  /** Length of the tier's own steps. */
  readonly tierMs: number;
  /** Length of a point, a multiple of the tier's steps. */
  readonly pointMs: number;
  readonly from: number;
  readonly to: number;
}

/** The finest tier that still goes back far enough and is not read out of all proportion. */
export function planChart(
  range: TimeRange,
  points: number,
  source: {
    readonly stepMs: number;
    readonly now: number;
    readonly keptMs: { readonly steps: number; readonly minutes: number };
  },
): ChartPlan {
  const tiers = [
    { tier: 'step' as const, tierMs: source.stepMs, keptMs: source.keptMs.steps },
    { tier: 'minute' as const, tierMs: MINUTE, keptMs: source.keptMs.minutes },
    { tier: 'hour' as const, tierMs: HOUR, keptMs: Number.POSITIVE_INFINITY },
    { tier: 'day' as const, tierMs: DAY, keptMs: Number.POSITIVE_INFINITY },
  ];
  const length = range.to - range.from;
  const fits = tiers.find(
    ({ tierMs, keptMs }) => range.from >= source.now - keptMs && length / tierMs <= points * READ_PER_POINT,
  );
  const { tier, tierMs } = fits ?? tiers[3]!;
  // One point less, as aligning both ends to whole points can add one.
  const pointMs = Math.max(1, Math.ceil(length / tierMs / Math.max(1, points - 1))) * tierMs;
  const from = Math.floor(range.from / pointMs) * pointMs;
  const to = Math.ceil(range.to / pointMs) * pointMs;
  return { tier, tierMs, pointMs, from, to };
}

const EMPTY = new Float32Array(0);

/** Lowest, mean and highest of each point, so that no peak is lost. `NaN` where there is nothing. */
function reduce(columns: FrameColumns, index: number, plan: ChartPlan) {
  const size = Math.max(0, Math.round((plan.to - plan.from) / plan.pointMs));
  const mean = new Float64Array(size);
  const count = new Int32Array(size);
  const low = new Float64Array(size).fill(Number.NaN);
  const high = new Float64Array(size).fill(Number.NaN);
  const means = columns.mean[index] ?? EMPTY;
  const lows = columns.low[index] ?? means;
  const highs = columns.high[index] ?? means;
  for (let i = 0; i < means.length; i++) {
    const value = means[i]!;
    if (Number.isNaN(value)) continue;
    const point = Math.floor((columns.times[i]! - plan.from) / plan.pointMs);
    if (point < 0 || point >= size) continue;
    mean[point] = mean[point]! + value;
    count[point] = count[point]! + 1;
    if (!(low[point]! <= lows[i]!)) low[point] = lows[i]!;
    if (!(high[point]! >= highs[i]!)) high[point] = highs[i]!;
  }
  for (let point = 0; point < size; point++) mean[point] = mean[point]! / count[point]!;
  return { mean, low, high };
}

/** How long an expected value is taken to hold when the next is missing, in its own cadence. */
const BAND_HOLDS = 2;

/** The band at each point: the newest expectation at or before it, while that still holds. */
function hold(times: Float64Array, values: Float32Array | undefined, plan: ChartPlan, holdsMs: number): Float64Array {
  const size = Math.max(0, Math.round((plan.to - plan.from) / plan.pointMs));
  const held = new Float64Array(size).fill(Number.NaN);
  if (values === undefined) return held;
  let next = 0;
  for (let point = 0; point < size; point++) {
    const end = plan.from + (point + 1) * plan.pointMs;
    while (next < times.length && times[next]! < end) next++;
    if (next > 0 && end - plan.pointMs - times[next - 1]! < holdsMs) held[point] = values[next - 1]!;
  }
  return held;
}

/** Seven significant digits are all that a Float32 holds. */
const DIGITS = 7;

const listed = (values: Float64Array): (number | null)[] =>
  Array.from(values, (value) => (Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : null));

/** The chart of some features: `columns` are of the plan's tier, `expected` of the tier of that name. */
export function buildChart(
  plan: ChartPlan,
  columns: FrameColumns,
  expected: FrameColumns,
  features: readonly { readonly name: string; readonly unit: string }[],
): Omit<Chart, 'entity'> {
  const holdsMs = Math.max(expected.stepMs, plan.tierMs) * BAND_HOLDS;
  const size = Math.max(0, Math.round((plan.to - plan.from) / plan.pointMs));
  return {
    tier: plan.tier,
    stepMs: plan.pointMs,
    from: plan.from,
    to: plan.to,
    times: Array.from({ length: size }, (_, point) => plan.from + point * plan.pointMs),
    features: features.map(({ name, unit }) => {
      const reduced = reduce(columns, columns.features.indexOf(name), plan);
      const band = expected.features.indexOf(name);
      return {
        name,
        unit,
        mean: listed(reduced.mean),
        low: listed(reduced.low),
        high: listed(reduced.high),
        bandLow: listed(hold(expected.times, expected.low[band], plan, holdsMs)),
        bandHigh: listed(hold(expected.times, expected.high[band], plan, holdsMs)),
      };
    }),
  };
}
