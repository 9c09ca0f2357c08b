/** Values at regular times, the newest `size` of them; `NaN` where none came. Times are slots: time / width. */
class Ring {
  readonly widthMs: number;
  readonly #values: Float32Array;
  #newest = Number.NaN;

  constructor(size: number, widthMs: number) {
    this.#values = new Float32Array(size).fill(Number.NaN);
    this.widthMs = widthMs;
  }

  get size(): number {
    return this.#values.length;
  }

  /** Start of the newest slot, ms; NaN while empty. */
  get newest(): number {
    return this.#newest * this.widthMs;
  }

  put(time: number, value: number): void {
    const slot = Math.floor(time / this.widthMs);
    const { length } = this.#values;
    if (Number.isNaN(this.#newest)) this.#newest = slot;
    if (slot <= this.#newest - length) return;
    for (let gap = Math.max(this.#newest + 1, slot - length); gap < slot; gap++)
      this.#values[gap % length] = Number.NaN;
    this.#values[slot % length] = value;
    this.#newest = Math.max(this.#newest, slot);
  }

  /** The value `back` slots before the newest. */
  at(back: number): number {
    return back < this.#values.length
      ? (this.#values[(this.#newest - back) % this.#values.length] ?? Number.NaN)
      : Number.NaN;
  }
}

/** Past values of one resolution, oldest first, without gaps: seconds before the newest value (so 0 at the end). */
export interface Past {
  readonly seconds: Float64Array;
  readonly values: Float64Array;
  readonly count: number;
  readonly widthSeconds: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Four minutes to an hour of steps, six hours of minutes, two weeks of hours. */
const SIZES = { step: 256, minute: 360, hour: 336 } as const;

/** Running mean of the slot that a ring is filling. */
interface Filling {
  slot: number;
  sum: number;
  count: number;
}

/**
 * What is left of one limited feature, over time at three resolutions: 4 KB. Values go in at their own time in
 * ascending order; older ones than the ring holds are left out.
 */
export class HeadroomHistory {
  readonly rings: readonly [Ring, Ring, Ring];
  readonly #filling: [Filling, Filling];

  constructor(stepMs: number) {
    this.rings = [new Ring(SIZES.step, stepMs), new Ring(SIZES.minute, MINUTE_MS), new Ring(SIZES.hour, HOUR_MS)];
    this.#filling = [
      { slot: Number.NaN, sum: 0, count: 0 },
      { slot: Number.NaN, sum: 0, count: 0 },
    ];
  }

  /** A value of a step; minutes and hours follow from it. */
  push(time: number, headroom: number): void {
    if (!Number.isFinite(headroom)) return;
    this.rings[0].put(time, headroom);
    for (const level of [0, 1] as const) this.#mean(level, time, headroom);
  }

  /** A mean of the past, as it was stored: level 1 for minutes, 2 for hours. */
  restore(level: 1 | 2, time: number, headroom: number): void {
    if (Number.isFinite(headroom)) this.rings[level].put(time, headroom);
  }

  #mean(level: 0 | 1, time: number, value: number): void {
    const ring = this.rings[level === 0 ? 1 : 2];
    const filling = this.#filling[level];
    const slot = Math.floor(time / ring.widthMs);
    if (slot !== filling.slot) {
      filling.slot = slot;
      filling.sum = 0;
      filling.count = 0;
    }
    filling.sum += value;
    filling.count += 1;
    ring.put(time, filling.sum / filling.count);
  }

  /** Everything of one resolution, gaps left out. */
  past(level: 0 | 1 | 2): Past {
    const ring = this.rings[level];
    const seconds = new Float64Array(ring.size);
    const values = new Float64Array(ring.size);
    const widthSeconds = ring.widthMs / 1000;
    let count = 0;
    for (let back = ring.size - 1; back >= 0; back--) {
      const value = ring.at(back);
      if (!Number.isFinite(value)) continue;
      seconds[count] = -back * widthSeconds;
      values[count] = value;
      count += 1;
    }
    return { seconds, values, count, widthSeconds };
  }

  /** Whether there are so many step values, gaps left out. */
  holds(wanted: number): boolean {
    const [ring] = this.rings;
    let count = 0;
    for (let back = 0; back < ring.size && count < wanted; back++) if (Number.isFinite(ring.at(back))) count += 1;
    return count >= wanted;
  }

  /** The newest value; NaN while empty. */
  latest(): number {
    return this.rings[0].at(0);
  }
}
