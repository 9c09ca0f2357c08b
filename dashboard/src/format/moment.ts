import { duration } from './duration.ts';
import type { Language } from '../../../src/text/language.ts';
import type { PageWords } from '../text/page-words.ts';

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', es: 'es-ES' };

/** Below this a time is "now": saying seconds would be stale before it is read. */
const NOW_MS = 5000;
/** The clock of the page lags by up to ten seconds; what has just happened must not seem to lie ahead. */
const LAG_MS = 12_000;

/** "in 3 h", "5 min ago", "now". */
export function relative(words: PageWords, time: number, now: number): string {
  const distance = time - now;
  if (distance > -NOW_MS && distance < LAG_MS) return words.say('dashboard.now');
  const length = duration(words, Math.round(Math.abs(distance) / 1000));
  return words.say(distance > 0 ? 'dashboard.inTime' : 'dashboard.ago', { duration: length });
}

/** Date, time and zone in full, for the tooltip. */
export const absolute = (language: Language, time: number): string =>
  new Intl.DateTimeFormat(LOCALES[language], {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(time);

/** For an axis: the time of day, or the day where more than two days are shown. */
export const axisTime = (language: Language, time: number, spanMs: number): string =>
  new Intl.DateTimeFormat(
    LOCALES[language],
    spanMs > 2 * 86_400_000 ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit' },
  ).format(time);

export const clockTime = (language: Language, time: number): string =>
  new Intl.DateTimeFormat(LOCALES[language], { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(time);

/** With its day, for what is older than half a day. */
export const dayAndTime = (language: Language, time: number): string =>
  new Intl.DateTimeFormat(LOCALES[language], {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(time);

/** A day, with its year only where it is another than now. */
export const day = (language: Language, time: number, now: number): string =>
  new Intl.DateTimeFormat(LOCALES[language], {
    day: 'numeric',
    month: 'short',
    ...(new Date(time).getFullYear() === new Date(now).getFullYear() ? {} : { year: 'numeric' }),
  }).format(time);
