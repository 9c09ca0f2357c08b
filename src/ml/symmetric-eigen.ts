import { MlError } from './ml-error.ts';

/** Eigenvalues in falling order; row k of `vectors` (row-major, n × n) is the unit vector of `values[k]`. */
export type SymmetricEigen = { readonly values: Float64Array; readonly vectors: Float64Array };

/** QL needs fewer than two rounds an eigenvalue; LAPACK gives up at 30. */
const MAX_ROUNDS = 50;
/** 4,096² numbers are 128 MiB, and take about half a minute. */
const MAX_ORDER = 4096;

/**
 * All eigenvalues and vectors of a symmetric matrix (row-major, n × n, not changed): reduction to tridiagonal form by
 * Householder reflections, then QL with implicit shifts (Golub and Van Loan, 2013, sections 8.3.1 and 8.3.3).
 *
 * O(n³) time, 2 n² numbers; errors are some 1e-15 of the largest eigenvalue, so tiny ones are good in that measure only.
 * Each vector points to where its largest entry is positive. Throws `ML_SHAPE`, `ML_TOO_LARGE` (n over 4,096), `ML_VALUE`
 * (a value not finite) and `ML_NOT_CONVERGED`.
 */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  checkOrder(n);
  if (matrix.length !== n * n) throw new MlError('ML_SHAPE', `${n} × ${n} needs ${n * n} values, got ${matrix.length}`);
  if (!matrix.every(Number.isFinite))
    throw new MlError('ML_VALUE', 'a symmetric matrix holds a value that is not finite');
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const vectors = tridiagonalise(matrix.slice(), n, diagonal, beside);
  iterateQl(diagonal, beside, vectors);
  return inFallingOrder(diagonal, vectors, n);
}

/** Throws `ML_TOO_LARGE` for what `symmetricEigen` would refuse: ask before a matrix of that order is allocated. */
export function checkOrder(n: number): void {
  if (n > MAX_ORDER) throw new MlError('ML_TOO_LARGE', `an exact decomposition takes at most ${MAX_ORDER}, got ${n}`);
}

/** Reduces `a` (overwritten) and returns the transposed product of the reflections: row k belongs to coordinate k. */
function tridiagonalise(a: Float64Array, n: number, diagonal: Float64Array, beside: Float64Array): Float64Array {
  const factors = new Float64Array(n);
  const p = new Float64Array(n);
  for (let k = 0; k < n - 1; k++) {
    const v = a.subarray(k * n, (k + 1) * n);
    diagonal[k] = v[k]!;
    let tail = 0;
    for (let i = k + 2; i < n; i++) tail += v[i]! * v[i]!;
    const first = v[k + 1]!;
    if (tail === 0) {
      beside[k] = first;
      continue;
    }
    const norm = Math.sqrt(first * first + tail);
    beside[k] = first > 0 ? -norm : norm;
    v[k + 1] = first - beside[k]!;
    factors[k] = 2 / (v[k + 1]! * v[k + 1]! + tail);
    reflectBothSides({ a, n, k, factor: factors[k]!, v, p });
  }
  if (n > 0) diagonal[n - 1] = a[n * n - 1]!;
  return transposedReflections(a, factors, n);
}

type Reflection = { a: Float64Array; n: number; k: number; factor: number; v: Float64Array; p: Float64Array };

/** A ← H A H on the rows and columns after k, as the symmetric rank-two update A − v wᵀ − w vᵀ. */
function reflectBothSides({ a, n, k, factor, v, p }: Reflection): void {
  let along = 0;
  for (let i = k + 1; i < n; i++) {
    let sum = 0;
    const at = i * n;
    for (let j = k + 1; j < n; j++) sum += a[at + j]! * v[j]!;
    p[i] = factor * sum;
    along += p[i]! * v[i]!;
  }
  const half = (factor * along) / 2;
  for (let i = k + 1; i < n; i++) p[i]! -= half * v[i]!;
  for (let i = k + 1; i < n; i++) {
    const vi = v[i]!;
    const wi = p[i]!;
    const at = i * n;
    for (let j = k + 1; j < n; j++) a[at + j]! -= vi * p[j]! + wi * v[j]!;
  }
}

function transposedReflections(a: Float64Array, factors: Float64Array, n: number): Float64Array {
  const q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  const t = new Float64Array(n);
  for (let k = n - 3; k >= 0; k--) {
    if (factors[k] === 0) continue;
    t.fill(0);
    for (let i = k + 1; i < n; i++) {
      const v = a[k * n + i]!;
      for (let j = k + 1; j < n; j++) t[j]! += v * q[i * n + j]!;
    }
    for (let i = k + 1; i < n; i++) {
      const v = factors[k]! * a[k * n + i]!;
      for (let j = k + 1; j < n; j++) q[i * n + j]! -= v * t[j]!;
    }
  }
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const held = q[i * n + j]!;
      q[i * n + j] = q[j * n + i]!;
      q[j * n + i] = held;
    }
  return q;
}

function iterateQl(d: Float64Array, e: Float64Array, z: Float64Array): void {
  const n = d.length;
  for (let low = 0; low < n; low++) {
    for (let round = 0; ; round++) {
      let high = low;
      while (high < n - 1 && Math.abs(e[high]!) > Number.EPSILON * (Math.abs(d[high]!) + Math.abs(d[high + 1]!)))
        high++;
      if (high === low) break;
      if (round === MAX_ROUNDS) throw new MlError('ML_NOT_CONVERGED', `eigenvalue ${low} did not settle`);
      chase(d, e, z, [low, high]);
    }
  }
}

/** One implicit QL step with Wilkinson's shift over the unreduced block [low, high], accumulated into the rows of z. */
function chase(d: Float64Array, e: Float64Array, z: Float64Array, [low, high]: readonly [number, number]): void {
  let g = (d[low + 1]! - d[low]!) / (2 * e[low]!);
  const root = Math.hypot(g, 1);
  g = d[high]! - d[low]! + e[low]! / (g + (g >= 0 ? root : -root));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = high - 1; i >= low; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= p;
      e[high] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    const turn = (d[i]! - g) * s + 2 * c * b;
    p = s * turn;
    d[i + 1] = g + p;
    g = c * turn - b;
    rotateRows(z, d.length, i, [s, c]);
  }
  d[low]! -= p;
  e[low] = g;
  e[high] = 0;
}

function rotateRows(z: Float64Array, n: number, i: number, [s, c]: readonly [number, number]): void {
  const upper = i * n;
  const lower = upper + n;
  for (let k = 0; k < n; k++) {
    const f = z[lower + k]!;
    const held = z[upper + k]!;
    z[lower + k] = s * held + c * f;
    z[upper + k] = c * held - s * f;
  }
}

function inFallingOrder(diagonal: Float64Array, rows: Float64Array, n: number): SymmetricEigen {
  const order = Uint32Array.from(diagonal.keys()).sort((a, b) => diagonal[b]! - diagonal[a]! || a - b);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    const row = vectors.subarray(to * n, (to + 1) * n);
    row.set(rows.subarray(from * n, (from + 1) * n));
    pointUp(row);
  });
  return { values: Float64Array.from(order, (k) => diagonal[k]!), vectors };
}

/** Turns a vector so that its entry of largest size (the first of equals) is positive: the sign is no longer chance. */
export function pointUp(vector: Float64Array): void {
  let largest = 0;
  for (let i = 1; i < vector.length; i++) if (Math.abs(vector[i]!) > Math.abs(vector[largest]!)) largest = i;
  if (vector[largest]! < 0) for (let i = 0; i < vector.length; i++) vector[i] = -vector[i]!;
}
