import type { Outcome, Verdict } from '../model/action.ts';
import { type Phrase, phrase } from '../model/phrase.ts';

/** What "bad" means for a feature: beyond the edge of its expected band, or near a limit. */
export type Badness =
  | { readonly kind: 'band'; readonly side: 'above' | 'below'; readonly edge: number }
  | { readonly kind: 'limit'; readonly side: 'above' | 'below'; readonly limit: number }
  /** Nothing is known but that its anomaly was open or closed. */
  | { readonly kind: 'sign' };

/** A driving feature of an incident around a run, as columns in time order. */
export interface FeatureEvidence {
  readonly feature: string;
  readonly unit: string;
  readonly badness: Badness;
  /** Up to the start of the run; `NaN` where missing. */
  readonly before: { readonly times: ArrayLike<number>; readonly values: ArrayLike<number> };
  /** The last part of the settle window. */
  readonly after: { readonly times: ArrayLike<number>; readonly values: ArrayLike<number> };
  /** Whether a sign about this feature is still open. */
  readonly signOpen: boolean;
}

export interface OutcomeFacts {
  readonly runFailed: boolean;
  /** Vigía was ended while it ran, so nobody knows what was done. */
  readonly interrupted: boolean;
  /** Strongest first. */
  readonly features: readonly FeatureEvidence[];
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: Phrase;
  readonly evidence: Outcome['evidence'];
}

/** Back to within a quarter of the excess: what is left may be noise, or the mean still coming down. */
const GONE = 0.25;
/** Twice what it would have been without the action is more than noise. */
const WORSE = 2;
/** Half the level, or half as much room again below the limit, is clear of where it was. */
const WELL_BELOW = 0.5;
const MORE_ROOM = 1.5;
/** A growth of a tenth of what it was has stopped for practical purposes. */
const STOPPED = 0.1;
/** Harm to a level: beyond what was to be expected by half of the room that was left. */
const HARM_TO_ROOM = 0.5;
/** Fewer points than three are no level and no slope. */
const MIN_POINTS = 3;

interface Level {
  readonly median: number;
  /** Units a ms; least squares. */
  readonly slope: number;
  /** Mean time of the points, Unix ms. */
  readonly time: number;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median, slope and middle of what is not missing; null when that is too little. */
function levelOf({ times, values }: FeatureEvidence['before']): Level | null {
  const kept = Array.from(values, (value, i) => ({ value, time: times[i] ?? Number.NaN })).filter(({ value }) =>
    Number.isFinite(value),
  );
  if (kept.length < MIN_POINTS) return null;
  const time = kept.reduce((sum, point) => sum + point.time, 0) / kept.length;
  const mean = kept.reduce((sum, point) => sum + point.value, 0) / kept.length;
  let above = 0;
  let below = 0;
  for (const point of kept) {
    above += (point.time - time) * (point.value - mean);
    below += (point.time - time) ** 2;
  }
  return { median: medianOf(kept.map(({ value }) => value)), slope: below === 0 ? 0 : above / below, time };
}

type Finding = 'resolved' | 'ineffective' | 'harmful' | 'was_normal';

/** Distances beyond the edge, turned so that more is worse. */
function bandFinding(side: 'above' | 'below', edge: number, levels: { before: Level; after: Level }): Finding {
  const turn = side === 'above' ? 1 : -1;
  const { before, after } = levels;
  const excess = (value: number): number => turn * (value - edge);
  const was = excess(before.median);
  const is = excess(after.median);
  if (was <= 0) return is <= 0 ? 'was_normal' : 'ineffective';
  if (is <= GONE * was) return 'resolved';
  const expected = excess(before.median + before.slope * (after.time - before.time));
  return is > WORSE * Math.max(was, expected) ? 'harmful' : 'ineffective';
}

/** Room to the limit, before and after, and whether what ate it has stopped. */
function limitFinding(side: 'above' | 'below', limit: number, levels: { before: Level; after: Level }): Finding {
  const turn = side === 'above' ? 1 : -1;
  const { before, after } = levels;
  const room = (value: number): number => turn * (limit - value);
  const was = room(before.median);
  const is = room(after.median);
  const expected = room(before.median + before.slope * (after.time - before.time));
  const fell = side === 'above' && before.median > 0 && after.median <= WELL_BELOW * before.median;
  if (fell || (was > 0 && is >= MORE_ROOM * was) || (was <= 0 && is > 0)) return 'resolved';
  if (is < Math.min(was, expected) - HARM_TO_ROOM * Math.abs(was)) return 'harmful';
  // What no longer grows because nothing is left to take has not stopped.
  const eating = turn * before.slope;
  const stopped = eating > 0 && turn * after.slope <= STOPPED * eating;
  return stopped && is > 0 && is >= HARM_TO_ROOM * was ? 'resolved' : 'ineffective';
}

function findingOf(evidence: FeatureEvidence, levels: { before: Level; after: Level }): Finding {
  const { badness } = evidence;
  switch (badness.kind) {
    case 'band':
      return bandFinding(badness.side, badness.edge, levels);
    case 'limit':
      return limitFinding(badness.side, badness.limit, levels);
    case 'sign':
      return evidence.signOpen ? 'ineffective' : 'resolved';
    default:
      return badness satisfies never;
  }
}

/** The strongest feature decides; a harmed one anywhere outweighs it. */
function verdictOf(
  findings: readonly Finding[],
  runFailed: boolean,
): { readonly verdict: Verdict; readonly why: string } {
  if (findings.includes('harmful')) return { verdict: 'harmful', why: 'harmful' };
  const [first] = findings;
  if (first === 'was_normal') return { verdict: 'inconclusive', why: 'was_normal' };
  if (first !== 'resolved') return { verdict: 'ineffective', why: 'ineffective' };
  // It is better, but not because of a run that failed.
  return runFailed ? { verdict: 'inconclusive', why: 'run_failed' } : { verdict: 'resolved', why: 'resolved' };
}

/**
 * What a run brought, from the features that drove its incident before it and at the end of the settle window. Missing
 * evidence is inconclusive, never success. That an action helped, and not time, cannot be seen from one run: a symptom
 * that vanishes by itself within the window counts as resolved.
 */
export function judge({ runFailed, interrupted, features }: OutcomeFacts): Judgement {
  const measured = features.map((evidence) => ({
    evidence,
    before: levelOf(evidence.before),
    after: levelOf(evidence.after),
  }));
  const shown = measured.map(({ evidence: { feature, unit }, before, after }) => ({
    feature,
    before: before?.median ?? null,
    after: after?.median ?? null,
    unit,
  }));
  const inconclusive = (why: string, feature = ''): Judgement => ({
    verdict: 'inconclusive',
    reason: phrase(`act.outcome_${why}`, { feature }),
    evidence: shown,
  });
  if (interrupted) return inconclusive('interrupted');
  const [strongest] = measured;
  if (strongest === undefined) return inconclusive('no_features');
  if (strongest.before === null || strongest.after === null) return inconclusive('missing', strongest.evidence.feature);
  const findings = measured.flatMap(({ evidence, before, after }) =>
    before === null || after === null ? [] : [findingOf(evidence, { before, after })],
  );
  const { verdict, why } = verdictOf(findings, runFailed);
  const telling =
    why === 'harmful'
      ? measured.filter(({ before, after }) => before !== null && after !== null)[findings.indexOf('harmful')]
      : strongest;
  const { feature, unit } = telling?.evidence ?? strongest.evidence;
  const values = { feature, unit, before: telling?.before?.median ?? 0, after: telling?.after?.median ?? 0 };
  return { verdict, reason: phrase(`act.outcome_${why}`, values), evidence: shown };
}
