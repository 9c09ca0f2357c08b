import type { Json } from '../../model/detector.ts';
import { coarsen, coarsenMore } from '../short-floats.ts';
import { decodeFloats, encodeFloats, stateObject } from '../float-columns.ts';

const VERSION = 2;
const WHAT = 'habit tails';
/** Share of values beyond the threshold. */
const TAIL_SHARE = 0.02;
const NEG_LOG_SHARE = -Math.log(TAIL_SHARE);
/** Shape of the generalised Pareto tail: between that of single values and that of means, which is exponential. */
const SHAPE = 0.1;
const START = { threshold: 2.5, excess: 0.7 } as const;
const LEAST_THRESHOLD = 0.3;
/** The mean excess is not believed below this share of the threshold. */
const LEAST_EXCESS = 0.1;
/** Weight of a value in the threshold: much while there are few, then this. */
const RATE = 0.004;
const FIRST_RATE = 0.3;
const FIRST_VALUES = 50;
const EXCESS_RATE = 0.02;
const EXCESS_CLIP = 8;

/** How far out each channel of each feature usually is: its 98 % quantile and the mean excess beyond. */
export class HabitTails {
  readonly #channels: number;
  #size = 0;
  /** `channel × size + feature`. */
  #thresholds = new Float32Array(0);
  #excesses = new Float32Array(0);

  constructor(channels: number) {
    this.#channels = channels;
  }

  ensure(size: number): void {
    if (size <= this.#size) return;
    const old = this.#size;
    const spread = (from: Float32Array, empty: number): Float32Array<ArrayBuffer> => {
      const to = new Float32Array(this.#channels * size).fill(empty);
      for (let at = 0, row = 0; at < from.length; at += old, row += size) to.set(from.subarray(at, at + old), row);
      return to;
    };
    this.#thresholds = spread(this.#thresholds, START.threshold);
    this.#excesses = spread(this.#excesses, START.excess);
    this.#size = size;
  }

  /** -ln of the tail probability of what a channel of a feature says. */
  surprise(channel: number, f: number, value: number): number {
    const at = channel * this.#size + f;
    const threshold = this.#thresholds[at]!;
    if (value <= threshold) return (NEG_LOG_SHARE * value) / threshold;
    return NEG_LOG_SHARE + Math.log1p((SHAPE * (value - threshold)) / this.#excesses[at]!) / SHAPE;
  }

  /** Learns a value, of which so many of its feature came before. */
  learn(channel: number, f: number, value: number, { seen, weight }: { seen: number; weight: number }): void {
    const at = channel * this.#size + f;
    const threshold = this.#thresholds[at]!;
    const excess = this.#excesses[at]!;
    const rate = weight * Math.max(RATE, FIRST_RATE / (1 + seen / FIRST_VALUES));
    const over = value - threshold;
    const moved = threshold * (1 + rate * (over > 0 ? 1 - TAIL_SHARE : -TAIL_SHARE));
    this.#thresholds[at] = Math.max(LEAST_THRESHOLD, moved);
    if (over <= 0) return;
    const next = excess + EXCESS_RATE * weight * (Math.min(over, EXCESS_CLIP * excess) - excess);
    this.#excesses[at] = Math.max(LEAST_EXCESS * threshold, next);
  }

  /** After what a row brought: numbers are as they are saved, so that a restored state goes on alike. */
  settle(): void {
    coarsen(this.#thresholds);
    coarsenMore(this.#excesses);
  }

  toJSON(): Json {
    return { version: VERSION, thresholds: encodeFloats(this.#thresholds), excesses: encodeFloats(this.#excesses) };
  }

  /** Takes the place of what is here, of `size` features. Throws `STATE_INVALID`. */
  restore(state: Json, size: number): void {
    const saved = stateObject(state, WHAT, VERSION);
    this.ensure(size);
    this.#thresholds = decodeFloats(saved['thresholds'], this.#channels * size, WHAT);
    this.#excesses = decodeFloats(saved['excesses'], this.#channels * size, WHAT);
  }
}
