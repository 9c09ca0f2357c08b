import type { Chart } from '../../../src/api/contract/views.ts';

type ChartFeature = Chart['features'][number];

/** One time of a chart. `null` is a gap and is drawn as one. */
export interface ChartRow {
  readonly time: number;
  readonly mean: number | null;
  /** Lowest and highest within the step, where they differ. */
  readonly range: readonly [number, number] | null;
  readonly band: readonly [number, number] | null;
}

const pair = (low: number | null | undefined, high: number | null | undefined): readonly [number, number] | null =>
  low === null || low === undefined || high === null || high === undefined ? null : [low, high];

function medianStep(times: readonly number[], stepMs: number): number {
  const steps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  return Math.max(stepMs, steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? stepMs);
}

/** A distance of more steps than this between two times is a gap: nothing may be drawn across it. */
const GAP_STEPS = 2.5;

/** Rows of one feature, with an empty one wherever frames are missing. */
export function chartRows(chart: Pick<Chart, 'times' | 'stepMs'>, feature: ChartFeature): readonly ChartRow[] {
  const step = medianStep(chart.times, chart.stepMs);
  const rows: ChartRow[] = [];
  for (const [index, time] of chart.times.entries()) {
    const before = chart.times[index - 1];
    if (before !== undefined && time - before > GAP_STEPS * step) {
      rows.push({ time: before + step, mean: null, range: null, band: null });
    }
    rows.push({
      time,
      mean: feature.mean[index] ?? null,
      range: pair(feature.low[index], feature.high[index]),
      band: pair(feature.bandLow[index], feature.bandHigh[index]),
    });
  }
  return rows;
}

/** Places of values that have no neighbour: no line leads to them, so they need a dot to be seen. */
export function loneTimes(rows: readonly ChartRow[]): ReadonlySet<number> {
  const isGap = (row: ChartRow | undefined): boolean => row === undefined || row.mean === null;
  const lone = rows.filter((row, index) => row.mean !== null && isGap(rows[index - 1]) && isGap(rows[index + 1]));
  return new Set(lone.map(({ time }) => time));
}

/** The smallest height of an axis as a share of the values on it, so that a flat line looks flat. */
const LEAST_SPAN = 0.05;

/** So much of the height of the values may a band take on each side; a wider one is cut, as it would flatten the values. */
const BAND_ROOM = 1;

interface Ends {
  low: number;
  high: number;
}

function see(ends: Ends, value: number): void {
  ends.low = Math.min(ends.low, value);
  ends.high = Math.max(ends.high, value);
}

/** Ends of the values, and of the band as far as it has room. */
function endsOf(rows: readonly ChartRow[], extra: readonly number[]): Ends {
  const values: Ends = { low: Infinity, high: -Infinity };
  const band: Ends = { low: Infinity, high: -Infinity };
  for (const row of rows) {
    if (row.mean !== null) see(values, row.mean);
    row.range?.forEach((value) => see(values, value));
    row.band?.forEach((value) => see(band, value));
  }
  for (const value of extra) see(values, value);
  if (values.low > values.high) return band;
  const room =
    Math.max(values.high - values.low, Math.max(Math.abs(values.low), Math.abs(values.high)) / 2) * BAND_ROOM;
  return {
    low: Math.min(values.low, Math.max(band.low, values.low >= 0 ? 0 : -Infinity, values.low - room)),
    high: Math.max(values.high, Math.min(band.high, values.high + room)),
  };
}

/**
 * Ends of the value axis. It starts at zero where the values come near it; otherwise it is as tight as the values and their band,
 * but never so tight that noise looks like change.
 */
export function valueDomain(rows: readonly ChartRow[], extra: readonly number[] = []): readonly [number, number] {
  const { low, high } = endsOf(rows, extra);
  if (low > high) return [0, 1];
  // Values so near to zero that a share of them cannot be told from it are drawn as zero is.
  const share = Math.max(Math.abs(low), Math.abs(high)) * LEAST_SPAN;
  const least = share < Number.MIN_VALUE / Number.EPSILON ? 1 : share;
  const spare = Math.max(0, least - (high - low)) / 2;
  const margin = (high - low) * 0.06;
  const from = low >= 0 && low < high / 2 ? 0 : low - spare - margin;
  return [low >= 0 ? Math.max(0, from) : from, high + spare + margin];
}
