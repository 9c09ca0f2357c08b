import { MlError, requireInteger } from './ml-error.ts';
import {
  atLeast,
  type Context,
  countsOf,
  encodeParts,
  END,
  learnOrder,
  MAX_COUNT,
  MAX_ORDER,
  occurrences,
  padded,
  type Parts,
  readParts,
  survival,
  tailOf,
  VIEWS,
} from './sequence-parts.ts';
import { type DecodeLimits, decodeModel } from './serialize.ts';

export type SequenceModelOptions = {
  /** Longest stretch of events looked at, the judged one included; 1 to 6. Default 3: longer ones are hardly ever seen twice. */
  readonly order?: number;
  /** Contexts beyond these are not learnt, and shorter ones stand in. Default 200,000; a model of 20,000 is loaded in some ms. */
  readonly contexts?: number;
};

/** What is said of one session. */
export type SequenceVerdict = {
  /** Sum of three values of -ln p, see `SequenceModel`; at least 0, higher is more abnormal. */
  readonly score: number;
  /** Share of normal sessions that score no lower, by those held out; in (0, 1]. */
  readonly pValue: number;
  /** Where the session surprised most: index of the event, or its length when the end came unexpectedly. */
  readonly position: number;
  /** The event whose number of occurrences is the oddest; NaN in an empty session of an empty model. */
  readonly event: number;
};

/** What was expected at a place of a session. */
export type Expectation = {
  /** An event; null stands for the end of the session. */
  readonly event: number | null;
  readonly probability: number;
};

/**
 * The order and number of events in sessions (of one request, one block, one job), learnt from normal sessions.
 *
 * Three views: the most surprising event after the ones before it, the mean surprise, and the oddest number of occurrences
 * of an event. Surprise is -ln of a Witten-Bell n-gram probability (Witten and Bell, 1991), with a start and an end, so
 * that what is missing at the end is seen as well. Each view becomes a tail probability on the last fifth of the sessions,
 * which the rest was not learnt from, and their logarithms add up.
 *
 * Fit O(events × order), score O(events × order). Blind to when events happen, and to orders that normal sessions have too.
 */
export type SequenceModel = {
  readonly order: number;
  /** Contexts held. */
  readonly contexts: number;
  /** Judges a session: numbers of events, in order. */
  score(session: ArrayLike<number>): SequenceVerdict;
  /** Sessions that p-values come from: none is below 1 / (held + 1). */
  readonly held: number;
  /** Events that were learnt. */
  readonly events: ReadonlySet<number>;
  /** What could have stood at `position` of the session, by the longest context that is known, most likely first. */
  expected(session: ArrayLike<number>, position: number, most: number): readonly Expectation[];
  toBytes(): Uint8Array;
};

const DEFAULT_ORDER = 3;
const DEFAULT_CONTEXTS = 200_000;
/** Every fifth part of the sessions, the last, says how surprising a normal one is. */
const HELD_OUT = 0.2;
const LEAST_SESSIONS = 20;

/** Learns from normal sessions in the order of time. Throws `ML_EMPTY` with fewer than 20. */
export function fitSequenceModel(
  sessions: readonly ArrayLike<number>[],
  options: SequenceModelOptions = {},
): SequenceModel {
  const order = requireInteger('order', options.order ?? DEFAULT_ORDER, 1, MAX_ORDER);
  if (sessions.length < LEAST_SESSIONS)
    throw new MlError('ML_EMPTY', `needs at least ${LEAST_SESSIONS} sessions, got ${sessions.length}`);
  const learnt = sessions.slice(0, Math.ceil((1 - HELD_OUT) * sessions.length));
  const contexts = new Map<string, Context>();
  const most = requireInteger('contexts', options.contexts ?? DEFAULT_CONTEXTS, 1);
  for (const session of learnt) learnOrder(contexts, padded(session), { order, most });
  const counted = { order, contexts, counts: countsOf(learnt), sessions: learnt.length };
  const bare: Parts = { ...counted, tails: [], held: new Float64Array(0) };
  const views = sessions.slice(learnt.length).map((session) => viewsOf(bare, session).values);
  const tails = Array.from({ length: VIEWS }, (_, view) => tailOf(Float64Array.from(views, (row) => row[view]!)));
  const held = Float64Array.from(views, (values) => total(tails, values)).sort();
  return createSequenceModel({ ...counted, tails, held });
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export const loadSequenceModel = (bytes: Uint8Array, limits?: DecodeLimits): SequenceModel =>
  createSequenceModel(readParts(decodeModel(bytes, limits)));

function createSequenceModel(parts: Parts): SequenceModel {
  const { order, contexts, counts, tails, held } = parts;
  return {
    order,
    contexts: contexts.size,
    held: held.length,
    events: new Set(counts.keys()),
    score: (session) => {
      const { values, position, event } = viewsOf(parts, session);
      const score = total(tails, values);
      return { score, pValue: (1 + atLeast(held, score)) / (1 + held.length), position, event };
    },
    expected: (session, position, most) => expectedAt(parts, padded(session), position + 1).slice(0, most),
    toBytes: () => encodeParts(parts),
  };
}

function total(tails: Parts['tails'], values: readonly number[]): number {
  let score = 0;
  for (let view = 0; view < VIEWS; view++) score -= Math.log(survival(tails[view]!, values[view]!));
  return score;
}

function expectedAt(parts: Parts, events: readonly number[], at: number): Expectation[] {
  for (let length = Math.min(parts.order - 1, at); length >= 0; length--) {
    const context = parts.contexts.get(events.slice(at - length, at).join(' '));
    if (context === undefined) continue;
    const before = events.slice(0, at);
    return [...context.next.keys()]
      .map((next) => ({ event: next === END ? null : next, probability: probability(parts, [...before, next], at) }))
      .sort((a, b) => b.probability - a.probability || (a.event ?? END) - (b.event ?? END));
  }
  return [];
}

/** Each context trusts itself as far as it has been seen, and the shorter one for what it has not. */
function probability({ contexts, order, counts }: Parts, events: readonly number[], at: number): number {
  let known = 1 / (counts.size + 2);
  for (let length = 0; length < order && length <= at; length++) {
    const context = contexts.get(events.slice(at - length, at).join(' '));
    if (context === undefined) break;
    const kinds = context.next.size;
    known = ((context.next.get(events[at]!) ?? 0) + kinds * known) / (context.total + kinds);
  }
  return known;
}

function viewsOf(parts: Parts, session: ArrayLike<number>) {
  const events = padded(session);
  let peak = 0;
  let position = 0;
  let sum = 0;
  for (let at = 1; at < events.length; at++) {
    const surprise = -Math.log(probability(parts, events, at));
    sum += surprise;
    if (surprise <= peak) continue;
    peak = surprise;
    position = at - 1;
  }
  const { odd, event } = oddestCount(parts, session);
  return { values: [peak, sum / (events.length - 1), odd], position, event };
}

function oddestCount({ counts, sessions }: Parts, session: ArrayLike<number>) {
  const found = occurrences(session);
  let odd = -1;
  let event = Number.NaN;
  const look = (candidate: number, seen: number): void => {
    const value = -Math.log((seen + 0.5) / (sessions + 1));
    if (value <= odd) return;
    odd = value;
    event = candidate;
  };
  for (const [candidate, known] of counts)
    look(candidate, known.get(Math.min(found.get(candidate) ?? 0, MAX_COUNT)) ?? 0);
  for (const candidate of found.keys()) if (!counts.has(candidate)) look(candidate, 0);
  return { odd: Math.max(0, odd), event };
}
