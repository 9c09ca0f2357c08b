import type { Frame, FrameLayout, RollupFrame } from '../model/frame.ts';

export const MINUTE_MS = 60_000;

/** Mean, lowest and highest of each feature over a minute of frames of one entity; O(1) a value. */
export class MinuteRollup {
  #minute = Number.NaN;
  #layout: FrameLayout | null = null;
  #count = new Uint32Array(0);
  #sum = new Float64Array(0);
  #low = new Float32Array(0);
  #high = new Float32Array(0);

  /** Takes a frame; when it begins a new minute, returns the frame of the minute before. */
  add(frame: Frame): RollupFrame | null {
    const minute = Math.floor(frame.time / MINUTE_MS) * MINUTE_MS;
    const done = minute === this.#minute ? null : this.finish(frame);
    this.#minute = minute;
    this.#layout = frame.layout;
    this.#ensure(frame.values.length);
    for (let f = 0; f < frame.values.length; f++) {
      const value = frame.values[f]!;
      if (Number.isNaN(value)) continue;
      this.#low[f] = this.#count[f] === 0 ? value : Math.min(this.#low[f]!, value);
      this.#high[f] = this.#count[f] === 0 ? value : Math.max(this.#high[f]!, value);
      this.#sum[f] = this.#sum[f]! + value;
      this.#count[f] = this.#count[f]! + 1;
    }
    return done;
  }

  /** The minute so far, or null when it has no frame; then it begins anew. */
  finish({ entity }: Pick<Frame, 'entity'>): RollupFrame | null {
    const layout = this.#layout;
    if (layout === null) return null;
    const n = layout.features.length;
    const mean = new Float32Array(n);
    for (let f = 0; f < n; f++) mean[f] = this.#count[f] === 0 ? Number.NaN : this.#sum[f]! / this.#count[f]!;
    const masked = (from: Float32Array): Float32Array =>
      from.slice(0, n).map((value, f) => (this.#count[f] === 0 ? Number.NaN : value));
    const rollup: RollupFrame = {
      entity,
      time: this.#minute,
      stepMs: MINUTE_MS,
      layout,
      mean,
      low: masked(this.#low),
      high: masked(this.#high),
    };
    this.#layout = null;
    this.#count.fill(0);
    this.#sum.fill(0);
    return rollup;
  }

  #ensure(n: number): void {
    if (n <= this.#count.length) return;
    const size = Math.max(n, this.#count.length * 2, 16);
    const [count, sum, low, high] = [this.#count, this.#sum, this.#low, this.#high];
    this.#count = new Uint32Array(size);
    this.#sum = new Float64Array(size);
    this.#low = new Float32Array(size);
    this.#high = new Float32Array(size);
    this.#count.set(count);
    this.#sum.set(sum);
    this.#low.set(low);
    this.#high.set(high);
  }
}
