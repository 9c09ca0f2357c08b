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

/** Something that the catalogue wants to see after the action, and whether it held; null where that is not known. */
export interface WantedEvidence {
  readonly told: string;
  readonly before: boolean | null;
  readonly after: boolean | null;
}

export interface OutcomeFacts {
  readonly runFailed: boolean;
  /** Vigía was ended while it ran, so nobody knows what was done. */
  readonly interrupted: boolean;
  /** Strongest first. */
  readonly features: readonly FeatureEvidence[];
  /** None when left out. */
  readonly wanted?: readonly WantedEvidence[];
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

/** Much more room than before, or some after there was none. */
const hasRoom = (was: number, is: number): boolean => (was > 0 ? is >= MORE_ROOM * was : is > 0);

/** Room to the limit, before and after, and whether what ate it has stopped. */
function limitFinding(side: 'above' | 'below', limit: number, levels: { before: Level; after: Level }): Finding {
  const turn = side === 'above' ? 1 : -1;
  const { before, after } = levels;
  const room = (value: number): number => turn * (limit - value);
  const was = room(before.median);
  const is = room(after.median);
  const expected = room(before.median + before.slope * (after.time - before.time));
  const fell = side === 'above' && before.median > 0 && after.median <= WELL_BELOW * before.median;
  if (fell || hasRoom(was, is)) return 'resolved';
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

interface Measured {
  readonly evidence: FeatureEvidence;
  readonly before: Level | null;
  readonly after: Level | null;
  /** Null where something is missing. */
  readonly finding: Finding | null;
}

function measure(evidence: FeatureEvidence): Measured {
  const before = levelOf(evidence.before);
  const after = levelOf(evidence.after);
  const finding = before === null || after === null ? null : findingOf(evidence, { before, after });
  return { evidence, before, after, finding };
}

interface Conclusion {
  readonly verdict: Verdict;
  readonly why: string;
  /** The feature that the reason speaks of. */
  readonly telling: Measured | undefined;
  /** What the catalogue wanted to see, where the reason speaks of that. */
  readonly wanted?: string;
}

/** Drivers of the incident tell nothing: it had none, or they are not measured any more. */
const SILENT: ReadonlySet<string> = new Set(['no_features', 'missing']);

/**
 * What the catalogue wants to see can take a success back, and speaks where nothing else does. What held before already
 * proves nothing.
 */
function withWanted(found: Conclusion, { wanted = [], runFailed }: OutcomeFacts): Conclusion {
  const silent = SILENT.has(found.why);
  if (wanted.length === 0 || (found.verdict !== 'resolved' && !silent)) return found;
  const broken = wanted.find(({ after }) => after === false);
  if (broken !== undefined) return { ...found, verdict: 'ineffective', why: 'unfulfilled', wanted: broken.told };
  const unknown = wanted.find(({ after }) => after === null);
  if (unknown !== undefined) return { ...found, verdict: 'inconclusive', why: 'unknown', wanted: unknown.told };
  const news = wanted.find(({ before }) => before === false);
  if (!silent || news === undefined || runFailed) return found;
  return { ...found, verdict: 'resolved', why: 'fulfilled', wanted: news.told };
}

/** The strongest feature decides; a harmed one anywhere outweighs it. */
function conclude(measured: readonly Measured[], { runFailed, interrupted }: OutcomeFacts): Conclusion {
  const inconclusive = (why: string): Conclusion => ({ verdict: 'inconclusive', why, telling: measured[0] });
  if (interrupted) return inconclusive('interrupted');
  const [strongest] = measured;
  if (strongest === undefined) return inconclusive('no_features');
  if (strongest.finding === null) return inconclusive('missing');
  const harmed = measured.find(({ finding }) => finding === 'harmful');
  if (harmed !== undefined) return { verdict: 'harmful', why: 'harmful', telling: harmed };
  if (strongest.finding === 'was_normal') return inconclusive('was_normal');
  // When it is better, that is not because of a run that failed.
  if (strongest.finding === 'resolved' && runFailed) return inconclusive('run_failed');
  const verdict = strongest.finding === 'resolved' ? 'resolved' : 'ineffective';
  return { verdict, why: verdict, telling: strongest };
}

/**
 * What a run brought, from the features that drove its incident before it and at the end of the settle window. Missing
 * evidence is inconclusive, never success. That an action helped, and not time, cannot be seen from one run: a symptom
 * that vanishes by itself within the window counts as resolved.
 */
export function judge(facts: OutcomeFacts): Judgement {
  const measured = facts.features.map(measure);
  const { verdict, why, telling, wanted } = withWanted(conclude(measured, facts), facts);
  const values = {
    feature: telling?.evidence.feature ?? '',
    unit: telling?.evidence.unit ?? '',
    before: telling?.before?.median ?? 0,
    after: telling?.after?.median ?? 0,
    ...(wanted !== undefined && { wanted }),
  };
  return {
    verdict,
    reason: phrase(`act.outcome_${why}`, values),
    evidence: measured.map(({ evidence: { feature, unit }, before, after }) => ({
      feature,
      before: before?.median ?? null,
      after: after?.median ?? null,
      unit,
    })),
  };
}
