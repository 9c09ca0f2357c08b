import { isWord, joined, VARIABLE } from './line-tokens.ts';

/** Lines of one pattern. When patterns turn out to be one, the newer ones get the older as `parent`. */
export interface Family {
  /** Made of the tokens that the oldest of its lines had. */
  id: string;
  tokens: readonly string[];
  /** Some of its variables were shown to be such by the words that stood there: one more word needs no proof. */
  proven: boolean;
  parent: Family | null;
}

/** Words in one place, all else equal, from which on the place is a variable rather than a choice between patterns. */
const WORDS = 5;
/** As many when a line had an unmistakable variable in that place. */
const WORDS_BESIDE_VARIABLE = 3;
/** Names of states and kinds, in capitals: people mean them as patterns of their own. */
const CONSTANTS = 30;
export const CONSTANT = /^[A-Z_]+$/;
const CONSTANT_SHARE = 0.7;
/** Other words that two lines need in common; a line that begins differently needs more. */
const COMMON_WORDS = 1;
const COMMON_WORDS_FIRST = 3;
const ROUNDS = 6;
/** Longest stretch of tokens that may be one value. */
const MAX_VALUE = 5;
const MIN_COMMON_TOKENS = 3;
const MIN_ABSORBING_WORDS = 2;

const text = (tokens: readonly string[]): string => tokens.join(' ');
const wordsIn = (tokens: readonly string[], except = -1): number => {
  let count = 0;
  for (let at = 0; at < tokens.length; at++)
    if (at !== except && tokens[at]!.length > 1 && isWord(tokens[at]!)) count++;
  return count;
};

/** Families looked at between two places where other work may have its turn; a few ms. */
const TURN = 128;

/** A piece of work that lets others have their turn where it yields. */
type Work<T> = Generator<void, T>;

/**
 * Finds families that are one pattern and joins them: a place that takes many words is a variable; so is the value of a key
 * that is one elsewhere; so is a short stretch where another line has a variable. O(tokens of all families) a round.
 * Families may be added elsewhere meanwhile; those are for the next time.
 */
export function* joinFamilies(families: readonly Family[]): Work<void> {
  let live = alive(families);
  for (let round = 0; round < ROUNDS; round++) {
    const before = live.length;
    live = yield* joinWords(live);
    live = yield* unify(live);
    if (live.length === before) break;
  }
  live = yield* joinValues(live);
  for (let round = 0; round < ROUNDS; round++) {
    const before = live.length;
    live = yield* absorb(live);
    if (live.length === before) break;
  }
}

/** All items, with a yield now and then. */
function* inTurns<T>(items: Iterable<T>, work: (item: T) => void): Work<void> {
  let count = 0;
  for (const item of items) {
    work(item);
    count += 1;
    if (count % TURN === 0) yield;
  }
}

const alive = (families: readonly Family[]): Family[] => families.filter(({ parent }) => parent === null);

/** Families with the same tokens become one. */
function* unify(families: readonly Family[]): Work<Family[]> {
  const known = new Map<string, Family>();
  yield* inTurns(families, (family) => {
    const key = text(family.tokens);
    const older = known.get(key);
    if (older === undefined) known.set(key, family);
    else family.parent = older;
  });
  return alive(families);
}

interface Place {
  readonly at: number;
  readonly families: Family[];
}

function* joinWords(families: readonly Family[]): Work<Family[]> {
  const places = new Map<string, Place>();
  yield* inTurns(families, (family) => addPlaces(places, family));
  const many: Place[] = [];
  yield* inTurns(places.values(), (place) => {
    if (isVariable(place)) many.push(place);
  });
  const changed = new Set<Family>();
  for (const { at, families: candidates } of many.toSorted((a, b) => b.families.length - a.families.length)) {
    const [first, ...rest] = candidates.filter((family) => family.parent === null && !changed.has(family));
    if (first === undefined || rest.length === 0) continue;
    changed.add(first);
    for (const family of rest) family.parent = first;
    first.tokens = joined(first.tokens.with(at, VARIABLE));
    first.proven = true;
  }
  return alive(families);
}

function addPlaces(places: Map<string, Place>, family: Family): void {
  for (let at = 0; at < family.tokens.length; at++) {
    const token = family.tokens[at]!;
    if (token !== VARIABLE && !isWord(token)) continue;
    const key = `${at} ${text(family.tokens.with(at, VARIABLE))}`;
    const place = places.get(key);
    if (place === undefined) places.set(key, { at, families: [family] });
    else place.families.push(family);
  }
}

/** Whether what stands in a place is a value. */
function isVariable({ at, families }: Place): boolean {
  if (families.length < 2) return false;
  if (wordsIn(families[0]!.tokens, at) < (at === 0 ? COMMON_WORDS_FIRST : COMMON_WORDS)) return false;
  const words = new Set(families.map(({ tokens }) => tokens[at]!));
  let constants = 0;
  for (const word of words) if (CONSTANT.test(word)) constants += 1;
  if (constants > CONSTANT_SHARE * words.size) return words.size >= CONSTANTS;
  if (families.some(({ proven, tokens }) => proven && tokens[at] === VARIABLE)) return true;
  return words.size >= (words.has(VARIABLE) ? WORDS_BESIDE_VARIABLE : WORDS);
}

const ENDS_VALUE = new Set([',', ';', ')', '}', ']', '|']);
const OPENS = new Set(['(', '[', '{']);
const CLOSES = new Set([')', ']', '}']);
const YES_OR_NO = /^(?:true|false|yes|no|on|off|)$/i;
const HOLE = '\u0001';

/** Tokens with a hole for the value of each `key=`, and those values. */
function keysAndValues(tokens: readonly string[]): { readonly keys: string; readonly values: readonly string[] } {
  const keys: string[] = [];
  const values: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    keys.push(tokens[at]!);
    if (tokens[at] !== '=' || at === 0) continue;
    const end = endOfValue(tokens, at + 1);
    values.push(text(tokens.slice(at + 1, end)));
    keys.push(HOLE);
    at = end - 1;
  }
  return { keys: text(keys), values };
}

function endOfValue(tokens: readonly string[], from: number): number {
  let depth = 0;
  let at = from;
  for (; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (depth === 0 && (ENDS_VALUE.has(token) || tokens[at + 1] === '=')) break;
    if (OPENS.has(token)) depth += 1;
    else if (CLOSES.has(token)) depth -= 1;
  }
  return at;
}

/** A key whose value is a variable in one line, or many words over all, has a variable in every line. */
function* joinValues(families: readonly Family[]): Work<Family[]> {
  const alike = new Map<string, Keyed[]>();
  yield* inTurns(families, (family) => {
    const { keys, values } = keysAndValues(family.tokens);
    if (values.length === 0) return;
    const same = alike.get(keys);
    if (same === undefined) alike.set(keys, [{ family, values }]);
    else same.push({ family, values });
  });
  yield* inTurns(alike.values(), joinKeyed);
  return alive(families);
}

interface Keyed {
  readonly family: Family;
  readonly values: readonly string[];
}

function joinKeyed(same: readonly Keyed[]): void {
  if (same.length < 2) return;
  const varies = same[0]!.values.map((_, key) => isValue(same.map(({ values }) => values[key]!)));
  const known = new Map<string, Family>();
  for (const { family, values } of same) {
    // A value that is not there at all is a pattern of its own.
    const key = values.map((value, at) => (varies[at] && value !== '' ? VARIABLE : value)).join('\u0002');
    const older = known.get(key);
    if (older === undefined) known.set(key, family);
    else family.parent = older;
  }
}

function isValue(values: readonly string[]): boolean {
  const different = new Set(values);
  if (different.size < 2) return false;
  if (values.some((value) => value.includes(VARIABLE))) return true;
  return [...different].filter((value) => !YES_OR_NO.test(value)).length >= WORDS;
}

const PUNCTUATION = /^(?:[:,.()[\]{}<>@#/|-]+|\*)$/;

/** A stretch that another family has a variable in place of is that variable, when it holds one itself. */
function* absorb(families: readonly Family[]): Work<Family[]> {
  const around = new Map<string, Family>();
  const bySize = families.toSorted((a, b) => a.tokens.length - b.tokens.length);
  yield* inTurns(bySize, (family) => {
    family.tokens.forEach((token, at) => {
      if (token !== VARIABLE) return;
      const key = surroundings(family.tokens, at, 1);
      if (!around.has(key)) around.set(key, family);
    });
  });
  yield* inTurns(bySize, (family) => {
    const into = absorber(family, around);
    if (into !== null) family.parent = into;
  });
  return alive(families);
}

const surroundings = (tokens: readonly string[], at: number, length: number): string =>
  `${text(tokens.slice(0, at))}\u0002${text(tokens.slice(at + length))}`;

function absorber({ tokens }: Family, around: ReadonlyMap<string, Family>): Family | null {
  for (let at = 0; at < tokens.length; at++)
    for (let length = 2; length <= MAX_VALUE && at + length <= tokens.length; length++) {
      if (tokens.length - length < MIN_COMMON_TOKENS || !isOneValue(tokens.slice(at, at + length))) continue;
      const found = around.get(surroundings(tokens, at, length));
      if (found !== undefined && found.parent === null && wordsIn(found.tokens) >= MIN_ABSORBING_WORDS) return found;
    }
  return null;
}

/** What begins with a variable is a variable with something added, which says something. */
const isOneValue = (tokens: readonly string[]): boolean =>
  tokens[0] !== VARIABLE &&
  tokens.includes(VARIABLE) &&
  tokens.filter(isWord).length <= 1 &&
  tokens.every((token) => token === VARIABLE || isWord(token) || PUNCTUATION.test(token));
