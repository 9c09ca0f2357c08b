import type { OperatingRegimes } from '../../ml/operating-regimes.ts';
import type { EntityHistory } from '../../model/predictor.ts';

/**
 * How rows become signals: columns scaled inside their operating regime, and fused signals, each a weighted sum of them.
 * Everything in it was learnt from training rows only.
 */
export interface SignalModel {
  readonly columns: readonly string[];
  readonly regimes: OperatingRegimes;
  /** Columns that are not constant. */
  readonly used: Int32Array;
  /** fused × used. */
  readonly fusing: Float64Array;
  readonly fused: number;
  /** The usual time from one row to the next. */
  readonly step: number;
}

/** The signals of one entity's first rows. */
export interface Signals {
  readonly times: Float64Array;
  readonly rows: number;
  /** used + fused. */
  readonly width: number;
  /** rows × width; NaN where missing. */
  readonly values: Float64Array;
}

/** Scaled values beyond this say only that something is far out. */
const LIMIT = 20;

/** For each column of the model where it stands in rows that have `columns`, -1 where it is gone. */
export function matchColumns(model: Pick<SignalModel, 'columns'>, columns: readonly string[]): Int32Array {
  const places = new Map(columns.map((name, i) => [name, i]));
  return Int32Array.from(model.columns, (name) => places.get(name) ?? -1);
}

/** Signals of rows 0 to `rows - 1`; a row's signals depend on that row alone. O(rows × columns × (1 + fused)). */
export function signalsOf(model: SignalModel, history: EntityHistory, places: Int32Array, rows: number): Signals {
  const { regimes, used, fusing, fused } = model;
  const stride = history.times.length > 0 ? history.values.length / history.times.length : 0;
  const width = used.length + fused;
  const values = new Float64Array(rows * width);
  const raw = new Float64Array(places.length);
  const scaled = new Float64Array(places.length);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < places.length; c++) {
      const x = places[c]! < 0 ? Number.NaN : history.values[row * stride + places[c]!]!;
      raw[c] = Number.isFinite(x) ? x : Number.NaN;
    }
    regimes.scaleRow(raw, 0, scaled);
    const at = row * width;
    for (let u = 0; u < used.length; u++) values[at + u] = cut(scaled[used[u]!]!);
    for (let f = 0; f < fused; f++)
      values[at + used.length + f] = fuse(values, at, fusing, f * used.length, used.length);
  }
  return { times: history.times, rows, width, values };
}

const cut = (x: number): number => (x > LIMIT ? LIMIT : x < -LIMIT ? -LIMIT : x);

/** A weighted sum in which what is missing counts as usual (0); NaN where everything is missing. */
// oxlint-disable-next-line eslint/max-params -- two places in two arrays
function fuse(values: Float64Array, at: number, weights: Float64Array, from: number, count: number): number {
  let sum = 0;
  let present = 0;
  for (let u = 0; u < count; u++) {
    const x = values[at + u]!;
    if (x !== x) continue;
    sum += x * weights[from + u]!;
    present++;
  }
  return present > 0 ? sum : Number.NaN;
}

/** Median of the times from one row of an entity to the next later one; 1 where there are none. */
export function usualStep(entities: readonly EntityHistory[]): number {
  const steps: number[] = [];
  for (const { times } of entities) {
    // Some of each entity, so that one with a million rows does not decide alone.
    const every = Math.max(1, Math.floor(times.length / 50));
    for (let row = 1; row < times.length; row += every) {
      const step = times[row]! - times[row - 1]!;
      if (step > 0) steps.push(step);
    }
    if (steps.length > 100_000) break;
  }
  return steps.length > 0 ? steps.sort((a, b) => a - b)[steps.length >> 1]! : 1;
}
