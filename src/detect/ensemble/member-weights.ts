/** What became known of a member's word since the last time, in events; each may be a part of one. */
export interface MemberEvidence {
  /** Anomalies that a person confirmed or a failure followed, in which the member found the frames odd. */
  readonly right: number;
  /** The same without the member's voice. */
  readonly missed: number;
  /** False alarms by a person's word in which the member found the frames odd. */
  readonly wrong: number;
  /** Anomalies of which nothing is known: in how many the member was odd along with most of the others, and alone. */
  readonly agreed: number;
  readonly alone: number;
}

/** Events that what is known beforehand counts for: a handful of judgements moves a weight, one does not. */
const PRIOR_EVENTS = 8;
/** Agreement is no truth: all may be wrong together, and who sees it alone may be right. */
const AGREEMENT = 0.1;
/** Of an equal share, what every member keeps, so that none dies of silence: it could never earn its place again. */
const FLOOR = 0.3;

/**
 * Weights of members by measured value; they add up to 1. A member's worth beforehand is multiplied by the geometric mean of
 * its precision and its recall over the events, each drawn towards one half by some events, so that without evidence
 * the weights are as the worth beforehand.
 */
export function memberWeights(
  kinds: readonly string[],
  worth: (kind: string) => number,
  evidence: ReadonlyMap<string, MemberEvidence>,
): Float64Array {
  const earned = kinds.map((kind) => worth(kind) * valueOf(evidence.get(kind)));
  const total = earned.reduce((sum, one) => sum + one, 0);
  const least = FLOOR / Math.max(1, kinds.length);
  return Float64Array.from(earned, (one) => least + (1 - FLOOR) * (one / total));
}

function valueOf(evidence: MemberEvidence | undefined): number {
  if (evidence === undefined) return 1;
  const { right, missed, wrong, agreed, alone } = evidence;
  const good = right + AGREEMENT * agreed;
  const precision = shrunk(good, wrong + AGREEMENT * alone);
  const recall = shrunk(good, missed);
  return 2 * Math.sqrt(precision * recall);
}

const shrunk = (good: number, bad: number): number => (good + PRIOR_EVENTS / 2) / (good + bad + PRIOR_EVENTS);
