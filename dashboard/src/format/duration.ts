import { formatDuration } from '../../../src/text/format.ts';
import type { PageWords } from '../text/page-words.ts';

const HOUR = 3600;
const DAY = 86_400;

/** A length of time: whole hours and days as such ("1 h", not "60 min"), with a space that does not break. */
export function duration(words: Pick<PageWords, 'language'>, seconds: number): string {
  const text =
    seconds >= HOUR && seconds < 2 * DAY && seconds % HOUR === 0
      ? `${seconds / HOUR} h`
      : formatDuration(words.language, seconds);
  return text.replace(' ', '\u00a0');
}
