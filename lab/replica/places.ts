/** Thrown when a queue has no room, or its wait was too long. */
export class NoPlaceError extends Error {}

/**
 * A bounded number of places, taken in order of arrival: the workers of a service, or its connections to others. Whoever waits
 * longer than `waitMs` gives up.
 */
export class Places {
  readonly #limits: { readonly places: number; readonly queue: number; readonly waitMs: number };
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(limits: { readonly places: number; readonly queue: number; readonly waitMs: number }) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes a place, now or when one is given back. Throws NoPlaceError. */
  async take(): Promise<void> {
    const { places, queue, waitMs } = this.#limits;
    if (this.#taken < places) {
      this.#taken++;
      return;
    }
    if (this.#waiting.length >= queue) throw new NoPlaceError('the queue is full');
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(new NoPlaceError('waited too long'));
      }, waitMs);
      const turn = (): void => {
        clearTimeout(late);
        resolve();
      };
      this.#waiting.push(turn);
    });
  }

  /** Gives a place back: to who waits longest, if any. */
  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken = Math.max(0, this.#taken - 1);
  }

  /** Takes a place and never gives it back; false when none is free. */
  leak(): boolean {
    if (this.#taken >= this.#limits.places) return false;
    this.#taken++;
    return true;
  }
}
