/** Longest pattern that is taken, characters. */
const MAX_PATTERN = 2_048;

const POSIX: Readonly<Record<string, string>> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  ascii: '\\x00-\\x7f',
  blank: ' \\t',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  word: '\\w',
  xdigit: '0-9a-fA-F',
};

const QUANTIFIER = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/;
/** A repetition without end: what makes a pattern that backtracks explode when it stands inside another. */
const ENDLESS = /^(?:[*+]|\{\d+,\})/;

interface Reading {
  readonly text: string;
  at: number;
  out: string;
  /** One a group that is open: whether it holds a repetition without end. */
  readonly open: boolean[];
}

const refuse = (why: string): never => {
  throw new SyntaxError(why);
};

/** `[…]`, with the classes of POSIX written out. */
function readClass(reading: Reading): void {
  const { text } = reading;
  let at = reading.at + 1;
  let out = '[';
  if (text[at] === '^') out += text[at++];
  // A bracket that closes stands for itself at the beginning.
  if (text[at] === ']') {
    out += '\\]';
    at += 1;
  }
  for (; at < text.length && text[at] !== ']'; at += 1) {
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(text.slice(at, at + 16));
    if (posix !== null) {
      const members = POSIX[posix[2] ?? ''];
      if (members === undefined || posix[1] === '^') refuse(`the class ${posix[0]} is not known`);
      out += members;
      at += posix[0].length - 1;
    } else if (text[at] === '\\') {
      out += text.slice(at, at + 2);
      at += 1;
    } else {
      out += text[at] === '[' ? '\\[' : text[at];
    }
  }
  if (at >= text.length) refuse('a "[" is not closed');
  reading.out += `${out}]`;
  reading.at = at + 1;
}

function readEscape(reading: Reading): void {
  const next = reading.text[reading.at + 1];
  if (next === undefined) return refuse('it ends with a backslash');
  if (/[1-9k]/.test(next)) return refuse('references back are not known to RE2');
  if (next === 'Q') {
    const end = reading.text.indexOf('\\E', reading.at + 2);
    const literal = reading.text.slice(reading.at + 2, end < 0 ? undefined : end);
    reading.out += literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    reading.at += 2 + literal.length + (end < 0 ? 0 : 2);
    return;
  }
  // Begin and end of the text, and a bell, which JavaScript writes otherwise.
  reading.out += { A: '^', z: '$', a: '\\x07' }[next] ?? `\\${next}`;
  reading.at += 2;
}

function openGroup(reading: Reading): void {
  const rest = reading.text.slice(reading.at);
  const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest);
  const head = named?.[0] ?? (rest.startsWith('(?:') ? '(?:' : '(');
  if (head === '(' && rest.startsWith('(?')) refuse('"(?" is taken for (?:…), (?P<name>…) and flags at the start only');
  reading.out += named === null ? head : `(?<${named[1]}>`;
  reading.open.push(false);
  reading.at += head.length;
}

/** A quantifier after something that does (`nested`) or does not hold a repetition without end. */
function readQuantifier(reading: Reading, nested: boolean): void {
  const found = QUANTIFIER.exec(reading.text.slice(reading.at))?.[0];
  if (found === undefined) {
    if (nested) markEndless(reading);
    return;
  }
  const endless = ENDLESS.test(found);
  if (endless && nested) refuse('a repetition without end stands inside another');
  if (endless || nested) markEndless(reading);
  reading.out += found;
  reading.at += found.length;
}

function markEndless({ open }: Reading): void {
  if (open.length > 0) open[open.length - 1] = true;
}

function step(reading: Reading): void {
  const character = reading.text[reading.at] ?? '';
  if (character === '(') return openGroup(reading);
  let nested = false;
  if (character === '[') readClass(reading);
  else if (character === '\\') readEscape(reading);
  else {
    if (character === ')') nested = reading.open.pop() ?? refuse('a ")" is too many');
    reading.out += character === '/' ? '\\/' : character;
    reading.at += 1;
  }
  if (character !== '|' && character !== '^') readQuantifier(reading, nested);
}

/**
 * A pattern in the language of RE2, as Prometheus takes it: for the whole text, `.` also for line ends. Differences,
 * for want of RE2: flags are taken at the start only, and a repetition without end inside another (`(a+)+`) is refused, as
 * JavaScript goes back over it for ever. Throws a SyntaxError that says why.
 */
export function anchoredPattern(pattern: string): RegExp {
  if (pattern.length > MAX_PATTERN) refuse(`it has more than ${MAX_PATTERN} characters`);
  const flags = /^\(\?([ims]+)\)/.exec(pattern);
  const reading: Reading = { text: pattern, at: flags?.[0].length ?? 0, out: '', open: [] };
  while (reading.at < pattern.length) step(reading);
  if (reading.open.length > 0) refuse('a "(" is not closed');
  const given = flags?.[1] ?? '';
  return new RegExp(`^(?:${reading.out})$`, `s${given.includes('i') ? 'i' : ''}`);
}
