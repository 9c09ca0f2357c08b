/** Share of rows beyond the threshold. */
const TAIL_SHARE = 0.02;
/** -ln of it: where the threshold lies when the siblings' calibration holds here. */
const AT = -Math.log(TAIL_SHARE);
/** Rows that the siblings' calibration counts for. */
const PRIOR_ROWS = 500;
/** How far one row moves the threshold, in thresholds, before the rate falls; the tail share of it is taken back by the others. */
const STEP = 25;
/** Of a run of rows beyond the threshold only the first few count: extremes come in clusters, and a cluster is one event. */
const CLUSTER = 3;
/** Weight of one excess among those before. */
const EXCESS_RATE = 0.03;
const EXCESS_CLIP = 10;
/** What is calmer than its siblings is not taken for as calm as it has been so far; what is wilder has its limit too. */
const LEAST = 0.8;
const MOST = 6;

/**
 * An entity's own calibration on top of its siblings': where its surprises begin to be rare, and how far they go beyond.
 * A new entity begins with what holds for its kind and moves to its own history in some hundreds of rows.
 */
export class OwnTail {
  #threshold = 1;
  #excess = 1;
  #rows = 0;
  #run = 0;
  readonly #memory: number;

  constructor(memory: number) {
    this.#memory = memory;
  }

  /** The surprise as it is here; keeps the order. */
  adjust(surprise: number): number {
    const threshold = AT * this.#threshold;
    if (surprise <= threshold) return surprise / this.#threshold;
    return AT + (surprise - threshold) / this.#excess;
  }

  /** Learns a surprise; one of a row of little weight only where it stands alone. */
  learn(surprise: number, weight: number): void {
    const over = surprise - AT * this.#threshold;
    this.#run = over > 0 ? Math.min(this.#run + 1, CLUSTER + 1) : 0;
    const trust = this.#run > CLUSTER ? 0 : over > 0 ? 1 : weight;
    const rate = (STEP * trust) / (PRIOR_ROWS + Math.min(this.#rows, this.#memory));
    this.#rows += 1;
    const moved = this.#threshold * (1 + rate * ((over > 0 ? 1 : 0) - TAIL_SHARE));
    this.#threshold = Math.fround(Math.max(LEAST, Math.min(MOST, moved)));
    if (over <= 0 || trust === 0) return;
    const excess = this.#excess + EXCESS_RATE * (Math.min(over, EXCESS_CLIP * this.#excess) - this.#excess);
    this.#excess = Math.fround(Math.max(LEAST, Math.min(MOST, excess)));
  }

  /** Numbers of the state. */
  get state(): readonly [number, number, number, number] {
    return [this.#threshold, this.#excess, this.#rows, this.#run];
  }

  restore([threshold, excess, rows, run]: readonly number[]): void {
    this.#threshold = Math.fround(threshold ?? 1);
    this.#excess = Math.fround(excess ?? 1);
    this.#rows = rows ?? 0;
    this.#run = run ?? 0;
  }
}
