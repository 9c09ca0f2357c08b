/** Thrown when a queue has no room, or its wait was too long. */
export class NoPlaceError extends Error {}

/**
 * A bounded number of places, taken in order of arrival: the workers of a service, or its connections to others. Whoever waits
 * longer than `waitMs` gives up.
 */
export class Places {
  readonly #limits: { readonly places: number; readonly queue: number; readonly waitMs: number };
  readonly #waiting: (() => void)[] = [];
  /** Since when each place is taken, Unix ms. */
  readonly #taken = new Map<number, number>();
  #next = 0;

  constructor(limits: { readonly places: number; readonly queue: number; readonly waitMs: number }) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Places that have been taken for longer than `ms`. */
  heldFor(ms: number, now: number): number {
    let held = 0;
    for (const since of this.#taken.values()) if (now - since > ms) held++;
    return held;
  }

  /** Takes a place, now or when one is given back; resolves with what gives it back. Throws NoPlaceError. */
  async take(): Promise<() => void> {
    const { places, queue, waitMs } = this.#limits;
    if (this.#taken.size < places) return this.#hold();
    if (this.#waiting.length >= queue) throw new NoPlaceError('the queue is full');
    return new Promise<() => void>((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(new NoPlaceError('waited too long'));
      }, waitMs);
      const turn = (): void => {
        clearTimeout(late);
        resolve(this.#hold());
      };
      this.#waiting.push(turn);
    });
  }

  /** Takes a place and never gives it back; false when none is free. */
  leak(): boolean {
    if (this.#taken.size >= this.#limits.places) return false;
    this.#hold();
    return true;
  }

  #hold(): () => void {
    const id = this.#next++;
    this.#taken.set(id, Date.now());
    return () => {
      // Given back to who waits longest, if any.
      if (this.#taken.delete(id)) this.#waiting.shift()?.();
    };
  }
}
