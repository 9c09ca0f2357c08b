/** Bytes that mean something in an exposition. */
export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const QUOTE = 34;
export const HASH = 35;
export const COMMA = 44;
export const OPEN = 123;
export const BACKSLASH = 92;
export const CLOSE = 125;

export function skipBlanks(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === SPACE || bytes[at] === TAB) at += 1;
  return at;
}

/** Where the series of a line ends: after the closing brace, else after the name. Braces in quotes do not count. */
export function seriesEnd(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && !isBreak(bytes[at]!)) at += 1;
  const afterName = at;
  at = skipBlanks(bytes, at);
  if (bytes[at] !== OPEN) return afterName;
  let quoted = false;
  for (; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) quoted = !quoted;
    else if (quoted && byte === BACKSLASH) at += 1;
    else if (!quoted && byte === CLOSE) return at + 1;
  }
  return end;
}

const isBreak = (byte: number): boolean =>
  byte === SPACE || byte === TAB || byte === OPEN || byte === CR || byte === COMMA;
