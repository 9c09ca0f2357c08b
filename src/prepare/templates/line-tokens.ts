/** Stands for whatever differs from line to line. */
export const VARIABLE = '<*>';

/** Longest quoted text that counts as one value, characters. */
const MAX_QUOTED = 400;
/** Tokens of one line that are looked at; what follows is one variable. */
const MAX_TOKENS = 256;

/** Classes of characters: blanks part words, marks are tokens of their own, words are made of the rest (0). */
export const BLANK = 1;
export const MARKS = 2;
const CLASS = new Uint8Array(128);
for (const char of ' \t\r\n\v\f') CLASS[char.charCodeAt(0)] = BLANK;
for (const char of '=:,;()[]{}<>"\'|') CLASS[char.charCodeAt(0)] = MARKS;

export const classOf = (code: number): number => (code < 128 ? CLASS[code]! : 0);

/** Between two variables these only join parts of one value. */
const JOINTS = new Set([':', ',', '.', '-', '/', '_', ';', '|', '@', '#', '+', '*', '&', '%', '~']);
/** A measured number is one value together with its unit. */
const UNITS = new Set(['KB', 'MB', 'GB', 'TB', 'kB', 'KiB', 'MiB', 'GiB', 'B', 'bytes', 'ms', 'us', 'ns']);
const WEEKDAY = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?$/i;
const MONTH = /^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*$/i;
/** What a request does says what happened; the rest of a quoted request line is a value. */
const METHOD = /^(?:GET|POST|PUT|DELETE|HEAD|PATCH|OPTIONS) /;
/** Dotted names of classes, packages and hosts. One that ends in capitals is a constant, and those are few. */
const DOTTED = /^[A-Za-z_$][\w$]*(?:[./$-]+[\w$]+)*$/;
const CAPITALS = /\.[A-Z_]+$/;
const HEX = /^[0-9a-f]{8,}$/i;

/**
 * The text of a log line, without its header, as tokens: words, marks (`=`, `:`, brackets, quotes) and `VARIABLE` for what
 * cannot be part of a pattern: whatever holds a digit, paths, dotted names, long hexadecimals, quoted text. Variables
 * with nothing between them but punctuation become one, so that a list is one value however long it is. O(length).
 */
export function lineTokens(text: string): string[] {
  const out: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (out.length >= MAX_TOKENS) {
      push(out, VARIABLE);
      break;
    }
    const kind = classOf(text.charCodeAt(at));
    if (kind === BLANK) at += 1;
    else if (kind === MARKS) at = takeMark(text, at, out);
    else at = takeWord(text, at, out);
  }
  return out;
}

/** Where the quotation mark is that ends what is quoted from `at` on; -1 when it is no quoted value. */
export function quoteEnd(text: string, at: number): number {
  const end = text.indexOf('"', at + 1);
  return end > 0 && end - at <= MAX_QUOTED && !METHOD.test(text.slice(at + 1, at + 9)) ? end : -1;
}

function takeMark(text: string, at: number, out: string[]): number {
  const mark = text[at]!;
  if (mark === '"') {
    const end = quoteEnd(text, at);
    if (end > 0) {
      out.push('"', VARIABLE, '"');
      return end + 1;
    }
  }
  out.push(mark);
  return at + 1;
}

function takeWord(text: string, from: number, out: string[]): number {
  let at = from;
  let digits = false;
  let dots = 0;
  let slashes = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (classOf(code) !== 0) break;
    if (code >= 48 && code <= 57) digits = true;
    else if (code === 46) dots += 1;
    else if (code === 47 || code === 92) slashes += 1;
  }
  if (digits) push(out, VARIABLE);
  else pushWord(out, text.slice(from, at), dots, slashes);
  return at;
}

function pushWord(out: string[], word: string, dots: number, slashes: number): void {
  const before = out.at(-1) ?? '';
  if (isPath(word, slashes)) {
    // The drive before it, `C:`, belongs to it.
    if (word[0] === '\\' && before === ':' && out.at(-2)?.length === 1) out.length -= 2;
    push(out, VARIABLE);
  } else if (isName(word, dots)) push(out, VARIABLE);
  else if (before === VARIABLE && UNITS.has(word)) return;
  else if (MONTH.test(word) && WEEKDAY.test(before)) {
    out.length -= 1;
    push(out, VARIABLE);
  } else out.push(word);
}

const isName = (word: string, dots: number): boolean =>
  dots >= 2 ? DOTTED.test(word) && !CAPITALS.test(word) : word.length >= 8 && HEX.test(word);

const isPath = (word: string, slashes: number): boolean =>
  word.length > 1 && slashes > 0 && (slashes > 1 || word[0] === '/' || word[0] === '\\');

function push(out: string[], token: string): void {
  let end = out.length;
  while (end > 0 && JOINTS.has(out[end - 1]!)) end -= 1;
  if (end > 0 && out[end - 1] === VARIABLE) out.length = end;
  else out.push(token);
}

/** Makes variables that have come to stand side by side one; for tokens of which some were made variable later. */
export function joined(tokens: readonly string[]): string[] {
  const out: string[] = [];
  for (const token of tokens)
    if (token === VARIABLE) push(out, token);
    else out.push(token);
  return out;
}

/** True for what can carry meaning: a word, not a mark or a variable. */
export const isWord = (token: string): boolean => token !== VARIABLE && /[A-Za-z\u0080-\uffff]/.test(token);
