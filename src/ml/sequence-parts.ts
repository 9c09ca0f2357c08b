import { MlError } from './ml-error.ts';
import { type DecodedModel, encodeModel, requireKind } from './serialize.ts';

const KIND = 'sequence';
/** The first had no scores of sessions that were held out. */
const VERSION = 2;
export const MAX_ORDER = 6;
/** Of events that occur more often than this, the number counts as this. */
export const MAX_COUNT = 1000;
/** The tail of a view begins at its 90 % quantile and is exponential: ranks beyond it must not run together. */
const TAIL = 0.1;
/** Least mean excess, as a share of the threshold: a few sessions that are all alike do not make any other impossible. */
const LEAST_EXCESS = 0.1;
const START = -1;
export const END = -2;
export const VIEWS = 3;

export interface Context {
  total: number;
  readonly next: Map<number, number>;
}

/** Counts of what follows what, and of each event over sessions. */
export interface Parts {
  readonly order: number;
  readonly contexts: ReadonlyMap<string, Context>;
  /** For each event, in how many sessions it occurs so often. */
  readonly counts: ReadonlyMap<number, ReadonlyMap<number, number>>;
  readonly sessions: number;
  readonly tails: readonly Tail[];
  /** Scores of the sessions that were held out, ascending. */
  readonly held: Float64Array;
}

interface Tail {
  readonly sorted: Float64Array;
  readonly threshold: number;
  readonly excess: number;
}

/** A session with its start and its end. */
export const padded = (session: ArrayLike<number>): readonly number[] => [START, ...Array.from(session), END];

/** Counts what follows each event, and each stretch of events shorter than the order, as long as there is room for contexts. */
export function learnOrder(
  contexts: Map<string, Context>,
  events: readonly number[],
  { order, most }: { readonly order: number; readonly most: number },
): void {
  for (let at = 1; at < events.length; at++)
    for (let length = 0; length < order && length <= at; length++) {
      const key = events.slice(at - length, at).join(' ');
      let context = contexts.get(key);
      if (context === undefined) {
        if (contexts.size >= most) break;
        contexts.set(key, (context = { total: 0, next: new Map() }));
      }
      context.total += 1;
      context.next.set(events[at]!, (context.next.get(events[at]!) ?? 0) + 1);
    }
}

/** How often each event occurs. */
export function occurrences(session: ArrayLike<number>): Map<number, number> {
  const found = new Map<number, number>();
  for (let at = 0; at < session.length; at++) found.set(session[at]!, (found.get(session[at]!) ?? 0) + 1);
  return found;
}

/** For each event, in how many sessions it occurs so often. */
export function countsOf(sessions: readonly ArrayLike<number>[]): Map<number, Map<number, number>> {
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

/** The distribution of a view in normal sessions. */
export function tailOf(values: Float64Array): Tail {
  const sorted = values.toSorted();
  const from = Math.floor((1 - TAIL) * sorted.length);
  const threshold = sorted[from]!;
  let excess = 0;
  for (let at = from; at < sorted.length; at++) excess += sorted[at]! - threshold;
  return { sorted, threshold, excess: Math.max(excess / (sorted.length - from), LEAST_EXCESS * (threshold + 1)) };
}

/** P(a view at least so high) in a normal session. */
export function survival({ sorted, threshold, excess }: Tail, value: number): number {
  if (value > threshold) return TAIL * Math.exp((threshold - value) / excess);
  return Math.max(TAIL, (atLeast(sorted, value) + 0.5) / (sorted.length + 0.5));
}

/** How many of ascending values are no lower. */
export function atLeast(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return sorted.length - low;
}

export function encodeParts({ order, contexts, counts, sessions, tails, held }: Parts): Uint8Array {
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
      views: Float64Array.from(tails.flatMap(({ sorted }) => [...sorted])),
      held,
    },
  );
}

/** Throws the codes of `decodeModel`. */
export function readParts(model: DecodedModel): Parts {
  requireKind(model, KIND, VERSION);
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
  const views = model.section('views', 'f64');
  if (views.length === 0 || views.length % VIEWS !== 0) throw damaged;
  const size = views.length / VIEWS;
  return {
    order: model.integer('order', 1, MAX_ORDER),
    sessions: model.integer('sessions', 1, Number.MAX_SAFE_INTEGER),
    contexts,
    counts: new Map(Array.from(events, (event, number) => [event, often[number]!])),
    tails: Array.from({ length: VIEWS }, (_, view) => tailOf(views.subarray(view * size, (view + 1) * size))),
    held: model.section('held', 'f64', size),
  };
}
