const LF = 10;
const SPACE = 32;
const NINE = 57;
const ZERO = 48;

/**
 * Cuts a stream of syslog messages over TCP into messages: by octet counts (`12 <34>…`) or by line ends, as each
 * begins (RFC 6587). Keeps no more than `limit` bytes: what is longer is passed over up to the next line end and counted.
 */
export class SyslogFrames {
  readonly #limit: number;
  #rest: Buffer = Buffer.alloc(0);
  #skipping = false;
  /** Messages that were too long or had no sensible count. */
  refused = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes the next bytes; returns the messages that are whole. */
  take(bytes: Buffer): readonly string[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const found: string[] = [];
    let at = 0;
    for (let next = this.#next(all, at, found); next > at; next = this.#next(all, at, found)) at = next;
    this.#rest = all.subarray(at);
    if (this.#rest.length > this.#limit) {
      if (!this.#skipping) this.refused += 1;
      this.#skipping = true;
      this.#rest = Buffer.alloc(0);
    }
    return found;
  }

  /** What is left when the stream ends: a last message without an end. */
  end(): readonly string[] {
    const last = this.#skipping ? '' : this.#rest.toString('utf8');
    this.#rest = Buffer.alloc(0);
    return last.startsWith('<') ? [last] : [];
  }

  /** Where the message that begins at `at` ends; `at` when it is not whole yet. */
  #next(all: Buffer, at: number, found: string[]): number {
    if (at >= all.length) return at;
    const first = all[at]!;
    if (!this.#skipping && first > ZERO && first <= NINE) return this.#counted(all, at, found);
    const end = all.indexOf(LF, at);
    if (end < 0) return at;
    if (!this.#skipping && end > at) {
      if (end - at > this.#limit) this.refused += 1;
      else found.push(all.toString('utf8', at, end));
    }
    this.#skipping = false;
    return end + 1;
  }

  #counted(all: Buffer, at: number, found: string[]): number {
    let count = 0;
    let digit = at;
    for (; digit < all.length && all[digit]! >= ZERO && all[digit]! <= NINE && digit - at < 8; digit++)
      count = count * 10 + all[digit]! - ZERO;
    if (digit >= all.length) return at;
    if (all[digit] !== SPACE || count > this.#limit) {
      this.refused += 1;
      this.#skipping = true;
      return digit;
    }
    const end = digit + 1 + count;
    if (end > all.length) return at;
    found.push(all.toString('utf8', digit + 1, end));
    return end;
  }
}
