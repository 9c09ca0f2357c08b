import type { FleetHistory } from '../../model/predictor.ts';

const BINS = 10;
const LEAST_ROWS = 100;
/** A population stability index above this is called a shift (Siddiqi, Credit Risk Scorecards, 2006). */
export const SHIFT = 0.25;
/** So large a part of the features must have shifted: one alone is a matter for detect. */
export const SHIFTED_SHARE = 0.25;
/** Stands for a feature without any value: further off than any spread of ten bins. */
const GONE = 10;
const MOST_SAMPLED = 20_000;

/** Values of one feature between two times (seconds), thinned. */
function valuesOf(
  { columns, entities }: FleetHistory,
  column: number,
  { from, to }: { from: number; to: number },
): Float64Array {
  const width = columns.length;
  const values: number[] = [];
  const rows = entities.reduce((sum, { times }) => sum + times.length, 0);
  const stride = Math.max(1, Math.floor(rows / MOST_SAMPLED));
  for (const { times, values: all } of entities) {
    for (let row = 0; row < times.length; row += stride) {
      const value = all[row * width + column]!;
      if (times[row]! > from && times[row]! <= to && Number.isFinite(value)) values.push(value);
    }
  }
  return Float64Array.from(values).sort();
}

/** The inner deciles of values, by rising value. */
export const innerDeciles = (sorted: ArrayLike<number>): number[] =>
  Array.from({ length: BINS - 1 }, (_bin, i) => sorted[Math.floor(((i + 1) * sorted.length) / BINS)]!);

/** The inner deciles of each feature up to a moment; empty where there is too little. */
export function decilesOf(fleet: FleetHistory, cut: number): number[][] {
  return fleet.columns.map((_, column) => {
    const values = valuesOf(fleet, column, { from: -Infinity, to: cut });
    return values.length < LEAST_ROWS ? [] : innerDeciles(values);
  });
}

/** Population stability index of values against the deciles of training; equal deciles are one bin. */
export function stabilityIndex(deciles: readonly number[], values: ArrayLike<number>): number {
  const edges = [...new Set(deciles)];
  const expected = new Float64Array(edges.length + 1);
  const seen = new Float64Array(edges.length + 1);
  for (let i = 0; i < deciles.length; i++) expected[edges.indexOf(deciles[i]!)]! += 1 / (deciles.length + 1);
  expected[edges.length] = 1 / (deciles.length + 1);
  for (let i = 0; i < values.length; i++) {
    const bin = edges.findIndex((edge) => values[i]! <= edge);
    seen[bin < 0 ? edges.length : bin]! += 1 / values.length;
  }
  let index = 0;
  for (let b = 0; b < expected.length; b++) {
    const [e, s] = [Math.max(expected[b]!, 1e-3), Math.max(seen[b]!, 1e-3)];
    index += (s - e) * Math.log(s / e);
  }
  return index;
}

/** A feature that is no longer what it was. */
export interface ShiftedFeature {
  readonly name: string;
  readonly index: number;
  /** It is not reported any more. */
  readonly gone: boolean;
}

/** Which features of a fleet since a moment (seconds) are no longer those of training, of how many; the worst first. */
export function driftOf(
  fleet: FleetHistory,
  columns: readonly string[],
  { bins, since }: { bins: readonly (readonly number[])[]; since: number },
): { readonly asked: number; readonly shifted: readonly ShiftedFeature[] } {
  const rows = fleet.entities.reduce((sum, { times }) => sum + times.filter((time) => time > since).length, 0);
  if (rows < LEAST_ROWS) return { asked: 0, shifted: [] };
  let asked = 0;
  const shifted: ShiftedFeature[] = [];
  for (const [c, name] of columns.entries()) {
    const deciles = bins[c] ?? [];
    const column = fleet.columns.indexOf(name);
    if (deciles.length === 0) continue;
    const values = column < 0 ? new Float64Array(0) : valuesOf(fleet, column, { from: since, to: Infinity });
    const gone = values.length === 0;
    // Whether a count of next to nothing has shifted cannot be told from so few levels.
    if (!gone && (new Set(deciles).size < 3 || values.length < LEAST_ROWS)) continue;
    asked += 1;
    const index = gone ? GONE : stabilityIndex(deciles, values);
    if (index > SHIFT) shifted.push({ name, index, gone });
  }
  return { asked, shifted: shifted.sort((a, b) => b.index - a.index) };
}
