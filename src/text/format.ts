import type { Language } from './language.ts';

/** Spain groups thousands and writes times of day by 24 hours; English texts here do so too. */
const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', es: 'es-ES' };

const numberFormats = new Map<string, Intl.NumberFormat>();

function numberFormat(language: Language, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  // Bounded: the options are the few constants of this file, times two languages.
  const key = `${language}${JSON.stringify(options)}`;
  const known = numberFormats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat(LOCALES[language], { useGrouping: 'min2', ...options });
  numberFormats.set(key, made);
  return made;
}

/** A number with its group and decimal marks, with three significant digits, and no fraction from 100 on. */
export function formatNumber(language: Language, value: number): string {
  const digits = Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return numberFormat(language, digits).format(value);
}

/** A share from 0 to 1 as per cent: whole numbers, one digit more where that would hide the difference to 0 or 1. */
export function formatPercent(language: Language, share: number): string {
  const fine = (share > 0 && share < 0.01) || (share > 0.99 && share < 1);
  return numberFormat(language, { style: 'percent', maximumFractionDigits: fine ? 1 : 0 }).format(share);
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

export function formatBytes(language: Language, bytes: number): string {
  const power = bytes === 0 ? 0 : Math.floor(Math.log2(Math.abs(bytes)) / 10);
  const step = Math.min(BYTE_UNITS.length - 1, Math.max(0, power));
  return `${formatNumber(language, bytes / 1024 ** step)} ${BYTE_UNITS[step]!}`;
}

const DAY = 86_400;
/** Seconds in each unit, from where it is used: 90 minutes rather than 1.5 hours, so that no digit misleads. */
const DURATIONS = [
  { unit: 'd', seconds: DAY, from: 2 * DAY },
  { unit: 'h', seconds: 3600, from: 2 * 3600 },
  { unit: 'min', seconds: 60, from: 120 },
] as const;

/** Seconds as one unit that a person would say: `45 s`, `12 min`, `3 h`, `4 d`. */
export function formatDuration(language: Language, seconds: number): string {
  const size = Math.abs(seconds);
  for (const { unit, seconds: one, from } of DURATIONS) {
    if (size >= from) return `${formatNumber(language, Math.round(seconds / one))} ${unit}`;
  }
  return `${formatNumber(language, size >= 10 ? Math.round(seconds) : seconds)} s`;
}

/** What stands after the number for units that are neither bytes, seconds nor ratio. */
const UNIT_SIGNS: Readonly<Record<string, string>> = {
  '': '',
  celsius: ' °C',
  volts: ' V',
  amperes: ' A',
  hertz: ' Hz',
  joules: ' J',
  watts: ' W',
  meters: ' m',
  grams: ' g',
};

/** A value with its unit, as metrics name units: `bytes`, `seconds`, `ratio`, `…_per_second`; others are named after it. */
export function formatQuantity(language: Language, value: number, unit: string): string {
  if (!Number.isFinite(value)) return '–';
  if (unit === 'per_second') return `${formatNumber(language, value)}/s`;
  if (unit.endsWith('_per_second')) return `${formatQuantity(language, value, unit.slice(0, -11))}/s`;
  if (unit === 'bytes') return formatBytes(language, value);
  if (unit === 'ratio') return formatPercent(language, value);
  if (unit === 'seconds') {
    return Math.abs(value) > 0 && Math.abs(value) < 1
      ? `${formatNumber(language, value * 1000)} ms`
      : formatDuration(language, value);
  }
  return `${formatNumber(language, value)}${UNIT_SIGNS[unit] ?? ` ${unit}`}`;
}

/** A moment (Unix ms) in the reader's zone; with its day unless it is within half a day of `now`. */
export function formatMoment(
  language: Language,
  time: number,
  options: { readonly now: number; readonly timeZone?: string | undefined },
): string {
  const near = Math.abs(time - options.now) < 12 * 3_600_000;
  return new Intl.DateTimeFormat(LOCALES[language], {
    ...(near ? {} : { day: 'numeric', month: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
  }).format(time);
}
