/** A clock is judged by what came within the last one to two of these. */
const WINDOW_MS = 300_000;

/**
 * How far a sender's clock is from ours. A sample needs some time on its way, so the smallest distance between its time
 * stamp and its arrival is the best guess: below zero the sender's clock is ahead for certain; far above zero it is
 * behind, or everything it sends is late, which nobody can tell from here.
 */
export class SkewMeter {
  #windowAt = Number.NaN;
  #least = Number.NaN;
  #before = Number.NaN;

  /** A batch arrived whose newest sample has this time. */
  add(arrived: number, newest: number): void {
    const distance = arrived - newest;
    if (Number.isNaN(this.#windowAt) || arrived - this.#windowAt >= WINDOW_MS) {
      this.#before = this.#least;
      this.#least = distance;
      this.#windowAt = arrived;
    } else this.#least = Math.min(this.#least, distance);
  }

  /** Null before anything came. */
  get skewMs(): number | null {
    if (Number.isNaN(this.#least)) return null;
    return Math.round(Number.isNaN(this.#before) ? this.#least : Math.min(this.#least, this.#before));
  }
}
