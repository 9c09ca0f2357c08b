const LF = 10;

/** A line as it stands in a file: its bytes without the end, where it begins and where what follows it begins. */
export type TakeLine = (bytes: Buffer, from: number, to: number) => void;

/** Cuts bytes that come piece by piece into lines. What is longer than the limit is cut to it, and the rest passed over. */
export class LineCutter {
  readonly #limit: number;
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes of an endless line that are passed over. */
  #skipping = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes bytes that stand at `from`; returns how many lines were cut. */
  take(bytes: Buffer, from: number, line: TakeLine): number {
    const start = from - this.#rest.length;
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let cut = 0;
    let at = 0;
    for (let end = all.indexOf(LF, at); end >= 0; end = all.indexOf(LF, at)) {
      if (this.#skipping) this.#skipping = false;
      else {
        cut += end - at > this.#limit ? 1 : 0;
        line(all.subarray(at, Math.min(end, at + this.#limit)), start + at, start + end + 1);
      }
      at = end + 1;
    }
    // Kept by itself: a view would hold the whole piece.
    this.#rest = Buffer.from(all.subarray(at));
    if (this.#rest.length <= this.#limit) return cut;
    if (!this.#skipping) line(this.#rest.subarray(0, this.#limit), start + at, start + all.length);
    cut += this.#skipping ? 0 : 1;
    this.#skipping = true;
    this.#rest = Buffer.alloc(0);
    return cut;
  }

  /** A last line without an end, when nothing follows for good. */
  end(from: number, line: TakeLine): void {
    if (this.#rest.length > 0 && !this.#skipping) line(this.#rest, from - this.#rest.length, from);
    this.#rest = Buffer.alloc(0);
  }
}
