import { MlError, requireInteger, requireNumber } from './ml-error.ts';

/**
 * A seeded stream of random numbers: xoshiro128** (Blackman and Vigna, 2018) seeded by splitmix32.
 * The same seed gives the same stream on every machine. Period 2^128 - 1; not for secrets.
 */
export type Random = {
  /** Uniform in [0, 1) with 53 bits. */
  next(): number;
  /** Uniform integer in [0, 2^32). The cheapest draw. */
  uint32(): number;
  /** Uniform integer in [0, n), without bias; 1 ≤ n ≤ 2^32. */
  int(n: number): number;
  /** Standard normal (Marsaglia's polar method). */
  normal(): number;
  /** Exponential with mean 1. */
  exponential(): number;
  /** Gamma with the given shape > 0 and scale 1 (Marsaglia and Tsang, 2000). */
  gamma(shape: number): number;
  /** Beta in [0, 1] with a, b > 0; sound for very small a and b too. */
  beta(a: number, b: number): number;
  /** Shuffles in place (Fisher and Yates) and returns its argument. */
  shuffle<T extends { length: number; [index: number]: unknown }>(array: T): T;
  /**
   * A new stream that depends only on this stream's seed and the label, not on how much was drawn:
   * tree 7 gets the same numbers whether trees are grown in order, in reverse or in two threads.
   */
  fork(label: string | number): Random;
};

const TWO_POW_32 = 4294967296;
const TWO_POW_MINUS_53 = 2 ** -53;

/** Creates a stream from any finite number (all 64 bits of it count). */
export function createRandom(seed: number): Random {
  if (!Number.isFinite(seed)) throw new MlError('ML_PARAMETER', `a seed must be a finite number, got ${seed}`);
  const words = new Uint32Array(new Float64Array([seed === 0 ? 0 : seed]).buffer);
  return fromKey(mix(words[0]!), mix(words[1]! ^ 0x9e3779b9));
}

/** Finaliser of murmur3: every input bit reaches every output bit. */
function mix(value: number): number {
  let z = value | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

function seedState(high: number, low: number): Int32Array {
  const state = new Int32Array(4);
  let counter = high;
  for (let i = 0; i < 4; i++) {
    counter = (counter + 0x9e3779b9) | 0;
    state[i] = mix(counter ^ Math.imul(low, i + 1)) | 0;
  }
  // The all-zero state is the one fixed point of the generator.
  if ((state[0]! | state[1]! | state[2]! | state[3]!) === 0) state[0] = 1;
  return state;
}

/** The generator itself: uniform 32-bit integers. */
function createXoshiro(high: number, low: number): () => number {
  const state = seedState(high, low);
  return () => {
    const s1 = state[1]!;
    const scaled = Math.imul(s1, 5);
    const result = Math.imul((scaled << 7) | (scaled >>> 25), 9);
    const s2 = state[2]! ^ state[0]!;
    const s3 = state[3]! ^ s1;
    state[1] = s1 ^ s2;
    state[0] = state[0]! ^ s3;
    state[2] = s2 ^ (s1 << 9);
    state[3] = (s3 << 11) | (s3 >>> 21);
    return result >>> 0;
  };
}

function fromKey(high: number, low: number): Random {
  const uint32 = createXoshiro(high, low);
  const next = (): number => ((uint32() >>> 5) * 67108864 + (uint32() >>> 6)) * TWO_POW_MINUS_53;

  // Draws under the next power of two until one is below n: fewer than two draws on average, no division.
  function int(n: number): number {
    if (!(n >= 1 && n <= TWO_POW_32)) requireInteger('n', n, 1, TWO_POW_32);
    if (n === 1) return 0;
    const mask = -1 >>> Math.clz32(n - 1);
    let draw = (uint32() & mask) >>> 0;
    while (draw >= n) draw = (uint32() & mask) >>> 0;
    return draw;
  }

  const random: Random = {
    uint32,
    next,
    int,
    normal: createNormal(next),
    exponential: () => -Math.log1p(-next()),
    gamma: (shape) => gamma(random, requireNumber('shape', shape, Number.MIN_VALUE)),
    beta: (a, b) => beta(random, requireNumber('a', a, Number.MIN_VALUE), requireNumber('b', b, Number.MIN_VALUE)),
    shuffle: (array) => {
      for (let i = array.length - 1; i > 0; i--) {
        const j = int(i + 1);
        const held = array[i];
        array[i] = array[j];
        array[j] = held;
      }
      return array;
    },
    fork: (label) => {
      const [labelHigh, labelLow] = hashLabel(label);
      return fromKey(mix(high ^ labelHigh), mix(low + labelLow));
    },
  };
  return random;
}

/** Marsaglia's polar method gives two at a time; the second is kept for the next call. */
function createNormal(next: () => number): () => number {
  let spare = Number.NaN;
  return () => {
    if (!Number.isNaN(spare)) {
      const value = spare;
      spare = Number.NaN;
      return value;
    }
    for (;;) {
      const x = 2 * next() - 1;
      const y = 2 * next() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) {
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        spare = y * factor;
        return x * factor;
      }
    }
  };
}

/** Two FNV-1a hashes with different offsets over the UTF-16 units of the label. */
function hashLabel(label: string | number): [number, number] {
  const text = String(label);
  let high = 0x811c9dc5;
  let low = 0x01000193;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low + unit, 0x85ebca6b) ^ (low >>> 15);
  }
  return [mix(high), mix(low)];
}

function gamma(random: Random, shape: number): number {
  // Below 1 the method draws at shape + 1 and scales by U^(1/shape).
  const boost = shape < 1 ? (1 - random.next()) ** (1 / shape) : 1;
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const u = 1 - random.next();
    if (Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v * boost;
  }
}

function beta(random: Random, a: number, b: number): number {
  if (a > 1 || b > 1) {
    const x = gamma(random, a);
    return x / (x + gamma(random, b));
  }
  // Jöhnk (1964), in logarithms where the powers underflow.
  for (;;) {
    const logX = Math.log(1 - random.next()) / a;
    const logY = Math.log(1 - random.next()) / b;
    const top = Math.max(logX, logY);
    const sum = Math.exp(logX - top) + Math.exp(logY - top);
    if (top + Math.log(sum) <= 0) return Math.exp(logX - top) / sum;
  }
}
