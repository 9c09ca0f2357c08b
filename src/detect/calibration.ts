import { fitPareto, type ParetoTail, paretoSurvival } from '../ml/stats-tail.ts';
import type { Json } from '../model/detector.ts';
import { decodeFloats, encodeFloats, stateObject } from './float-columns.ts';
import { decodeShort, encodeShort, roundRough } from './short-floats.ts';

const VERSION = 2;
const WHAT = 'calibration';

/** Histogram of scores: bins of one unit of -ln p. */
const BINS = 48;
/** Channels that the residual looks at each feature through: so many chances to be extreme. */
export const CHANNELS = 4;
/** Newest excesses over the threshold that the tail is fitted to, and after how many new ones. */
const PEAKS = 48;
const REFIT = 6;
/** Share of scores beyond the threshold. */
const TAIL_SHARE = 0.02;
/** Scores that are -ln p already have the exponential tail with mean 1; trust a little less. Worth so many peaks. */
const PRIOR: ParetoTail = { scale: Math.fround(1.2), shape: Math.fround(0.05) };
const PRIOR_PEAKS = 20;
/** The threshold is the own one as far as there are so many scores. */
const PRIOR_SCORES = 200;
/** What has hardly ever moved does not get a threshold below this share of the prior one. */
const LEAST_THRESHOLD = 0.7;
/** History that the histogram looks back on. */
const MEMORY_MS = 2 * 86_400_000;
const DAY_MS = 86_400_000;
/** No probability below one in so many times the scores ever seen is believed. */
const EXTRAPOLATION = 20;

/**
 * Turns scores into tail probabilities on their own history: empirical below the 98 % quantile, generalised Pareto
 * above (peaks over threshold; Siffer et al., KDD 2017). Without history a prior stands in: the score is the highest of
 * `chances` independent ones that are each -ln p. O(1) a score, under 500 bytes.
 */
export class Calibration {
  readonly #memory: number;
  readonly #day: number;
  #priorThreshold: number;
  #counts = new Float32Array(BINS);
  #total = 0;
  #seen = 0;
  #peaks = new Float32Array(PEAKS);
  #peakCount = 0;
  #tail = PRIOR;
  #threshold: number;

  constructor(stepMs: number, chances: number) {
    this.#memory = MEMORY_MS / stepMs;
    this.#day = DAY_MS / stepMs;
    this.#priorThreshold = Math.fround(Math.log(Math.max(1, chances) / TAIL_SHARE));
    this.#threshold = this.#priorThreshold;
  }

  /** Scores learnt. */
  get seen(): number {
    return this.#seen;
  }

  /** True while there is less than a day of history. */
  get provisional(): boolean {
    return this.#seen < this.#day;
  }

  /** P(a score at least so high), in (0, 1]. Falls as the score grows. */
  probability(score: number): number {
    const floor = 1 / (EXTRAPOLATION * (this.#seen + PRIOR_SCORES));
    if (score > this.#threshold)
      return Math.max(floor, TAIL_SHARE * paretoSurvival(this.#tail, score - this.#threshold));
    return Math.max(TAIL_SHARE, this.#empirical(score));
  }

  /** Takes a score of a frame that is not part of an anomaly. */
  learn(score: number): void {
    this.#seen += 1;
    if (this.#total > this.#memory) {
      for (let bin = 0; bin < BINS; bin++) this.#counts[bin] = this.#counts[bin]! / 2;
      this.#total /= 2;
    }
    const bin = binOf(score);
    this.#counts[bin] = this.#counts[bin]! + 1;
    this.#total += 1;
    if (score > this.#threshold) this.#learnPeak(score - this.#threshold);
    else if (this.#seen % 64 === 0) this.#refit();
  }

  #empirical(score: number): number {
    let above = 0;
    for (let bin = binOf(score) + 1; bin < BINS; bin++) above += this.#counts[bin]!;
    const inside = this.#counts[binOf(score)]! * (1 - (score - Math.floor(score)));
    const prior = score <= 0 ? 1 : Math.exp((Math.log(TAIL_SHARE) * score) / this.#priorThreshold);
    return (above + inside + PRIOR_SCORES * prior) / (this.#total + PRIOR_SCORES);
  }

  #learnPeak(excess: number): void {
    // Rounded as they are saved, here and below, so that a restored state goes on alike.
    this.#peaks[this.#peakCount % PEAKS] = roundRough(excess);
    this.#peakCount += 1;
    if (this.#peakCount % REFIT === 0) this.#refit();
  }

  #refit(): void {
    const own = this.#total / (this.#total + PRIOR_SCORES);
    const quantile = Math.max(this.#quantile(), LEAST_THRESHOLD * this.#priorThreshold);
    // Rounded as it is saved, so that a restored state goes on alike.
    const threshold = Math.fround(own * quantile + (1 - own) * this.#priorThreshold);
    const moved = threshold - this.#threshold;
    this.#threshold = threshold;
    const excesses = new Float64Array(Math.min(this.#peakCount, PEAKS));
    let n = 0;
    for (let i = 0; i < excesses.length; i++) {
      this.#peaks[i] = roundRough(this.#peaks[i]! - moved);
      if (this.#peaks[i]! > 0) excesses[n++] = this.#peaks[i]!;
    }
    const { scale, shape } = fitPareto(excesses, n, PRIOR, PRIOR_PEAKS);
    this.#tail = { scale: Math.fround(scale), shape: Math.fround(shape) };
  }

  /** The score beyond which the share of the tail lies, to a bin's linear part. */
  #quantile(): number {
    let above = 0;
    for (let bin = BINS - 1; bin > 0; bin--) {
      const count = this.#counts[bin]!;
      const target = TAIL_SHARE * this.#total;
      if (above + count >= target) return bin + 1 - (target - above) / count;
      above += count;
    }
    return 1;
  }

  toJSON(): Json {
    return {
      version: VERSION,
      counts: encodeFloats(this.#counts),
      peaks: encodeShort(this.#peaks),
      numbers: encodeFloats(
        Float32Array.of(
          this.#total,
          this.#seen,
          this.#peakCount,
          this.#tail.scale,
          this.#tail.shape,
          this.#threshold,
          this.#priorThreshold,
        ),
      ),
    };
  }

  static fromJSON(state: Json, stepMs: number): Calibration {
    const saved = stateObject(state, WHAT, VERSION);
    const made = new Calibration(stepMs, 1);
    made.#counts = decodeFloats(saved['counts'], BINS, WHAT);
    decodeShort(saved['peaks'], made.#peaks, WHAT);
    const numbers = decodeFloats(saved['numbers'], 7, WHAT);
    const number = (place: number): number => numbers[place]!;
    made.#total = number(0);
    made.#seen = number(1);
    made.#peakCount = number(2);
    made.#tail = { scale: number(3), shape: number(4) };
    made.#threshold = number(5);
    made.#priorThreshold = number(6);
    return made;
  }
}

const binOf = (score: number): number => Math.max(0, Math.min(BINS - 1, Math.floor(score)));
