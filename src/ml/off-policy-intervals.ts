import type { Random } from './random.ts';

export type Interval = { readonly low: number; readonly high: number };

/** Sums of numerators and denominators by incident: an estimate is the ratio of their totals. */
export type Units = {
  readonly count: number;
  readonly numerators: Float64Array;
  readonly denominators: Float64Array;
  /** Most decisions of one incident. */
  readonly largest: number;
  readonly numerator: number;
  readonly denominator: number;
};

/** Adds up decisions by incident, in the order of their first appearance. A total denominator of 0 counts as a tiny one. */
export function sumUnits(terms: {
  readonly numerators: Float64Array;
  readonly denominators: Float64Array;
  readonly incidents?: ArrayLike<number>;
}): Units {
  const places = new Map<number, number>();
  const length = terms.numerators.length;
  const numerators = new Float64Array(length);
  const denominators = new Float64Array(length);
  const sizes = new Uint32Array(length);
  let [numerator, denominator, largest] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    const name = terms.incidents?.[i] ?? i;
    const place = places.get(name) ?? places.size;
    places.set(name, place);
    numerators[place]! += terms.numerators[i]!;
    denominators[place]! += terms.denominators[i]!;
    sizes[place]! += 1;
    largest = Math.max(largest, sizes[place]!);
    numerator += terms.numerators[i]!;
    denominator += terms.denominators[i]!;
  }
  return {
    count: places.size,
    numerators: numerators.subarray(0, places.size),
    denominators: denominators.subarray(0, places.size),
    largest,
    numerator,
    denominator: Math.max(denominator, Number.MIN_VALUE),
  };
}

const UNBOUNDED: Interval = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/** Five sums say everything of a sample: Σn, Σd, Σn², Σnd, Σd². */
type Moments = { n: number; d: number; nn: number; nd: number; dd: number };

/** Ratio and its standard error by linearisation: residuals n − v·d, which sum to zero. */
function ratioOf({ n, d, nn, nd, dd }: Moments): { readonly value: number; readonly error: number } {
  const value = n / d;
  const squares = Math.max(0, nn - 2 * value * nd + value * value * dd);
  return { value, error: Math.sqrt(squares) / d };
}

/**
 * Studentised bootstrap (Efron and Tibshirani, 1993, 12.5): incidents are drawn with repeats, each sample is measured in its own
 * standard errors. Weighted rewards are skewed, which plain percentiles do not correct. One incident gives an endless interval.
 */
export function bootstrapInterval(
  units: Units,
  options: { readonly samples: number; readonly confidence: number; readonly random: Random },
): Interval {
  const { count, numerators, denominators } = units;
  const whole: Moments = { n: 0, d: 0, nn: 0, nd: 0, dd: 0 };
  for (let i = 0; i < count; i++) add(whole, numerators[i]!, denominators[i]!);
  if (count < 2 || !(whole.d > 0)) return UNBOUNDED;
  const { value, error } = ratioOf(whole);
  const scores: number[] = [];
  for (let sample = 0; sample < options.samples; sample++) {
    const moments: Moments = { n: 0, d: 0, nn: 0, nd: 0, dd: 0 };
    for (let i = 0; i < count; i++) {
      // The bias of scaling 32 bits is below count / 2³²; rejection would cost more than it saves here.
      const at = Math.floor((options.random.uint32() / 4294967296) * count);
      add(moments, numerators[at]!, denominators[at]!);
    }
    if (!(moments.d > 0)) continue;
    const drawn = ratioOf(moments);
    if (drawn.error > 0) scores.push((drawn.value - value) / drawn.error);
  }
  // Where every sample is constant there is nothing to measure with: all values are the same, or nearly all weights are zero.
  if (scores.length < options.samples / 2) return error === 0 ? { low: value, high: value } : UNBOUNDED;
  scores.sort((a, b) => a - b);
  // The k-th smallest of n draws has k / (n + 1) of the distribution below it.
  const outside = Math.max(0, Math.floor(((1 - options.confidence) / 2) * (scores.length + 1)) - 1);
  const [least, most] = [scores[outside]!, scores[scores.length - 1 - outside]!];
  return { low: value - most * error, high: value - least * error };
}

function add(moments: Moments, n: number, d: number): void {
  moments.n += n;
  moments.d += d;
  moments.nn += n * n;
  moments.nd += n * d;
  moments.dd += d * d;
}

/** Halvings of the search for an end of the interval. */
const HALVINGS = 60;

/**
 * Empirical Bernstein (Maurer and Pontil, 2009, theorem 4, both sides): all values v for which the mean of numerator − v ×
 * denominator over incidents lies within √(2 V ln(4/δ) / n) + 7 R ln(4/δ) / (3 (n − 1)) of zero, where V is their sample
 * variance and R the width of their bounds. It holds at any size, for independent incidents. `spans` is R of one decision.
 */
export function bernsteinInterval(
  units: Units,
  options: { readonly spans: number; readonly confidence: number; readonly range: readonly [number, number] },
): Interval {
  const { count } = units;
  const [low, high] = options.range;
  if (count < 2) return { low, high };
  const term = Math.log(4 / (1 - options.confidence));
  const slack = (7 * options.spans * units.largest * term) / (3 * (count - 1));
  /** How far v is from being credible; at most 0 inside. On either side of the estimate it crosses 0 once at most (it is concave). */
  const excess = (v: number): number => {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < count; i++) {
      const residual = units.numerators[i]! - v * units.denominators[i]!;
      sum += residual;
      squares += residual * residual;
    }
    const mean = sum / count;
    const variance = Math.max(0, squares - count * mean * mean) / (count - 1);
    return Math.abs(mean) - Math.sqrt((2 * variance * term) / count) - slack;
  };
  const inside = Math.min(high, Math.max(low, units.numerator / units.denominator));
  return { low: endOf(excess, inside, low), high: endOf(excess, inside, high) };
}

/** The credible value farthest from `inside` towards `edge`. */
function endOf(excess: (v: number) => number, inside: number, edge: number): number {
  if (excess(edge) <= 0) return edge;
  let [near, far] = [inside, edge];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (near + far) / 2;
    if (excess(middle) <= 0) near = middle;
    else far = middle;
  }
  return far;
}
