import type { FloatArray, Matrix } from './matrix.ts';
import { MlError } from './ml-error.ts';

/** Mean and standard deviation of each feature; what a network sees is (x - mean) / scale. */
export type Scaling = { readonly mean: Float64Array; readonly scale: Float64Array };

/**
 * What a network sees is cut to ± this many standard deviations: beyond, a value says only that it is far out, and one
 * such row would otherwise own the gradient. Scores of outliers use the uncut value.
 */
export const INPUT_LIMIT = 10;

/** Scaling that changes nothing. */
export function identityScaling(features: number): Scaling {
  return { mean: new Float64Array(features), scale: new Float64Array(features).fill(1) };
}

/**
 * Learns a scaling from rows that hold `columns / features` steps of the same features one after the other. Missing values do
 * not count; a constant or absent feature gets scale 1. Throws `ML_VALUE` for an infinite value, or a spread that overflows.
 */
export function fitScaling({ data, columns }: Matrix, features = columns): Scaling {
  const counts = new Float64Array(features);
  const { mean, scale } = identityScaling(features);
  const spread = new Float64Array(features);
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value !== value) continue;
    const feature = i % features;
    counts[feature]! += 1;
    // Welford (1962): one pass, no cancellation.
    const difference = value - mean[feature]!;
    mean[feature]! += difference / counts[feature]!;
    spread[feature]! += difference * (value - mean[feature]!);
  }
  for (let feature = 0; feature < features; feature++) {
    const deviation = Math.sqrt(spread[feature]! / Math.max(1, counts[feature]!));
    if (!Number.isFinite(deviation)) {
      throw new MlError('ML_VALUE', `feature ${feature} holds an infinite value, or values too far apart for 64 bits`);
    }
    // Rounding leaves a constant feature with a deviation of some last places of its mean.
    if (deviation > Math.abs(mean[feature]!) * 1e-12) scale[feature] = deviation;
  }
  return { mean, scale };
}

/** Scaled and cut rows in single precision; missing stays NaN. */
export function applyScaling({ data }: Matrix, scaling: Scaling): Float32Array {
  const scaled = new Float32Array(data.length);
  scaleInto(scaled, { data, start: 0, count: data.length / scaling.mean.length }, scaling);
  return scaled;
}

/** Rows of features, the first of which starts at `data[start]`. */
interface ScaledRows {
  readonly data: FloatArray;
  readonly start: number;
  readonly count: number;
}

/** The same for some rows, into the beginning of `out`. */
export function scaleInto(out: Float32Array, { data, start, count }: ScaledRows, { mean, scale }: Scaling): void {
  const features = mean.length;
  for (let row = 0; row < count; row++) {
    for (let feature = 0, i = row * features; feature < features; feature++, i++)
      out[i] = cut((data[start + i]! - mean[feature]!) / scale[feature]!);
  }
}

/** Cuts to what a network is shown; NaN stays NaN. */
export function cut(value: number): number {
  return Math.max(-INPUT_LIMIT, Math.min(INPUT_LIMIT, value));
}
