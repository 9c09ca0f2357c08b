/**
 * Cholesky factors of symmetric positive definite matrices, in place. A factor L of A = L·Lᵀ is an n × n array, row-major;
 * only its lower triangle is read and written.
 */

/** Replaces the lower triangle of A by that of L. False (and A in pieces) when A is not positive definite. O(n³ / 3). */
export function choleskyFactor(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      if (i !== j) a[i * n + j] = sum / a[j * n + j]!;
      else if (sum > 0 && sum < Infinity) a[i * n + i] = Math.sqrt(sum);
      else return false;
    }
  }
  return true;
}

/** Turns L of A into L of A + x·xᵀ and destroys `x`. O(n²); Givens rotations, so that it never loses definiteness. */
export function choleskyUpdate(factor: Float64Array, x: Float64Array): void {
  const n = x.length;
  for (let k = 0; k < n; k++) {
    const diagonal = factor[k * n + k]!;
    const radius = Math.hypot(diagonal, x[k]!);
    const cosine = diagonal / radius;
    const sine = x[k]! / radius;
    factor[k * n + k] = radius;
    for (let i = k + 1; i < n; i++) {
      const below = factor[i * n + k]!;
      factor[i * n + k] = cosine * below + sine * x[i]!;
      x[i] = cosine * x[i]! - sine * below;
    }
  }
}

/** Solves L·y = b in place. O(n²). */
export function solveLower(factor: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= factor[i * n + k]! * b[k]!;
    b[i] = sum / factor[i * n + i]!;
  }
  return b;
}

/** Solves Lᵀ·y = b in place. O(n²). */
export function solveLowerTransposed(factor: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < n; k++) sum -= factor[k * n + i]! * b[k]!;
    b[i] = sum / factor[i * n + i]!;
  }
  return b;
}
