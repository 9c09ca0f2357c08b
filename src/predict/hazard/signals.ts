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
  /** rows × width, maybe with room behind; NaN where missing. */
  readonly values: Float64Array;
}

/** Scaled values beyond this say only that something is far out. */
const LIMIT = 20;

/** For each column of the model where it stands in rows that have `columns`, -1 where it is gone. */
export function matchColumns(model: Pick<SignalModel, 'columns'>, columns: readonly string[]): Int32Array {
  const places = new Map(columns.map((name, i) => [name, i]));
  return Int32Array.from(model.columns, (name) => places.get(name) ?? -1);
}

/** Which rows to turn into signals, and where to. */
export interface SignalRows {
  /** See `matchColumns`. */
  readonly places: Int32Array;
  /** How many rows, from the first on. */
  readonly rows: number;
  /** Memory to use, if it is large enough. */
  readonly space?: Float64Array;
}

/** Signals of the first rows; a row's signals depend on that row alone. O(rows × columns × (1 + fused)). */
export function signalsOf(model: SignalModel, history: EntityHistory, asked: SignalRows): Signals {
  const { places, rows, space } = asked;
  const { used, fused } = model;
  const stride = history.times.length > 0 ? history.values.length / history.times.length : 0;
  const width = used.length + fused;
  const values = space !== undefined && space.length >= rows * width ? space : new Float64Array(rows * width);
  const raw = new Float64Array(places.length).fill(Number.NaN);
  for (let row = 0; row < rows; row++) {
    const from = row * stride;
    for (let c = 0; c < places.length; c++) {
      if (places[c]! < 0) continue;
      const x = history.values[from + places[c]!]!;
      raw[c] = x - x === 0 ? x : Number.NaN;
    }
    scaleUsed(model, raw, values, row * width);
  }
  return { times: history.times, rows, width, values };
}

/** One row of signals into `out` from `to`. In a fused one what is missing counts as usual (0); it is NaN where all is missing. */
function scaleUsed(model: SignalModel, raw: Float64Array, out: Float64Array, to: number): void {
  const { regimes, used, fusing, fused } = model;
  const { mean, scale } = regimes;
  const from = regimes.regimeOf(raw) * raw.length;
  const count = used.length;
  let present = 0;
  for (let u = 0; u < count; u++) {
    const at = from + used[u]!;
    const x = (raw[used[u]!]! - mean[at]!) / scale[at]!;
    out[to + u] = x > LIMIT ? LIMIT : x < -LIMIT ? -LIMIT : x;
    if (x === x) present++;
  }
  for (let f = 0; f < fused; f++) {
    let sum = 0;
    for (let u = 0; u < count; u++) {
      const x = out[to + u]!;
      if (x === x) sum += x * fusing[f * count + u]!;
    }
    out[to + count + f] = present > 0 ? sum : Number.NaN;
  }
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
