import type { EntityHistory, PastEvent, PastFailure } from '../../model/predictor.ts';
import { groupEntities } from '../../predict/history/circles.ts';
import type { FrameTable } from './read-frames.ts';
import type { Occurrence } from './read-occurrences.ts';

/** A table by entity, each in the order of time. */
export interface Population {
  readonly columns: readonly string[];
  readonly histories: readonly EntityHistory[];
  /** Row of the file, by entity and place in its history. */
  readonly rowOf: readonly Int32Array[];
  /** What was found on the way and is worth a line in the report. */
  readonly notes: {
    /** Rows that stood before an earlier one of the same entity. */
    readonly unsorted: number;
    /** Rows with the entity and time of another. */
    readonly repeated: number;
    /** Failures of entities without a row. */
    readonly strangers: number;
    /** Failures before an entity's first row. */
    readonly before: number;
  };
}

interface Known {
  readonly failures: readonly Occurrence[];
  readonly events: readonly Occurrence[];
  /** False for another population, of whose failures nothing is known. */
  readonly observed: boolean;
}

/**
 * Puts rows, failures and events of each entity together. Rows are put in order of time, those of one time as they stand. An
 * entity is observed from its first row, and from its first failure where that is earlier, to its last row or failure.
 */
export function populationOf(table: FrameTable, known: Known): Population {
  const { entities, columns, entityOf, time } = table;
  const width = columns.length;
  const { order, starts, unsorted } = sortRows(table);
  const times = Float64Array.from(order, (row) => time[row]!);
  const values = new Float32Array(table.rows * width);
  for (let i = 0; i < order.length; i++) {
    values.set(table.values.subarray(order[i]! * width, (order[i]! + 1) * width), i * width);
  }
  const failures = byEntity(entities, known.failures, ({ time, name }): PastFailure => ({ time, kind: name }));
  const events = byEntity(entities, known.events, ({ time, name, value }): PastEvent => ({ time, name, value }));
  let repeated = 0;
  for (let i = 1; i < order.length; i++) {
    if (times[i] === times[i - 1] && entityOf[order[i]!] === entityOf[order[i - 1]!]) repeated++;
  }
  let before = 0;
  const histories = entities.map((entity, index): EntityHistory => {
    const own = times.subarray(starts[index], starts[index + 1]);
    const failed = failures.of[index]!;
    before += failed.filter(({ time }) => time < own[0]!).length;
    return {
      entity,
      times: own,
      values: values.subarray(starts[index]! * width, starts[index + 1]! * width),
      failures: failed,
      events: events.of[index]!,
      observedFrom: known.observed ? own[0]! : Infinity,
      observedTo: known.observed ? Math.max(own.at(-1)!, failed.at(-1)?.time ?? -Infinity) : -Infinity,
    };
  });
  return {
    columns,
    histories: withCircles(histories),
    rowOf: entities.map((_, index) => order.subarray(starts[index], starts[index + 1])),
    notes: { unsorted, repeated, before, strangers: failures.strangers },
  };
}

/** Rows by entity and time, where each entity starts, and how many were out of order. */
function sortRows({ entities, entityOf, time, rows }: FrameTable) {
  const starts = new Int32Array(entities.length + 1);
  for (let row = 0; row < rows; row++) starts[entityOf[row]! + 1]! += 1;
  for (let i = 0; i < entities.length; i++) starts[i + 1]! += starts[i]!;
  const next = starts.slice();
  const order = new Int32Array(rows);
  for (let row = 0; row < rows; row++) order[next[entityOf[row]!]!++] = row;
  let unsorted = 0;
  for (let i = 0; i < entities.length; i++) {
    const own = order.subarray(starts[i], starts[i + 1]);
    let falls = 0;
    for (let k = 1; k < own.length; k++) if (time[own[k]!]! < time[own[k - 1]!]!) falls++;
    if (falls > 0) own.sort((a, b) => time[a]! - time[b]! || a - b);
    unsorted += falls;
  }
  return { order, starts, unsorted };
}

/** Occurrences, which come by rising time, of each entity; those of entities that are not there are counted. */
function byEntity<T>(entities: readonly string[], all: readonly Occurrence[], make: (one: Occurrence) => T) {
  const places = new Map(entities.map((entity, index) => [entity, index]));
  const of = entities.map((): T[] => []);
  let strangers = 0;
  for (const one of all) {
    const place = places.get(one.entity);
    if (place === undefined) strangers++;
    else of[place]!.push(make(one));
  }
  return { of, strangers };
}

/** What an entity was before a time, as somebody knew it then. */
export function knownAt(history: EntityHistory, time: number, width: number): EntityHistory {
  const rows = countBelow(history.times, time);
  return {
    entity: history.entity,
    times: history.times.subarray(0, rows),
    values: history.values.subarray(0, rows * width),
    failures: history.failures.filter((failure) => failure.time <= time),
    events: history.events.filter((event) => event.time <= time),
    observedFrom: history.observedFrom,
    observedTo: Math.min(history.observedTo, time),
  };
}

/** How many of the rising times lie before `time`. */
export function countBelow(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Gives every entity those that are like it, and the whole fleet. */
export function withCircles(plain: readonly EntityHistory[]): EntityHistory[] {
  const fleet: { -readonly [Key in keyof EntityHistory]: EntityHistory[Key] }[] = plain.map((history) => ({
    ...history,
  }));
  const groups = groupEntities(
    fleet.map(({ entity }) => entity),
    fleet.map(({ times }) => times[0] ?? 0),
  );
  for (const history of fleet) history.circles = [fleet];
  for (const group of groups) {
    const circle = group.map((index) => fleet[index]!);
    for (const member of circle) member.circles = [circle, fleet];
  }
  return fleet;
}
