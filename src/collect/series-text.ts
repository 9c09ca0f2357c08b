import type { Labels } from '../model/labels.ts';

/** Why a line is not valid; the words for it are in `text/` under `collect`. */
export type SyntaxFault =
  | 'name'
  | 'label_name'
  | 'label_equals'
  | 'label_quote'
  | 'label_unclosed'
  | 'label_separator'
  | 'label_repeated'
  | 'value'
  | 'timestamp'
  | 'trailing'
  | 'metadata'
  | 'after_eof'
  | 'no_eof'
  | 'json'
  | 'json_shape';

export interface ParsedSeries {
  readonly name: string;
  readonly labels: Labels;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const ESCAPE = /\\(["\\n])/g;

/** Only these three are escapes; any other backslash stands for itself, as in Prometheus. */
const unescape = (value: string): string =>
  value.includes('\\') ? value.replace(ESCAPE, (_whole, c: string) => (c === 'n' ? '\n' : c)) : value;

/** Reads tokens off a series' text. Methods return undefined when what they look for is not there. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    this.blanks();
    return this.#at >= this.#text.length;
  }

  blanks(): void {
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t') this.#at += 1;
  }

  take(char: string): boolean {
    this.blanks();
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  word(pattern: RegExp): string | undefined {
    this.blanks();
    const found = pattern.exec(this.#text.slice(this.#at))?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** A string in double quotes; undefined when there is no quote, null when it does not end. */
  quoted(): string | null | undefined {
    this.blanks();
    const text = this.#text;
    if (text[this.#at] !== '"') return undefined;
    let end = this.#at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    if (end >= text.length) return null;
    const inside = text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return unescape(inside);
  }
}

/** One `name="value"` between braces, or the quoted metric name that Prometheus 3 allows there. */
function readItem(reader: Reader, labels: Map<string, string>): { metric: string } | SyntaxFault | undefined {
  const quotedName = reader.quoted();
  if (quotedName === null) return 'label_unclosed';
  const label = quotedName ?? reader.word(LABEL_NAME);
  if (label === undefined || label === '') return 'label_name';
  if (!reader.take('=')) return quotedName === undefined ? 'label_equals' : { metric: quotedName };
  const value = reader.quoted();
  if (value === undefined) return 'label_quote';
  if (value === null) return 'label_unclosed';
  if (labels.has(label) || label === '__name__') return 'label_repeated';
  labels.set(label, value);
  return undefined;
}

/**
 * Parses the part of a line before its value: `name`, `name{a="b"}` or `{"any name", a="b"}`. Label values keep every
 * character but the escapes. Labels with an empty value are left out, as they mean the same as no label.
 */
export function parseSeriesText(text: string): ParsedSeries | SyntaxFault {
  const reader = new Reader(text);
  let name = reader.word(NAME);
  const labels = new Map<string, string>();
  if (reader.take('{')) {
    while (!reader.take('}')) {
      const item = readItem(reader, labels);
      if (typeof item === 'string') return item;
      if (item !== undefined) {
        if (name !== undefined) return 'label_equals';
        name = item.metric;
      }
      if (reader.take(',')) continue;
      if (!reader.take('}')) return reader.done ? 'label_unclosed' : 'label_separator';
      break;
    }
  }
  if (name === undefined) return 'name';
  if (!reader.done) return 'trailing';
  const filled = [...labels].filter(([, value]) => value !== '');
  return { name, labels: Object.fromEntries(filled) };
}
