import { formatQuantity } from '../../../src/text/format.ts';
import type { PageWords } from '../text/page-words.ts';

/** A value with its unit, on one line; what is missing is a dash, never a zero. */
export const quantity = (words: PageWords, value: number | null, unit: string): string =>
  value === null ? '–' : formatQuantity(words.language, value, unit).replaceAll(' ', '\u00A0');

/** "20 % to 40 %", for an expected band; a dash where there is none yet. */
export const band = (words: PageWords, low: number | null, high: number | null, unit: string): string =>
  low === null || high === null
    ? '–'
    : words.say('dashboard.lowToHigh', { low: quantity(words, low, unit), high: quantity(words, high, unit) });
