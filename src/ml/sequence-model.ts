import { MlError, requireInteger } from './ml-error.ts';
import { type DecodedModel, type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';

export type SequenceModelOptions = {
  /** Longest stretch of events looked at, the judged one included; 1 to 6. Default 3: longer ones are hardly ever seen twice. */
  readonly order?: number;
};

/** What is said of one session. */
export type SequenceVerdict = {
  /** Sum of three values of -ln p, see `SequenceModel`; at least 0, higher is more abnormal. */
  readonly score: number;
  /** Where the session surprised most: index of the event, or its length when the end came unexpectedly. */
  readonly position: number;
  /** The event whose number of occurrences is the oddest; NaN in an empty session of an empty model. */
  readonly event: number;
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
  toBytes(): Uint8Array;
};

const KIND = 'sequence';
const VERSION = 1;
const DEFAULT_ORDER = 3;
const MAX_ORDER = 6;
/** Contexts beyond these are not learnt; shorter ones stand in. */
const MAX_CONTEXTS = 200_000;
/** Of events that occur more often than this, the number counts as this. */
const MAX_COUNT = 1000;
/** Every fifth part of the sessions, the last, says how surprising a normal one is. */
const HELD_OUT = 0.2;
const LEAST_SESSIONS = 20;
/** The tail of a view begins at its 90 % quantile and is exponential: ranks beyond it must not run together. */
const TAIL = 0.1;
/** Least mean excess, as a share of the threshold: a few sessions that are all alike do not make any other impossible. */
const LEAST_EXCESS = 0.1;
const START = -1;
const END = -2;
const VIEWS = 3;

interface Context {
  total: number;
  readonly next: Map<number, number>;
}

/** Counts of one session's events, and of each event over sessions. */
interface Parts {
  readonly order: number;
  readonly contexts: ReadonlyMap<string, Context>;
  /** For each event, in how many sessions it occurs so often. */
  readonly counts: ReadonlyMap<number, ReadonlyMap<number, number>>;
  readonly sessions: number;
  readonly tails: readonly Tail[];
}

interface Tail {
  readonly sorted: Float64Array;
  readonly threshold: number;
  readonly excess: number;
}

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
  for (const session of learnt) learnOrder(contexts, padded(session), order);
  const parts: Parts = { order, contexts, counts: countsOf(learnt), sessions: learnt.length, tails: [] };
  const views = sessions.slice(learnt.length).map((session) => viewsOf(parts, session).values);
  const tails = Array.from({ length: VIEWS }, (_, view) => tailOf(Float64Array.from(views, (row) => row[view]!)));
  return createSequenceModel({ ...parts, tails });
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadSequenceModel(bytes: Uint8Array, limits?: DecodeLimits): SequenceModel {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  return createSequenceModel(readParts(model));
}

function createSequenceModel(parts: Parts): SequenceModel {
  return {
    order: parts.order,
    contexts: parts.contexts.size,
    score: (session) => {
      const { values, position, event } = viewsOf(parts, session);
      let score = 0;
      for (let view = 0; view < VIEWS; view++) score -= Math.log(survival(parts.tails[view]!, values[view]!));
      return { score, position, event };
    },
    toBytes: () => encodeParts(parts),
  };
}

const padded = (session: ArrayLike<number>): readonly number[] => [START, ...Array.from(session), END];

function learnOrder(contexts: Map<string, Context>, events: readonly number[], order: number): void {
  for (let at = 1; at < events.length; at++)
    for (let length = 0; length < order && length <= at; length++) {
      const key = events.slice(at - length, at).join(' ');
      let context = contexts.get(key);
      if (context === undefined) {
        if (contexts.size >= MAX_CONTEXTS) break;
        contexts.set(key, (context = { total: 0, next: new Map() }));
      }
      context.total += 1;
      context.next.set(events[at]!, (context.next.get(events[at]!) ?? 0) + 1);
    }
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

function occurrences(session: ArrayLike<number>): Map<number, number> {
  const found = new Map<number, number>();
  for (let at = 0; at < session.length; at++) found.set(session[at]!, (found.get(session[at]!) ?? 0) + 1);
  return found;
}

function countsOf(sessions: readonly ArrayLike<number>[]): Map<number, Map<number, number>> {
  const counts = new Map<number, Map<number, number>>();
  for (const session of sessions)
    for (const [event, count] of occurrences(session)) {
      let known = counts.get(event);
      if (known === undefined) counts.set(event, (known = new Map<number, number>()));
      const often = Math.min(count, MAX_COUNT);
      known.set(often, (known.get(often) ?? 0) + 1);
    }
  // Sessions without the event are those that are left.
  for (const known of counts.values()) {
    let present = 0;
    for (const number of known.values()) present += number;
    if (present < sessions.length) known.set(0, sessions.length - present);
  }
  return counts;
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

function tailOf(values: Float64Array): Tail {
  const sorted = values.toSorted();
  const from = Math.floor((1 - TAIL) * sorted.length);
  const threshold = sorted[from]!;
  let excess = 0;
  for (let at = from; at < sorted.length; at++) excess += sorted[at]! - threshold;
  return { sorted, threshold, excess: Math.max(excess / (sorted.length - from), LEAST_EXCESS * (threshold + 1)) };
}

/** P(a view at least so high) in a normal session. */
function survival({ sorted, threshold, excess }: Tail, value: number): number {
  if (value > threshold) return TAIL * Math.exp((threshold - value) / excess);
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return Math.max(TAIL, (sorted.length - low + 0.5) / (sorted.length + 0.5));
}

function encodeParts({ order, contexts, counts, sessions, tails }: Parts): Uint8Array {
  const keys = [...contexts.keys()];
  const nested = (maps: readonly ReadonlyMap<number, number>[]) => ({
    sizes: Uint32Array.from(maps, (map) => map.size),
    entries: Float64Array.from(maps.flatMap((map) => [...map].flat())),
  });
  const next = nested([...contexts.values()].map((context) => context.next));
  const often = nested([...counts.values()]);
  return encodeModel(
    KIND,
    VERSION,
    { order, sessions },
    {
      lengths: Uint8Array.from(keys, (key) => (key === '' ? 0 : key.split(' ').length)),
      keys: Float64Array.from(keys.flatMap((key) => (key === '' ? [] : key.split(' ').map(Number)))),
      nextSizes: next.sizes,
      next: next.entries,
      events: Float64Array.from(counts.keys()),
      countSizes: often.sizes,
      counts: often.entries,
      held: Float64Array.from(tails.flatMap(({ sorted }) => [...sorted])),
    },
  );
}

function readParts(model: DecodedModel): Parts {
  const damaged = new MlError('ML_FORMAT', 'a sequence model whose lengths do not fit');
  const maps = (sizes: Uint32Array, entries: Float64Array): Map<number, number>[] => {
    let at = 0;
    const made = Array.from(sizes, (size) => {
      const map = new Map<number, number>();
      for (const end = at + 2 * size; at < end; at += 2) {
        if (at + 1 >= entries.length) throw damaged;
        map.set(entries[at]!, entries[at + 1]!);
      }
      return map;
    });
    if (at !== entries.length) throw damaged;
    return made;
  };
  const lengths = model.section('lengths', 'u8');
  const keys = model.section('keys', 'f64');
  const next = maps(model.section('nextSizes', 'u32', lengths.length), model.section('next', 'f64'));
  const contexts = new Map<string, Context>();
  let at = 0;
  lengths.forEach((length, number) => {
    const known = next[number]!;
    let total = 0;
    for (const count of known.values()) total += count;
    contexts.set(keys.subarray(at, at + length).join(' '), { total, next: known });
    at += length;
  });
  if (at !== keys.length) throw damaged;
  const events = model.section('events', 'f64');
  const often = maps(model.section('countSizes', 'u32', events.length), model.section('counts', 'f64'));
  const held = model.section('held', 'f64');
  if (held.length === 0 || held.length % VIEWS !== 0) throw damaged;
  const size = held.length / VIEWS;
  return {
    order: model.integer('order', 1, MAX_ORDER),
    sessions: model.integer('sessions', 1, Number.MAX_SAFE_INTEGER),
    contexts,
    counts: new Map(Array.from(events, (event, number) => [event, often[number]!])),
    tails: Array.from({ length: VIEWS }, (_, view) => tailOf(held.subarray(view * size, (view + 1) * size))),
  };
}
