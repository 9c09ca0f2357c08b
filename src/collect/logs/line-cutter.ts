import { isAscii } from 'node:buffer';

const LF = 10;

/** A line as it stands in a file: its text without the end, where it begins and where what follows it begins. */
export type TakeLine = (text: string, from: number, to: number) => void;

const CR = 13;

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
    // Of plain ASCII both give the same, one of them far quicker.
    const encoding = isAscii(all) ? 'latin1' : 'utf8';
    let cut = 0;
    let at = 0;
    for (let end = all.indexOf(LF, at); end >= 0; end = all.indexOf(LF, at)) {
      if (this.#skipping) this.#skipping = false;
      else {
        cut += end - at > this.#limit ? 1 : 0;
        line(textOf(all, at, Math.min(end, at + this.#limit), encoding), start + at, start + end + 1);
      }
      at = end + 1;
    }
    // Kept by itself: a view would hold the whole piece.
    this.#rest = Buffer.from(all.subarray(at));
    if (this.#rest.length <= this.#limit) return cut;
    if (!this.#skipping) line(textOf(this.#rest, 0, this.#limit), start + at, start + all.length);
    cut += this.#skipping ? 0 : 1;
    this.#skipping = true;
    this.#rest = Buffer.alloc(0);
    return cut;
  }

  /** A last line without an end, when nothing follows for good. */
  end(from: number, line: TakeLine): void {
    const { length } = this.#rest;
    if (length > 0 && !this.#skipping) line(textOf(this.#rest, 0, length), from - length, from);
    this.#rest = Buffer.alloc(0);
  }
}

/** The text of some bytes, without the carriage return at its end. */
// oxlint-disable-next-line eslint/max-params -- of every line: no object for it
function textOf(bytes: Buffer, from: number, to: number, encoding: 'latin1' | 'utf8' = 'utf8'): string {
  return bytes.toString(encoding, from, to > from && bytes[to - 1] === CR ? to - 1 : to);
}
