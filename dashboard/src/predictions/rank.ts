import type { Prediction } from '../../../src/model/prediction.ts';

export type RankBy = 'time' | 'risk';

/** The horizon at which risks are compared. */
const COMMON_SECONDS = 86_400;

/** Probability within 24 h: of the longest horizon that is not longer, as the probability grows with the horizon. */
export function riskWithinADay({ horizons }: Pick<Prediction, 'horizons'>): number {
  const within = horizons.filter(({ seconds }) => seconds <= COMMON_SECONDS);
  return Math.max(0, ...(within.length > 0 ? within : horizons.slice(0, 1)).map(({ probability }) => probability));
}

const time = ({ expectedAt, earliest }: Prediction): number => expectedAt ?? earliest ?? Infinity;
/** Two that are never expected stand side by side. */
const compare = (a: number, b: number): number => (a === b ? 0 : a - b);

/** Soonest first, or likeliest first; the other decides between equals. */
export function ranked(predictions: readonly Prediction[], by: RankBy): readonly Prediction[] {
  const byTime = (a: Prediction, b: Prediction): number => compare(time(a), time(b));
  const byRisk = (a: Prediction, b: Prediction): number => compare(riskWithinADay(b), riskWithinADay(a));
  return predictions.toSorted(
    by === 'time' ? (a, b) => byTime(a, b) || byRisk(a, b) : (a, b) => byRisk(a, b) || byTime(a, b),
  );
}
