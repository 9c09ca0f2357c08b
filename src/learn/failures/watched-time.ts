/** A pause of all entities together that is longer than this many steps, and than a minute, is one of Vigía. */
const PAUSE = { steps: 3, leastMs: 60_000 } as const;
/** Pauses that are remembered, the newest. */
const MOST_PAUSES = 200;

/**
 * Time in which somebody was heard at all. A silence of one entity counts only while others were heard: when Vigía
 * itself was off, nobody knows who was down.
 */
export class WatchedTime {
  readonly #pauses: { readonly from: number; readonly to: number }[] = [];
  #newest: number;

  /** What was heard last before it began, if that is known. */
  constructor(newest: number = Number.NEGATIVE_INFINITY) {
    this.#newest = newest;
  }

  get newest(): number {
    return this.#newest;
  }

  /** A frame of whomever was heard. */
  hear(time: number, stepMs: number): void {
    if (time + stepMs <= this.#newest) return;
    if (time - this.#newest > Math.max(PAUSE.leastMs, PAUSE.steps * stepMs)) {
      this.#pauses.push({ from: this.#newest, to: time });
      if (this.#pauses.length > MOST_PAUSES) this.#pauses.shift();
    }
    this.#newest = time + stepMs;
  }

  /** Watched ms between two moments. */
  between(from: number, to: number): number {
    let watched = to - from;
    for (const pause of this.#pauses) watched -= Math.max(0, Math.min(to, pause.to) - Math.max(from, pause.from));
    return watched;
  }
}
