/** ISO 8601 with `T` or a blank, comma or point before the fraction; no zone means UTC. */
const ISO = /^(\d{4})[-/.](\d{2})[-/.](\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?\s?(Z|UTC|[+-]\d{2}:?\d{2})?/;
/** RFC 3164, `Jan  2 15:04:05`, and that of Apache's error log, which has the year at its end. */
const SYSLOG =
  /^(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,6}))?(?: (\d{4}))?/;
/** Common log format: `10/Oct/2000:13:55:36 -0700`. */
const COMMON = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-]\d{4})/;
const EPOCH = /^(1\d{9})(?:\.(\d{1,9})|(\d{3})|(\d{6})|(\d{9}))?(?!\d)/;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const DAY_MS = 86_400_000;

/** A time at the beginning of a text, and how long it is; null when there is none. */
export interface FoundTime {
  /** Unix ms. */
  readonly time: number;
  /** Characters of the text that it takes. */
  readonly length: number;
}

/** Finds the time that a text begins with. `now` gives the year where it is left out. */
export function leadingTime(text: string, now: number): FoundTime | null {
  const first = text.charCodeAt(0);
  if (first >= 48 && first <= 57) return isoTime(text) ?? commonTime(text) ?? epochTime(text);
  return first >= 65 && first <= 90 ? syslogTime(text, now) : null;
}

const fraction = (digits: string | undefined): number =>
  digits === undefined ? 0 : Math.floor(Number(`0.${digits}`) * 1000);

function zoneMs(zone: string | undefined): number {
  if (zone === undefined) return 0;
  const found = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  if (found === null) return 0;
  return (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3])) * 60_000;
}

const checked = (time: number, length: number): FoundTime | null => (Number.isFinite(time) ? { time, length } : null);

function isoTime(text: string): FoundTime | null {
  const found = ISO.exec(text);
  if (found === null) return null;
  const [whole, year, month, day, hour, minute, second, part, zone] = found;
  if (Number(month) > 12 || Number(day) > 31 || Number(hour) > 24 || Number(minute) > 59) return null;
  const time = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return checked(time + fraction(part) - zoneMs(zone), whole.length);
}

function commonTime(text: string): FoundTime | null {
  const found = COMMON.exec(text);
  const month = MONTHS.indexOf(found?.[2] ?? '?') / 3;
  if (found === null || !Number.isInteger(month) || month < 0) return null;
  const [whole, day, , year, hour, minute, second, zone] = found;
  const time = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
  return checked(time - zoneMs(zone), whole.length);
}

function syslogTime(text: string, now: number): FoundTime | null {
  const found = SYSLOG.exec(text);
  const month = MONTHS.indexOf(found?.[1] ?? '?') / 3;
  if (found === null || !Number.isInteger(month) || month < 0) return null;
  const [whole, , day, hour, minute, second, part, year] = found;
  const inYear = (which: number): number =>
    Date.UTC(which, month, Number(day), Number(hour), Number(minute), Number(second)) + fraction(part);
  if (year !== undefined) return checked(inYear(Number(year)), whole.length);
  // Without a year it is the last such day, or tomorrow's of a clock that is ahead.
  const current = new Date(now).getUTCFullYear();
  const time = [current + 1, current, current - 1].map(inYear).find((candidate) => candidate <= now + DAY_MS);
  return checked(time ?? Number.NaN, whole.length);
}

function epochTime(text: string): FoundTime | null {
  const found = EPOCH.exec(text);
  if (found === null) return null;
  const [whole, seconds, decimals, milli, micro, nano] = found;
  return checked(Number(seconds) * 1000 + fraction(decimals ?? milli ?? micro ?? nano), whole.length);
}
