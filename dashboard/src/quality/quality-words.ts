import type { EntityQuality } from '../../../src/model/data-quality.ts';
import { formatNumber } from '../../../src/text/format.ts';
import { duration } from '../format/duration.ts';
import type { PageWords } from '../text/page-words.ts';

/** A sample takes some time on its way; what is below this is no fault of a clock. */
const SKEW_MS = 5000;
/** Data that is older than this has stopped coming. */
const STALE_MS = 300_000;

export const isStale = ({ lastSample }: EntityQuality, now: number): boolean => now - lastSample > STALE_MS;

/** Every count of what was dropped, the largest first, in words. */
export const dropWords = (words: PageWords, { drops }: EntityQuality): readonly string[] =>
  Object.entries(drops)
    .sort((a, b) => b[1] - a[1])
    .map(([reason, count]) => `${words.name('drop', reason)} ${formatNumber(words.language, count)}`);

/** Whether a clock is off by more than a sample's way takes. */
export const isSkewed = (skewMs: number | null | undefined): skewMs is number =>
  typeof skewMs === 'number' && Math.abs(skewMs) >= SKEW_MS;

export function skewWords(words: PageWords, { skewMs }: Pick<EntityQuality, 'skewMs'>): string {
  if (skewMs === null) return '–';
  if (!isSkewed(skewMs)) return words.say('dashboard-quality.skewNone');
  const length = duration(words, Math.round(Math.abs(skewMs) / 1000));
  return words.say(skewMs < 0 ? 'dashboard-quality.skewAhead' : 'dashboard-quality.skewBehind', { duration: length });
}

export const qualityHref = (id: string): string => `/quality/${id.split('/').map(encodeURIComponent).join('/')}`;
