// Gaussian kernel exp(-gamma * |x - v|²) of one row against many, in float64 without fused multiply-add: both builds give the
// same bits. Vectors stand in panels of four ([count / 4][columns][4]); distances are by differences, which do not cancel.

const LOG2_E: f64 = 1.4426950408889634;
/** ln 2 in two parts (Cody and Waite), so that x - k * ln 2 keeps its last bits. */
const LN2_HIGH: f64 = 6.93147180369123816490e-1;
const LN2_LOW: f64 = 1.90821492927058770002e-10;
/** Adding it rounds to the nearest integer and leaves that integer in the low bits. */
const ROUNDER: f64 = 6755399441055744.0;
/** exp(-700) is 1e-304: beyond it a kernel value adds nothing, and the exponent would run out of bits. */
const LEAST: f64 = -700;

/** exp of two numbers at most 0, to two units in the last place: Taylor to the 12th power on |r| ≤ ln 2 / 2. */
// @ts-ignore: decorator
@inline
function exp2lanes(value: v128): v128 {
  // pmax takes its first operand where the second is not greater; infinite distances end here.
  const x = f64x2.pmax(f64x2.splat(LEAST), value);
  const shifted = f64x2.add(f64x2.mul(x, f64x2.splat(LOG2_E)), f64x2.splat(ROUNDER));
  const k = f64x2.sub(shifted, f64x2.splat(ROUNDER));
  const r = f64x2.sub(f64x2.sub(x, f64x2.mul(k, f64x2.splat(LN2_HIGH))), f64x2.mul(k, f64x2.splat(LN2_LOW)));
  const square = f64x2.mul(r, r);
  const fourth = f64x2.mul(square, square);
  // Estrin's scheme: pairs do not wait for each other.
  const p01 = f64x2.add(f64x2.splat(1), r);
  const p23 = f64x2.add(f64x2.splat(1.0 / 2.0), f64x2.mul(r, f64x2.splat(1.0 / 6.0)));
  const p45 = f64x2.add(f64x2.splat(1.0 / 24.0), f64x2.mul(r, f64x2.splat(1.0 / 120.0)));
  const p67 = f64x2.add(f64x2.splat(1.0 / 720.0), f64x2.mul(r, f64x2.splat(1.0 / 5040.0)));
  const p89 = f64x2.add(f64x2.splat(1.0 / 40320.0), f64x2.mul(r, f64x2.splat(1.0 / 362880.0)));
  const pab = f64x2.add(f64x2.splat(1.0 / 3628800.0), f64x2.mul(r, f64x2.splat(1.0 / 39916800.0)));
  const high = f64x2.add(f64x2.add(p89, f64x2.mul(square, pab)), f64x2.mul(fourth, f64x2.splat(1.0 / 479001600.0)));
  const middle = f64x2.add(f64x2.add(p45, f64x2.mul(square, p67)), f64x2.mul(fourth, high));
  const low = f64x2.add(f64x2.add(p01, f64x2.mul(square, p23)), f64x2.mul(fourth, middle));
  return i64x2.add(low, i64x2.shl(shifted, 52));
}

/** The sum of coefficients times kernel values of one row (`columns` f64) with 4 * blocks vectors. */
export function rbfSum(x: usize, panels: usize, coefficients: usize, blocks: i32, columns: i32, gamma: f64): f64 {
  const factor = f64x2.splat(-gamma);
  const end = x + (<usize>columns << 3);
  let b = panels;
  let sum0 = f64x2.splat(0), sum1 = sum0;
  for (let block = 0; block < blocks; block++) {
    let c0 = f64x2.splat(0), c1 = c0;
    for (let a = x; a < end; a += 8) {
      const s = v128.load64_splat(a);
      const d0 = f64x2.sub(s, v128.load(b)), d1 = f64x2.sub(s, v128.load(b, 16));
      c0 = f64x2.add(c0, f64x2.mul(d0, d0));
      c1 = f64x2.add(c1, f64x2.mul(d1, d1));
      b += 32;
    }
    const weights = coefficients + (<usize>block << 5);
    sum0 = f64x2.add(sum0, f64x2.mul(v128.load(weights), exp2lanes(f64x2.mul(factor, c0))));
    sum1 = f64x2.add(sum1, f64x2.mul(v128.load(weights, 16), exp2lanes(f64x2.mul(factor, c1))));
  }
  const sum = f64x2.add(sum0, sum1);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** Kernel values of one row with 4 * blocks vectors, rounded to float32. */
export function rbfRow(x: usize, panels: usize, out: usize, blocks: i32, columns: i32, gamma: f64): void {
  const factor = f64x2.splat(-gamma);
  const end = x + (<usize>columns << 3);
  let b = panels;
  for (let block = 0; block < blocks; block++) {
    let c0 = f64x2.splat(0), c1 = c0;
    for (let a = x; a < end; a += 8) {
      const s = v128.load64_splat(a);
      const d0 = f64x2.sub(s, v128.load(b)), d1 = f64x2.sub(s, v128.load(b, 16));
      c0 = f64x2.add(c0, f64x2.mul(d0, d0));
      c1 = f64x2.add(c1, f64x2.mul(d1, d1));
      b += 32;
    }
    const near = f32x4.demote_f64x2_zero(exp2lanes(f64x2.mul(factor, c0)));
    const far = f32x4.demote_f64x2_zero(exp2lanes(f64x2.mul(factor, c1)));
    v128.store(out + (<usize>block << 4), i64x2.shuffle(near, far, 0, 2));
  }
}
