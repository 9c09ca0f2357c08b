import { createHash } from 'node:crypto';
import { lineTokens, VARIABLE } from './line-tokens.ts';
import { type Family, joinFamilies } from './template-families.ts';

/** The pattern of many log lines. */
export interface LogTemplate {
  /** Made of the pattern's text, so that it is the same after a restart and in every process. */
  readonly id: string;
  /** Words and marks with `<*>` for what differs, separated by blanks. */
  readonly text: string;
}

/** Patterns that are told apart, joined ones included; lines of new ones beyond that count by their first words. */
const MAX_FAMILIES = 20_000;
const COARSE_WORDS = 2;
/**
 * Finds the patterns of log lines, one line at a time, in bounded memory. Lines are told apart by their words; patterns
 * that turn out to be one are joined, now and then or when asked. A line keeps its number; what it stands for is asked
 * with `template` and may have been joined with another since.
 *
 * Beside Drain (He et al., 2017), which fixes a tree over the first words and merges by the share of equal words: here
 * two lines differ in a word only when that word can be shown to be a value, by how many others stand in its place.
 */
export class TemplateMiner {
  readonly #families: Family[] = [];
  readonly #numbers = new Map<string, number>();
  #joinedAt = 0;

  /** Number of lines' patterns seen, joined or not. */
  get size(): number {
    return this.#families.length;
  }

  /** The pattern number of a line's text (without its header). */
  add(text: string): number {
    const tokens = lineTokens(text);
    const key = tokens.join(' ');
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    return this.#families.length >= MAX_FAMILIES ? this.#coarse(tokens) : this.#insert(key, tokens);
  }

  /** Patterns since the last joining. */
  get unjoined(): number {
    return this.#families.length - this.#joinedAt;
  }

  /** Joins what has turned out to be one pattern, with a yield every few ms; lines may be added meanwhile. */
  *join(): Generator<void, void> {
    const upTo = this.#families.length;
    yield* joinFamilies(this.#families.slice());
    this.#joinedAt = upTo;
  }

  /** What a pattern number stands for now. Throws `RangeError` on a number that `add` did not give. */
  template(number: number): LogTemplate {
    let family = this.#families[number];
    if (family === undefined) throw new RangeError(`no pattern has the number ${number}`);
    while (family.parent !== null) family = family.parent;
    const text = family.tokens.join(' ');
    return { id: createHash('sha256').update(text).digest('hex').slice(0, 12), text };
  }

  #insert(key: string, tokens: readonly string[]): number {
    const number = this.#families.length;
    this.#families.push({ tokens, proven: false, parent: null });
    this.#numbers.set(key, number);
    return number;
  }

  #coarse(tokens: readonly string[]): number {
    const short = [...tokens.slice(0, COARSE_WORDS), VARIABLE];
    const key = short.join(' ');
    // Random first words fill this table too: what then still is new counts as one.
    const last = this.#families.length >= 1.1 * MAX_FAMILIES ? VARIABLE : key;
    return this.#numbers.get(last) ?? this.#insert(last, last === key ? short : [VARIABLE]);
  }
}
