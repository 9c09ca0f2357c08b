import { MlError, requireInteger } from './ml-error.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';

/** How values were spread once: edges of bins by rising value, and the share of each, missing ones last. */
export type PopulationReference = {
  /** Rising; bin i holds values up to and with edge i, the last bin all above. */
  readonly edges: Float64Array;
  /** edges.length + 2 counts: the bins, then missing. */
  readonly counts: Float64Array;
};

export type PopulationStability = {
  /** Σ (now − then) ln(now / then) over the bins; at least 0. By custom below 0.1 nothing, above 0.25 a shift (Siddiqi, 2006). */
  readonly index: number;
  /** What the index comes to on average without any shift, from the sizes of both samples: (bins − 1)(1/n + 1/m). */
  readonly expectedByChance: number;
};

const KIND = 'population-reference';
const VERSION = 1;
const MAX_BINS = 1000;
/** Added to every count, so that an empty bin is not infinitely far: the prior of Jeffreys. */
const PSEUDO_COUNT = 0.5;

/**
 * Bins of equal count over a reference sample, for `populationStability`. Equal values stay in one bin, so there may be fewer
 * than `bins` (2 to 1,000, default 10). NaN is a bin of its own. O(n log n). Throws `ML_EMPTY` without rows.
 */
export function populationReference(values: ArrayLike<number>, bins = 10): PopulationReference {
  requireInteger('bins', bins, 2, MAX_BINS);
  if (values.length === 0) throw new MlError('ML_EMPTY', 'a reference needs at least one value');
  const sorted = Float64Array.from(values)
    .filter((value) => value === value)
    .sort();
  const edges: number[] = [];
  for (let bin = 1; bin < bins && sorted.length > 0; bin++) {
    const edge = sorted[Math.max(0, Math.ceil((bin / bins) * sorted.length) - 1)]!;
    // Infinite values are below or above all edges.
    if (Number.isFinite(edge) && edge > (edges.at(-1) ?? -Infinity) && edge < sorted.at(-1)!) edges.push(edge);
  }
  return { edges: Float64Array.from(edges), counts: countBins(Float64Array.from(edges), values) };
}

/**
 * Population stability index of new values against a reference: the symmetric divergence of Kullback and Leibler over its bins.
 * Says that a column is not what a model learnt from, not whether that hurts. Compare it with `expectedByChance`: small
 * samples always differ. O(n log bins). Throws `ML_EMPTY` without rows.
 */
export function populationStability(reference: PopulationReference, values: ArrayLike<number>): PopulationStability {
  if (values.length === 0) throw new MlError('ML_EMPTY', 'needs at least one value');
  const { edges, counts } = reference;
  const now = countBins(edges, values);
  const before = counts.reduce((sum, count) => sum + count, 0);
  let used = 0;
  for (let bin = 0; bin < counts.length; bin++) if (counts[bin]! + now[bin]! > 0) used++;
  let index = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (counts[bin] === 0 && now[bin] === 0) continue;
    const was = (counts[bin]! + PSEUDO_COUNT) / (before + PSEUDO_COUNT * used);
    const is = (now[bin]! + PSEUDO_COUNT) / (values.length + PSEUDO_COUNT * used);
    index += (is - was) * Math.log(is / was);
  }
  return { index, expectedByChance: (used - 1) * (1 / before + 1 / values.length) };
}

/** Versioned, checksummed bytes of a reference. */
export function populationReferenceToBytes({ edges, counts }: PopulationReference): Uint8Array {
  return encodeModel(KIND, VERSION, {}, { edges, counts });
}

/** Loads what `populationReferenceToBytes` wrote. Throws the codes of `decodeModel`. */
export function loadPopulationReference(bytes: Uint8Array, limits?: DecodeLimits): PopulationReference {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  const edges = model.section('edges', 'f64');
  const counts = model.section('counts', 'f64', edges.length + 2);
  const rising = edges.every((edge, i) => Number.isFinite(edge) && (i === 0 || edge > edges[i - 1]!));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (!rising || edges.length >= MAX_BINS || !(total > 0 && total < Infinity) || counts.some((count) => count < 0)) {
    throw new MlError('ML_FORMAT', 'edges must rise and counts be those of some values');
  }
  return { edges, counts };
}

function countBins(edges: Float64Array, values: ArrayLike<number>): Float64Array {
  const counts = new Float64Array(edges.length + 2);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= edges[middle]!) high = middle;
      else low = middle + 1;
    }
    counts[value === value ? low : edges.length + 1]! += 1;
  }
  return counts;
}
