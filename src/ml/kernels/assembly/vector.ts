// Four-lane building blocks. Everything here is inlined into the kernels.

/** a * b + c. One rounding in the relaxed build (training only), two in the strict one, so that scores agree to the bit everywhere. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    return f32x4.relaxed_madd(a, b, c);
  } else {
    return f32x4.add(f32x4.mul(a, b), c);
  }
}

/** Beyond this |x| the float32 hyperbolic tangent is one. */
const TANH_LIMIT: f32 = 7.90531110763549805;

/** Hyperbolic tangent to a few units in the last place: the 13/6 rational approximation of Eigen's generic_fast_tanh_float. */
// @ts-ignore: decorator
@inline
export function tanh4(value: v128): v128 {
  const x = f32x4.pmax(f32x4.splat(-TANH_LIMIT), f32x4.pmin(f32x4.splat(TANH_LIMIT), value));
  const square = f32x4.mul(x, x);
  let p = multiplyAdd(square, f32x4.splat(-2.76076847742355e-16), f32x4.splat(2.00018790482477e-13));
  p = multiplyAdd(square, p, f32x4.splat(-8.60467152213735e-11));
  p = multiplyAdd(square, p, f32x4.splat(5.12229709037114e-8));
  p = multiplyAdd(square, p, f32x4.splat(1.48572235717979e-5));
  p = multiplyAdd(square, p, f32x4.splat(6.37261928875436e-4));
  p = multiplyAdd(square, p, f32x4.splat(4.89352455891786e-3));
  let q = multiplyAdd(square, f32x4.splat(1.19825839466702e-6), f32x4.splat(1.18534705686654e-4));
  q = multiplyAdd(square, q, f32x4.splat(2.268434632439e-3));
  q = multiplyAdd(square, q, f32x4.splat(4.89352518554385e-3));
  return f32x4.div(f32x4.mul(x, p), q);
}

/** Logistic function, by the identity (1 + tanh(x / 2)) / 2. */
// @ts-ignore: decorator
@inline
export function sigmoid4(value: v128): v128 {
  const half = f32x4.splat(0.5);
  return multiplyAdd(half, tanh4(f32x4.mul(half, value)), half);
}

/** Sum of the four lanes in double precision. */
// @ts-ignore: decorator
@inline
export function sum4(value: v128): f64 {
  return (
    <f64>f32x4.extract_lane(value, 0) +
    <f64>f32x4.extract_lane(value, 1) +
    (<f64>f32x4.extract_lane(value, 2) + <f64>f32x4.extract_lane(value, 3))
  );
}

/** The float at `pointer` in all four lanes. */
// @ts-ignore: decorator
@inline
export function splat4(pointer: usize): v128 {
  return v128.load32_splat(pointer);
}
