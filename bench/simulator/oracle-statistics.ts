import { choleskyFactor, solveLower } from '../../src/ml/cholesky.ts';
import type { Life } from './life.ts';

/** Lengths of time over which the oracle looks, minutes. */
const WINDOWS = [1, 2, 5, 10, 20, 40] as const;
/** Looks at each: the largest feature, the largest given all others, all together, restless, still. */
const LOOKS = 5;
export const CHANNELS = WINDOWS.length * LOOKS;

/** What the oracle knows of the noise of one entity. */
export interface NoiseModel {
  readonly columns: number;
  /** Deviation of each feature, and how much of its residual is left a step later. */
  readonly deviation: Float64Array;
  readonly memory: Float64Array;
  /** Cholesky factor of the correlation, and its inverse. */
  readonly factor: Float64Array;
  readonly precision: Float64Array;
}

/** Residuals over their deviations; 0 where no frame came. */
function residuals(life: Life, deviation: Float64Array): Float32Array {
  const columns = deviation.length;
  const out = new Float32Array(life.values.length);
  for (let at = 0; at < out.length; at++) {
    const column = at % columns;
    if (life.absent[(at - column) / columns] === 0) out[at] = (life.values[at]! - life.mean[at]!) / deviation[column]!;
  }
  return out;
}

/** The noise of an entity as a quiet life of it shows. */
export function noiseModel(life: Life): NoiseModel {
  const columns = life.entity.features.length;
  const deviation = new Float64Array(columns).fill(1);
  const raw = residuals(life, deviation);
  const { steps } = life.span;
  for (let f = 0; f < columns; f++) {
    let sum = 0;
    for (let step = 0; step < steps; step++) sum += raw[step * columns + f]! ** 2;
    deviation[f] = Math.max(1e-12, Math.sqrt(sum / steps));
  }
  const scaled = residuals(life, deviation);
  const memory = new Float64Array(columns);
  const correlation = new Float64Array(columns * columns);
  for (let step = 1; step < steps; step++) {
    for (let i = 0; i < columns; i++) {
      const value = scaled[step * columns + i]!;
      memory[i]! += (value * scaled[(step - 1) * columns + i]!) / steps;
      for (let j = 0; j <= i; j++) correlation[i * columns + j]! += (value * scaled[step * columns + j]!) / steps;
    }
  }
  for (let i = 0; i < columns; i++) {
    correlation[i * columns + i]! += 1e-3;
    for (let j = 0; j < i; j++) correlation[j * columns + i] = correlation[i * columns + j]!;
  }
  const factor = correlation.slice();
  if (!choleskyFactor(factor, columns)) throw new Error(`no noise model of ${life.entity.id}`);
  return { columns, deviation, memory, factor, precision: invert(factor, columns) };
}

/** The inverse from a Cholesky factor: L⁻ᵀ·L⁻¹. */
function invert(factor: Float64Array, n: number): Float64Array {
  const lower = Array.from({ length: n }, (_, column) => {
    const unit = new Float64Array(n);
    unit[column] = 1;
    return solveLower(factor, unit);
  });
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [a, b] = [lower[Math.floor(at / n)]!, lower[at % n]!];
    return a.reduce((sum, x, k) => sum + x * b[k]!, 0);
  });
}

/** Every channel of one entity for every step, `CHANNELS` arrays; higher is stranger. Looks at the past alone. */
export function statistics(life: Life, noise: NoiseModel): readonly Float32Array[] {
  const scaled = residuals(life, noise.deviation);
  const parts = {
    scaled,
    given: partial(scaled, noise),
    white: whiten(scaled, noise),
    fresh: innovations(scaled, noise),
  };
  const out = Array.from({ length: CHANNELS }, () => new Float32Array(life.span.steps));
  WINDOWS.forEach((minutes, place) => {
    const length = Math.max(1, Math.round((minutes * 60_000) / life.span.stepMs));
    const channels = out.filter((_, channel) => channel % WINDOWS.length === place);
    lookBack(parts, { columns: noise.columns, length }, channels);
  });
  return out;
}

interface Parts {
  readonly scaled: Float32Array;
  readonly given: Float32Array;
  readonly white: Float32Array;
  readonly fresh: Float32Array;
}

/** The looks of one window, by sums that a step enters and another leaves. */
function lookBack(
  { scaled, given, white, fresh }: Parts,
  { columns, length }: { readonly columns: number; readonly length: number },
  [most, mostGiven, together, restless, still]: readonly Float32Array[],
): void {
  const sums = new Float64Array(4 * columns);
  const back = length * columns;
  const steps = scaled.length / columns;
  for (let step = 0; step < steps; step++) {
    let [a, b, c, d, e] = [0, 0, 0, 0, Number.POSITIVE_INFINITY];
    for (let f = 0; f < columns; f++) {
      const at = step * columns + f;
      const old = at - back;
      const gone = old >= 0;
      const place = 4 * f;
      const mean = (sums[place]! += scaled[at]! - (gone ? scaled[old]! : 0));
      const partly = (sums[place + 1]! += given[at]! - (gone ? given[old]! : 0));
      const whitened = (sums[place + 2]! += white[at]! - (gone ? white[old]! : 0));
      const energy = (sums[place + 3]! += fresh[at]! - (gone ? fresh[old]! : 0));
      a = Math.max(a, Math.abs(mean));
      b = Math.max(b, Math.abs(partly));
      c += whitened * whitened;
      d = Math.max(d, energy);
      e = Math.min(e, energy);
    }
    most![step] = a / length;
    mostGiven![step] = b / length;
    together![step] = c / length;
    restless![step] = d / length;
    still![step] = 1 / (1e-3 + Math.max(0, e) / length);
  }
}

/** Residuals turned so that they no longer depend on each other. */
function whiten(scaled: Float32Array, { columns, factor }: NoiseModel): Float32Array {
  const out = scaled.slice();
  for (let row = 0; row < out.length; row += columns) {
    for (let i = 0; i < columns; i++) {
      let sum = out[row + i]!;
      for (let j = 0; j < i; j++) sum -= factor[i * columns + j]! * out[row + j]!;
      out[row + i] = sum / factor[i * columns + i]!;
    }
  }
  return out;
}

/** Each feature less what all others say it should be, over its deviation. */
function partial(scaled: Float32Array, { columns, precision }: NoiseModel): Float32Array {
  const out = new Float32Array(scaled.length);
  for (let row = 0; row < scaled.length; row += columns) {
    for (let i = 0; i < columns; i++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += precision[i * columns + j]! * scaled[row + j]!;
      out[row + i] = sum / Math.sqrt(precision[i * columns + i]!);
    }
  }
  return out;
}

/** Squares of what was new in each step. */
function innovations(scaled: Float32Array, { columns, memory }: NoiseModel): Float32Array {
  const out = new Float32Array(scaled.length);
  for (let at = 0; at < scaled.length; at++) {
    const m = memory[at % columns]!;
    const before = at >= columns ? scaled[at - columns]! : 0;
    out[at] = (scaled[at]! - m * before) ** 2 / Math.max(1e-3, 1 - m * m);
  }
  return out;
}
