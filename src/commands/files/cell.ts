/** Spellings of a missing value, beside the empty cell. Only the first of them may stand in a first row of numbers. */
const MISSING = new Set(['nan', 'null', 'none', 'na', 'n/a', '#n/a']);
const INFINITE = /^[+-]?inf(?:inity)?$/i;

/**
 * What a cell says: a number, `NaN` where it is missing or not finite, undefined where it is text. Decimal notation
 * only: what `Number` makes of `0x10` or of a blank is none that a file of measurements means.
 */
export function numberOf(cell: string): number | undefined {
  const value = Number(cell);
  if (cell.charCodeAt(0) <= 32) return numberOf(cell.trim());
  // The second character of a decimal number is a digit, a point, an exponent or a blank; in `0x`, `0b` and `0o` it is none.
  if (value !== 0 && Number.isFinite(value)) {
    const second = cell.length > 1 ? cell.charCodeAt(1) | 32 : 0;
    return second >= 97 && second !== 101 ? undefined : value;
  }
  if (value === 0) return zeroOf(cell);
  if (value === Infinity || value === -Infinity) return Number.NaN;
  const text = cell.trim().toLowerCase();
  return MISSING.has(text) || INFINITE.test(text) ? Number.NaN : undefined;
}

/** `Number` makes a zero of a blank too, and of `0x0`. */
function zeroOf(cell: string): number | undefined {
  if (cell === '') return Number.NaN;
  return /^0[xob]/i.test(cell) ? undefined : Number(cell);
}

/** Whether a first row names columns: when any of its cells is neither a number nor empty nor `NaN`. */
export const isHeader = (cells: readonly string[]): boolean =>
  cells.some((cell) => {
    const value = numberOf(cell);
    if (value === undefined) return true;
    if (!Number.isNaN(value)) return false;
    const text = cell.trim().toLowerCase();
    return MISSING.has(text) && text !== 'nan';
  });

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;
const MINUTE_MS = 60_000;
/** The last moment that a date can name, ms either side of 1970. */
const LAST_MS = 8.64e15;

/**
 * A time in Unix ms, which may have a fraction: ISO 8601 with `T` or a space, UTC where no zone is given, or seconds
 * since 1970. Undefined where it is neither, as on the 30th of February.
 */
export function timeOf(cell: string): number | undefined {
  const text = cell.trim();
  const parts = ISO.exec(text);
  if (parts !== null) return momentOf(parts);
  const seconds = numberOf(text);
  if (seconds === undefined || Number.isNaN(seconds) || Math.abs(seconds) * 1000 > LAST_MS) return undefined;
  return seconds * 1000;
}

function momentOf(parts: RegExpExecArray): number | undefined {
  const part = (place: number): number => Number(parts[place] ?? 0);
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(part) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const midnight = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for those of another century.
  midnight.setUTCFullYear(year, month - 1, day);
  const real = midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day;
  // 24:00 and a leap second are the moment that follows.
  if (!real || hour > 24 || minute > 59 || second > 60 || (hour === 24 && minute + second > 0)) return undefined;
  const zone = zoneMs(parts[8]);
  if (zone === undefined) return undefined;
  const fraction = parts[7] === undefined ? 0 : Number(`0.${parts[7]}`) * 1000;
  return midnight.getTime() + (hour * 60 + minute) * MINUTE_MS + second * 1000 + fraction - zone;
}

function zoneMs(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2) || 0)];
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
}
