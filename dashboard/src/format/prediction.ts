import { duration } from './duration.ts';
import { formatPercent } from '../../../src/text/format.ts';
import type { Prediction } from '../../../src/model/prediction.ts';
import { tellingHorizon } from '../overview/lane-scale.ts';
import type { PageWords } from '../text/page-words.ts';

const until = (words: PageWords, time: number, now: number): string =>
  duration(words, Math.max(0, Math.round((time - now) / 1000)));

/** "82 % within 6 h". */
export function risk(words: PageWords, prediction: Pick<Prediction, 'horizons'>): string {
  const horizon = tellingHorizon(prediction.horizons);
  if (horizon === undefined) return '–';
  return words.say('dashboard.riskWithin', {
    probability: formatPercent(words.language, horizon.probability),
    duration: duration(words, horizon.seconds),
  });
}

/** "between 2 h and 5 h", or "not before 2 h" when the late end lies beyond the largest horizon. */
export function interval(words: PageWords, prediction: Pick<Prediction, 'earliest' | 'latest'>, now: number): string {
  const { earliest, latest } = prediction;
  if (earliest === null) return words.say('dashboard.intervalBeyond');
  if (latest === null) return words.say('dashboard.intervalFrom', { early: until(words, earliest, now) });
  return words.say('dashboard.intervalBetween', {
    early: until(words, earliest, now),
    late: until(words, latest, now),
  });
}

/** "Will be full in 3 h (between 2 h and 5 h)". */
export function forecast(words: PageWords, prediction: Prediction, now: number): string {
  const kind = prediction.kind === 'capacity' ? 'Capacity' : 'Failure';
  if (prediction.expectedAt === null)
    return words.say(`dashboard.forecastOpen${kind}`, { interval: interval(words, prediction, now) });
  if (prediction.expectedAt <= now) return words.say(`dashboard.forecastNow${kind}`);
  return words.say(`dashboard.forecast${kind}`, {
    duration: until(words, prediction.expectedAt, now),
    interval: interval(words, prediction, now),
  });
}
