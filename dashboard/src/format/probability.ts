import { formatNumber } from '../../../src/text/format.ts';
import type { PageWords } from '../text/page-words.ts';

/** Beyond a billion nobody counts. */
const MOST = 1e9;

/** Rounded to two figures: 38,412 would claim to be exact. */
function round(value: number): number {
  const grain = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.round(value / grain) * grain;
}

/** "1 in 50,000" for a tail probability; "> 1 in …" below one in a billion. */
export function oneIn(words: Pick<PageWords, 'language' | 'say'>, probability: number): string {
  const one = 1 / Math.max(Number.MIN_VALUE, probability);
  const text = words.say('dashboard.oneIn', { one: formatNumber(words.language, round(Math.min(MOST, one))) });
  return one > MOST ? `< ${text}` : text;
}
