import { type Calibrator, checkPairs, createCalibrator } from './calibrator.ts';
import { MlError } from './ml-error.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';

/**
 * Isotonic regression by pooling adjacent violators (Ayer et al., 1955): the rising function that is nearest to the targets
 * in squares; a straight line between blocks, constant beyond the first and last. Equal to scikit-learn's
 * `IsotonicRegression(out_of_bounds='clip')`. As a calibrator it takes no shape for granted and wants about a thousand
 * positives (Niculescu-Mizil and Caruana, 2005); below that it follows the noise: use Platt or beta.
 */
export type Isotonic = Calibrator & {
  /** Rising scores at which the function bends, and its values there. */
  readonly knots: Float64Array;
  readonly values: Float64Array;
};

const KIND = 'isotonic';
const VERSION = 1;

/**
 * Fits targets (labels 0 and 1, or any finite numbers) by score, with weights above 0 when given. Rows of equal score
 * count as their mean. O(n log n). Throws `ML_SHAPE`, `ML_EMPTY` and `ML_VALUE`.
 */
export function fitIsotonic(
  scores: ArrayLike<number>,
  targets: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Isotonic {
  checkPairs(scores, targets);
  if (weights !== undefined) checkPairs(scores, weights);
  const rising = Uint32Array.from({ length: scores.length }, (_, i) => i).sort(
    (a, b) => scores[a]! - scores[b]! || a - b,
  );
  const blocks: Block[] = [];
  for (let i = 0; i < rising.length;) {
    const score = scores[rising[i]!]!;
    const block: Block = { first: score, last: score, sum: 0, weight: 0 };
    for (; i < rising.length && scores[rising[i]!] === score; i++) {
      const weight = weights?.[rising[i]!] ?? 1;
      if (!(weight > 0)) throw new MlError('ML_VALUE', `weights must be above 0, got ${weight}`);
      block.sum += weight * targets[rising[i]!]!;
      block.weight += weight;
    }
    pool(blocks, block);
  }
  return createIsotonic(...corners(blocks));
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadIsotonic(bytes: Uint8Array, limits?: DecodeLimits): Isotonic {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  const knots = model.section('knots', 'f64');
  const values = model.section('values', 'f64', knots.length);
  const sound = knots.length > 0 && knots.every((x, i) => Number.isFinite(x) && (i === 0 || x > knots[i - 1]!));
  if (!sound || !values.every((x, i) => Number.isFinite(x) && (i === 0 || x >= values[i - 1]!))) {
    throw new MlError('ML_FORMAT', 'the knots and values of an isotonic function must rise');
  }
  return createIsotonic(knots, values);
}

type Block = { first: number; last: number; sum: number; weight: number };

/** Adds a block and merges while the one before is not below it. */
function pool(blocks: Block[], added: Block): void {
  let block = added;
  for (;;) {
    const before = blocks.at(-1);
    if (before === undefined || before.sum / before.weight < block.sum / block.weight) break;
    blocks.pop();
    block = {
      first: before.first,
      last: block.last,
      sum: before.sum + block.sum,
      weight: before.weight + block.weight,
    };
  }
  blocks.push(block);
}

function corners(blocks: readonly Block[]): [Float64Array, Float64Array] {
  const knots: number[] = [];
  const values: number[] = [];
  for (const { first, last, sum, weight } of blocks) {
    for (const knot of first === last ? [first] : [first, last]) {
      knots.push(knot);
      values.push(sum / weight);
    }
  }
  return [Float64Array.from(knots), Float64Array.from(values)];
}

function createIsotonic(knots: Float64Array, values: Float64Array): Isotonic {
  const calibrator = createCalibrator(
    (score) => interpolate(knots, values, score),
    () => encodeModel(KIND, VERSION, {}, { knots, values }),
  );
  return { ...calibrator, knots, values };
}

/** The value at `x` on straight lines through rising knots, constant outside; NaN at NaN. O(log knots). */
export function interpolate(knots: Float64Array, values: Float64Array, x: number): number {
  if (x !== x) return x;
  const last = knots.length - 1;
  if (x >= knots[last]!) return values[last]!;
  if (x <= knots[0]!) return values[0]!;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (knots[middle]! <= x) low = middle;
    else high = middle;
  }
  const from = values[low]!;
  const to = values[high]!;
  const share = (x - knots[low]!) / (knots[high]! - knots[low]!);
  return from + (to - from) * share;
}
