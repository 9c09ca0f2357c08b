import { createHash } from 'node:crypto';
import { lineTokens, VARIABLE } from './line-tokens.ts';
import { KnownShapes } from './known-shapes.ts';
import { ProvenPatterns } from './proven-patterns.ts';
import { type Family, joinFamilies } from './template-families.ts';

/** The pattern of many log lines. */
export interface LogTemplate {
  /** Made of how its first line looked, and kept when it turns out to be more general: the same after a restart and in every process. */
  readonly id: string;
  /** Words and marks with `<*>` for what differs, separated by blanks. */
  readonly text: string;
}

/** Patterns that are told apart, joined ones included; lines of new ones beyond that count by their first words. */
const MAX_FAMILIES = 20_000;
/** Spellings of lines that are remembered with their pattern. */
const MAX_NUMBERS = 3 * MAX_FAMILIES;
const COARSE_WORDS = 2;

const idOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/**
 * Finds the patterns of log lines, one line at a time, in bounded memory. Lines are told apart by their words; patterns
 * that turn out to be one are joined, now and then or when asked, and have the id of the oldest of them. A line keeps its
 * number; what it stands for is asked with `template` and may have been joined with another since.
 *
 * Beside Drain (He et al., 2017), which fixes a tree over the first words and merges by the share of equal words: here
 * two lines differ in a word only when that word can be shown to be a value, by how many others stand in its place.
 */
export class TemplateMiner {
  readonly #families: Family[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #proven = new ProvenPatterns();
  readonly #shapes = new KnownShapes();
  /** What numbers stand for, as far as it was asked since the last joining. */
  #templates: LogTemplate[] = [];
  #joinedAt = 0;
  readonly #joined = new Map<string, string>();
  #joins = 0;

  /** Number of lines' patterns seen, joined or not. */
  get size(): number {
    return this.#families.length;
  }

  /** Ids that patterns had before they were joined with others, and those that they have now. */
  get joined(): ReadonlyMap<string, string> {
    return this.#joined;
  }

  /** How often ids were joined; as long as it stays, `joined` does. */
  get joins(): number {
    return this.#joins;
  }

  /** Takes ids that were joined before, also those that another process has joined. */
  restoreJoined(pairs: Iterable<readonly [string, string]>): void {
    for (const [from, to] of pairs) this.#rename(from, to);
  }

  /** The pattern number of a line's text (without its header). */
  add(text: string): number {
    const shaped = this.#shapes.find(text);
    if (shaped >= 0) return shaped;
    const tokens = lineTokens(text);
    const key = tokens.join(' ');
    const number = this.#numbers.get(key) ?? this.#match(key, tokens) ?? this.#meet(key, tokens);
    // Only what is remembered by its key has the same number whenever it comes.
    if (this.#numbers.has(key)) this.#shapes.remember(number);
    return number;
  }

  #meet(key: string, tokens: readonly string[]): number {
    // What is kept are pieces of the key, which is kept too, and not of the line, which may be part of a far larger text.
    return this.#families.length >= MAX_FAMILIES ? this.#coarse(tokens) : this.#insert(key, key.split(' '));
  }

  /**
   * Takes patterns that were found before, the oldest first, with their ids. One that has become more general since its
   * first line was joined from several, so that lines like theirs are of it at once.
   */
  restore(templates: readonly LogTemplate[]): void {
    const isJoined = ({ id, text }: LogTemplate): boolean => id !== idOf(text);
    // Those that were joined first: what is in one of them is no pattern of its own any more.
    for (const { id, text } of [...templates.filter(isJoined), ...templates.filter((one) => !isJoined(one))]) {
      const tokens = text.split(' ');
      if (this.#numbers.has(text) || this.#match(text, tokens) !== undefined) continue;
      if (this.#families.length >= MAX_FAMILIES) return;
      const number = this.#insert(text, tokens, id);
      this.#families[number]!.proven = id !== idOf(text);
      if (this.#families[number]!.proven) this.#proven.add(tokens, number);
    }
    this.#joinedAt = this.#families.length;
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
    this.#name();
  }

  /** What a pattern number stands for now. Throws `RangeError` on a number that `add` did not give. */
  template(number: number): LogTemplate {
    const known = this.#templates[number];
    if (known !== undefined) return known;
    const family = this.#families[number];
    if (family === undefined) throw new RangeError(`no pattern has the number ${number}`);
    const { id, tokens } = rootOf(family);
    return (this.#templates[number] = { id, text: tokens.join(' ') });
  }

  /** Every pattern as it is now. */
  *templates(): Generator<LogTemplate, void> {
    for (const family of this.#families)
      if (family.parent === null) yield { id: family.id, text: family.tokens.join(' ') };
  }

  /** A pattern has the id of its oldest line. */
  #name(): void {
    const named = new Set<Family>();
    const before = this.#families.map(({ id }) => id);
    this.#proven.clear();
    this.#templates = [];
    this.#families.forEach((family, number) => {
      const root = rootOf(family);
      if (!named.has(root)) root.id = family.id;
      named.add(root);
      if (family === root && root.proven) this.#proven.add(root.tokens, number);
    });
    this.#families.forEach((family, number) => this.#rename(before[number]!, rootOf(family).id));
  }

  /**
   * Settles which id a pattern has that others have found too: of all ids that one text has the smallest, so that everybody
   * comes to the same, whatever came first. An id of a pattern that is only a case of one of ours is that one's.
   */
  agree(templates: readonly LogTemplate[]): void {
    const oldest = new Map<Family, Family>();
    for (const family of this.#families) if (!oldest.has(rootOf(family))) oldest.set(rootOf(family), family);
    for (const { id, text } of templates) {
      const tokens = text.split(' ');
      const number = this.#proven.find(tokens) ?? this.#numbers.get(text);
      const root = number === undefined ? null : rootOf(this.#families[number]!);
      if (root === null || root.id === id) continue;
      const before = root.id;
      if (id < before && root.tokens.join(' ') === text) root.id = oldest.get(root)!.id = id;
      this.#joined.delete(root.id);
      this.#rename(root.id === id ? before : id, root.id);
    }
    this.#templates = [];
  }

  #rename(from: string, to: string): void {
    if (from === to || this.#joined.get(from) === to || this.#joined.size >= MAX_NUMBERS) return;
    // A pattern never becomes part of itself, whatever another process has made of it.
    const last = this.#joined.get(to) ?? to;
    if (last === from) return;
    this.#joined.set(from, last);
    this.#joins += 1;
    for (const [older, now] of this.#joined) if (now === from) this.#joined.set(older, last);
  }

  #match(key: string, tokens: readonly string[]): number | undefined {
    const number = this.#proven.find(tokens);
    if (number !== null && this.#numbers.size < MAX_NUMBERS) this.#numbers.set(key, number);
    return number ?? undefined;
  }

  #insert(key: string, tokens: readonly string[], id = idOf(key)): number {
    const number = this.#families.length;
    this.#families.push({ id, tokens, proven: false, parent: null });
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

function rootOf(family: Family): Family {
  let root = family;
  while (root.parent !== null) root = root.parent;
  return root;
}
