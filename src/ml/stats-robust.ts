/**
 * Robust statistics over short arrays. All take a scratch array that they overwrite, so that hot loops allocate
 * nothing. NaN must have been left out by the caller.
 */

/** MAD × this estimates the standard deviation of a normal sample: 1 / Φ⁻¹(3/4). */
export const MAD_TO_DEVIATION = 1.4826;

/** The k-th smallest (0-based) of `values[0 … n-1]`, by Hoare's selection: O(n) on average, reorders in place. */
export function selectKth(values: Float64Array, n: number, k: number): number {
  let low = 0;
  let high = n - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i <= j) {
        const held = values[i]!;
        values[i++] = values[j]!;
        values[j--] = held;
      }
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k]!;
}

/** Median of `values[0 … n-1]`, reordering them; NaN when n is 0. */
export function medianInPlace(values: Float64Array, n: number = values.length): number {
  if (n === 0) return Number.NaN;
  const upper = selectKth(values, n, n >> 1);
  if (n % 2 === 1) return upper;
  let lower = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n >> 1; i++) if (values[i]! > lower) lower = values[i]!;
  return (lower + upper) / 2;
}

/** Median absolute deviation from `centre` of `values[0 … n-1]`, unscaled; overwrites them. */
export function madInPlace(values: Float64Array, n: number, centre: number): number {
  for (let i = 0; i < n; i++) values[i] = Math.abs(values[i]! - centre);
  return medianInPlace(values, n);
}

/**
 * Slope of Theil (1950) and Sen (1968): the median of the slopes of all pairs. O(n²) time; breaks down only when 29 %
 * of the points are wild. `scratch` needs n(n-1)/2 numbers. NaN when no two x differ.
 */
export function theilSen(x: Float64Array, y: Float64Array, n: number, scratch: Float64Array): number {
  let pairs = 0;
  for (let i = 1; i < n; i++)
    for (let j = 0; j < i; j++) {
      const run = x[i]! - x[j]!;
      if (run !== 0) scratch[pairs++] = (y[i]! - y[j]!) / run;
    }
  return medianInPlace(scratch, pairs);
}

/**
 * Kendall's rank correlation of `y[0 … n-1]` with its order, in [-1, 1]: the statistic of the Mann–Kendall trend test.
 * Ties count for neither side. O(n²).
 */
export function kendallTau(y: Float64Array, n: number): number {
  let score = 0;
  for (let i = 1; i < n; i++) for (let j = 0; j < i; j++) score += Math.sign(y[i]! - y[j]!);
  return n < 2 ? 0 : score / ((n * (n - 1)) / 2);
}

/** As `kendallTau`, of the pairs that are not tied alone (Goodman and Kruskal's gamma): 1 for a staircase. 0 where all are tied. */
export function gamma(y: Float64Array, n: number): number {
  let score = 0;
  let untied = 0;
  for (let i = 1; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const sign = Math.sign(y[i]! - y[j]!);
      score += sign;
      untied += Math.abs(sign);
    }
  }
  return untied === 0 ? 0 : score / untied;
}

/** Φ, the distribution function of the standard normal: Zelen and Severo (1964), 26.2.17, error below 7.5e-8. */
export function normalCdf(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = 0.3989422804014327 * Math.exp((-z * z) / 2) * poly;
  return z >= 0 ? 1 - tail : tail;
}

/**
 * Distribution function of Student's t with `df` degrees of freedom through the normal approximation of Wallace
 * (1959); good to about 0.005 for df ≥ 4, which is enough for a probability that a person reads.
 */
export function studentCdf(t: number, df: number): number {
  const z = Math.sqrt(df * Math.log1p((t * t) / df)) * ((8 * df + 1) / (8 * df + 3));
  return normalCdf(t >= 0 ? z : -z);
}
