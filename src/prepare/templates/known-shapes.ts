import { BLANK, classOf, MARKS, quoteEnd } from './line-tokens.ts';

/** Slots of the table; a power of two. */
const SLOTS = 1 << 16;
/** What stands for a word with a digit, and for quoted text: codes that no character has. */
const NUMBERED = 0x1_0000;
const QUOTED = 0x1_0001;

/** Offset and primes of FNV-1a and of Murmur's mixing, as two hashes that have nothing to do with each other. */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const OTHER_OFFSET = 0x9747b28c;
const OTHER_PRIME = 0x5bd1e995;

/**
 * Remembers the numbers of lines by their shape: the line with every word that holds a digit, and everything quoted, as
 * the same sign. Lines of one shape have the same tokens, so that most lines need no tokens. A shape is known by
 * 64 bits of hash; two of 65,536 meet by chance once in ten thousand million such tables. O(length), 768 KiB.
 */
export class KnownShapes {
  readonly #first = new Int32Array(SLOTS);
  readonly #second = new Int32Array(SLOTS);
  readonly #numbers = new Int32Array(SLOTS).fill(-1);
  /** Of the line that was looked for last. */
  #one = 0;
  #two = 0;

  /** The number that a line of this shape had; -1 when none is remembered. */
  find(text: string): number {
    this.#hash(text);
    const slot = this.#one & (SLOTS - 1);
    return this.#first[slot] === this.#one && this.#second[slot] === this.#two ? this.#numbers[slot]! : -1;
  }

  /** Remembers the number of the line that was looked for last. */
  remember(number: number): void {
    const slot = this.#one & (SLOTS - 1);
    this.#first[slot] = this.#one;
    this.#second[slot] = this.#two;
    this.#numbers[slot] = number;
  }

  #hash(text: string): void {
    let one = FNV_OFFSET | 0;
    let two = OTHER_OFFSET | 0;
    let at = 0;
    const end = text.length;
    while (at < end) {
      let code = text.charCodeAt(at);
      const kind = classOf(code);
      if (kind === BLANK) {
        code = 32;
        at += 1;
      } else if (kind === MARKS) {
        const quoted = code === 34 ? quoteEnd(text, at) : -1;
        if (quoted >= 0) code = QUOTED;
        at = quoted >= 0 ? quoted + 1 : at + 1;
      } else {
        // As for any word, and then taken back where it holds a digit.
        const [before, other] = [one, two];
        let digits = false;
        do {
          if (code >= 48 && code <= 57) digits = true;
          one = Math.imul(one ^ code, FNV_PRIME);
          two = Math.imul(two ^ code, OTHER_PRIME);
          two ^= two >>> 15;
          at += 1;
          if (at >= end) break;
          code = text.charCodeAt(at);
        } while (classOf(code) === 0);
        if (!digits) continue;
        one = before;
        two = other;
        code = NUMBERED;
      }
      one = Math.imul(one ^ code, FNV_PRIME);
      two = Math.imul(two ^ code, OTHER_PRIME);
      two ^= two >>> 15;
    }
    // The low bits name the slot: the high ones go into them.
    this.#one = one ^ (one >>> 15);
    this.#two = two;
  }
}
