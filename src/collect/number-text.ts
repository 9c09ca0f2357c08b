/** What a number parser found: `at` is where it stopped, -1 when there is no number. One object, reused. */
export interface NumberCursor {
  at: number;
}

const POWERS = Float64Array.from({ length: 23 }, (_, i) => 10 ** i);
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const WORDS: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
  ['infinity', Infinity],
  ['+infinity', Infinity],
  ['-infinity', -Infinity],
]);
/** Longest spelling of a number that is read: a float64 needs at most 24 characters, some writers pad with zeros. */
const MAX_LENGTH = 400;

/** True for what may follow a number: blank, tab, CR, LF. */
const ends = (byte: number | undefined): boolean =>
  byte === undefined || byte === 32 || byte === 9 || byte === 10 || byte === 13;

/** Anything but plain digits: exponents, many digits, `NaN`, `+Inf`. */
function slowNumber(bytes: Buffer, start: number, cursor: NumberCursor): number {
  let end = start;
  while (!ends(bytes[end]) && end - start <= MAX_LENGTH) end += 1;
  const text = bytes.toString('latin1', start, end);
  const word = WORDS.get(text.toLowerCase());
  if (word === undefined && !DECIMAL.test(text)) {
    cursor.at = -1;
    return 0;
  }
  cursor.at = end;
  return word ?? Number(text);
}

const digit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;

/** `e+09` at `at`: the exponent, with the cursor after it; NaN for anything that is not two digits at most. */
function readExponent(bytes: Buffer, at: number, cursor: NumberCursor): number {
  const sign = bytes[at + 1];
  let from = at + 1;
  if (sign === 43 || sign === 45) from += 1;
  if (!digit(bytes[from])) return Number.NaN;
  let exponent = bytes[from]! - 48;
  from += 1;
  if (digit(bytes[from])) {
    exponent = exponent * 10 + (bytes[from]! - 48);
    from += 1;
  }
  cursor.at = from;
  return sign === 45 ? -exponent : exponent;
}

/**
 * Reads the number that starts at `start` and ends at a blank or the end of line or buffer. Correctly rounded: up to
 * 15 digits are exact in a float64, and so is a power of ten up to 22, hence their product or quotient is rounded once
 * (Clinger, 1990); everything else goes the slow way. Hexadecimal and underscores are not numbers here.
 */
// oxlint-disable-next-line eslint/complexity -- one loop over the digits, called for every sample
export function readNumber(bytes: Buffer, start: number, cursor: NumberCursor): number {
  let at = start;
  const negative = bytes[at] === 45;
  if (negative) at += 1;
  let mantissa = 0;
  let digits = 0;
  let point = -1;
  for (; ; at += 1) {
    const byte = bytes[at];
    if (byte !== undefined && byte >= 48 && byte <= 57) {
      mantissa = mantissa * 10 + (byte - 48);
      digits += 1;
    } else if (byte === 46 && point === -1) {
      point = at;
    } else {
      break;
    }
  }
  if (digits === 0 || digits > 15) return slowNumber(bytes, start, cursor);
  let power = point === -1 ? 0 : point + 1 - at;
  cursor.at = at;
  if (bytes[at] === 101 || bytes[at] === 69) power += readExponent(bytes, at, cursor);
  // A power that is not a number ends here as well.
  if (!(power >= -22 && power <= 22) || !ends(bytes[cursor.at])) return slowNumber(bytes, start, cursor);
  const value = power < 0 ? mantissa / POWERS[-power]! : mantissa * POWERS[power]!;
  return negative ? -value : value;
}
