// Adam and what surrounds it. Counts are multiples of 4 floats.
import { multiplyAdd, sum4 } from './vector';

/**
 * One step of Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019).
 * `rate` and `epsilon` hold the bias correction already; `decay` is learning rate times weight decay. Gradients become zero.
 */
export function adam(
  weights: usize,
  gradient: usize,
  first: usize,
  second: usize,
  count: i32,
  rate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  decay: f32,
): void {
  const b1 = f32x4.splat(beta1),
    r1 = f32x4.splat(<f32>1 - beta1);
  const b2 = f32x4.splat(beta2),
    r2 = f32x4.splat(<f32>1 - beta2);
  const step = f32x4.splat(rate),
    small = f32x4.splat(epsilon),
    keep = f32x4.splat(<f32>1 - decay),
    zero = f32x4.splat(0);
  const end = weights + ((<usize>count) << 2);
  while (weights < end) {
    const g = v128.load(gradient);
    const m = multiplyAdd(b1, v128.load(first), f32x4.mul(r1, g));
    const v = multiplyAdd(b2, v128.load(second), f32x4.mul(r2, f32x4.mul(g, g)));
    const change = f32x4.div(f32x4.mul(step, m), f32x4.add(f32x4.sqrt(v), small));
    v128.store(weights, f32x4.sub(f32x4.mul(keep, v128.load(weights)), change));
    v128.store(first, m);
    v128.store(second, v);
    v128.store(gradient, zero);
    weights += 16;
    gradient += 16;
    first += 16;
    second += 16;
  }
}

/** Sum of squares in double precision, for clipping by the global norm. */
export function sumOfSquares(values: usize, count: i32): f64 {
  let total: f64 = 0;
  const end = values + ((<usize>count) << 2);
  while (values < end) {
    const value = v128.load(values);
    total += sum4(f32x4.mul(value, value));
    values += 16;
  }
  return total;
}

/** values *= factor. */
export function scale(values: usize, count: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  const end = values + ((<usize>count) << 2);
  while (values < end) {
    v128.store(values, f32x4.mul(f, v128.load(values)));
    values += 16;
  }
}

/** target = a * b, element by element: what dropout does on both ways. */
export function multiplyVectors(target: usize, a: usize, b: usize, count: i32): void {
  const end = target + (<usize>count << 2);
  while (target < end) {
    v128.store(target, f32x4.mul(v128.load(a), v128.load(b)));
    target += 16; a += 16; b += 16;
  }
}
