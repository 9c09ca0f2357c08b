/** Half-lives: minutes, half an hour, an hour and a half; never shorter than so many rows. */
const SCALES = [
  { ms: 360_000, rows: 4 },
  { ms: 1_440_000, rows: 16 },
  { ms: 5_760_000, rows: 64 },
] as const;
/** Beyond so many features only the middle one: rows would be longer than there are to learn from. */
const MANY_FEATURES = 128;
/** A longer silence than so many rows counts as this long: nothing is known of what was meanwhile. */
const MOST_ELAPSED = 4;

/** Half-lives in ms for rows so far apart. */
export function halfLives(features: number, cadenceMs: number): readonly number[] {
  const scales = features > MANY_FEATURES ? SCALES.slice(1, 2) : SCALES;
  return scales.map(({ ms, rows }) => Math.max(ms, rows * cadenceMs));
}

/**
 * Exponential means of scaled rows over a few lengths of time: a window of hours in a few numbers a feature. A burst, a
 * shift that lasts and a slow drift each stand out at another length (as in Lavin and Ahmad, 2015, who compare the
 * mean of the last few scores with their long history). They begin at 0, which is the usual value, so that a short history raises no alarm.
 */
export class TrailingMeans {
  readonly #features: number;
  readonly #halfLives: readonly number[];
  /** Length of time × feature; Float32, so that a restored state goes on bit-equal. */
  readonly #means: Float32Array;

  constructor(features: number, halfLivesMs: readonly number[]) {
    this.#features = features;
    this.#halfLives = halfLivesMs;
    this.#means = new Float32Array(features * halfLivesMs.length);
  }

  /** Takes the next row, `elapsedMs` after the one before; a missing value leaves the means as they are. */
  push(row: Float64Array, elapsedMs: number): void {
    const n = this.#features;
    for (let s = 0; s < this.#halfLives.length; s++) {
      const rate = 1 - 2 ** (-elapsedMs / this.#halfLives[s]!);
      for (let f = 0, at = s * n; f < n; f++, at++) {
        const value = row[f]!;
        if (value === value) this.#means[at] = this.#means[at]! + rate * (value - this.#means[at]!);
      }
    }
  }

  /** Sets all means of a feature. */
  begin(feature: number, scale: number, value: number): void {
    this.#means[scale * this.#features + feature] = value;
  }

  /** The mean of a feature over the longest time. */
  longest(feature: number): number {
    return this.#means[(this.#halfLives.length - 1) * this.#features + feature]!;
  }

  /** Begins anew with a feature, for its level is another. */
  forget(feature: number): void {
    for (let at = feature; at < this.#means.length; at += this.#features) this.#means[at] = 0;
  }

  /** Writes the row and its means one after the other: `(1 + lengths) × features` numbers. */
  write(row: Float64Array, out: Float64Array): void {
    out.set(row);
    out.set(this.#means, this.#features);
  }

  get state(): Float32Array {
    return this.#means;
  }
}

/** Time from one row to the next as the means count it: at least a step, and no long silence. Times may repeat or go back. */
export function elapsed(time: number, before: number, cadenceMs: number): number {
  const passed = time - before;
  return passed > cadenceMs ? Math.min(passed, MOST_ELAPSED * cadenceMs) : cadenceMs;
}
