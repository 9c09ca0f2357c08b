import { matchesPattern } from '../../model/action-definition.ts';
import { type EntityId, parseEntityId } from '../../model/entity.ts';
import type { Event } from '../../model/event.ts';
import type { FailureCondition, FailureDefinition } from '../../model/failure-definition.ts';
import type { Failure } from '../../model/failure.ts';
import { stableId } from '../../runtime/ids.ts';
import { WatchedTime } from './watched-time.ts';

/** The numbers of one entity over one step. `features` is one object as long as the names stay the same. */
export interface FailureRow {
  readonly entity: EntityId;
  readonly time: number;
  readonly stepMs: number;
  readonly features: readonly string[];
  readonly values: ArrayLike<number>;
}

/** Events of one definition closer together than this are one failure. */
const SAME_MS = 60_000;
/** Entities that are followed; beyond these nobody is. */
const MOST_ENTITIES = 50_000;
/** Sources of what definitions find begin so. */
export const DEFINITION_SOURCE = 'definition/';
/** Marks an exporter that answered. */
const UP = 'up';

const sourceOf = (when: FailureCondition): string => DEFINITION_SOURCE + conditionOf(when);
const conditionOf = (when: FailureCondition): 'down' | 'event' | 'feature' | 'alert' =>
  'down' in when ? 'down' : 'event' in when ? 'event' : 'feature' in when ? 'feature' : 'alert';

/** What one definition knows of one entity. */
interface Course {
  /** Start of the run that is under way: a silence, a limit that is passed, an alert; null without one. */
  since: number | null;
  /** What was said of it, null while it has not lasted long enough. */
  said: Failure | null;
}

interface Told {
  readonly course: Course;
  readonly event: Event;
}

interface Said {
  readonly course: Course;
  readonly entity: EntityId;
  readonly start: number;
  /** Left out while it lasts. */
  readonly end?: number;
  readonly note: string;
}

interface Followed {
  /** End of the last frame that said anything; null before the first. */
  alive: number | null;
  readonly courses: readonly Course[];
}

/**
 * Finds failures as the owner defines them. It is given rows and events in the order of time and nothing else, so that
 * history and live data give the same failures: `start` is when the condition began to hold, however late it is
 * certain; the id is made of kind, entity and start.
 */
export class FailureJudge {
  readonly #definitions: readonly FailureDefinition[];
  readonly #entities = new Map<EntityId, Followed>();
  readonly #watched: WatchedTime;
  readonly #places = new WeakMap<readonly string[], readonly Int32Array[]>();
  #margin = 0;

  /** `newest`: end of the last frame that was heard before, by anybody. */
  constructor(definitions: readonly FailureDefinition[], newest?: number) {
    this.#definitions = definitions;
    this.#watched = new WatchedTime(newest);
  }

  /** Takes up what was known before a restart: how long an entity has been heard of, and failures that are not over. */
  resume(entity: EntityId, alive: number, open: readonly Failure[]): void {
    const followed = this.#follow(entity);
    if (followed === null) return;
    followed.alive = alive;
    for (const [d, { kind, when }] of this.#definitions.entries()) {
      const said = open.find((failure) => failure.kind === kind && failure.source === sourceOf(when));
      if (said !== undefined) Object.assign(followed.courses[d]!, { since: said.start, said });
    }
  }

  /** Lets go of entities that another process goes on with. */
  drop(gone: (entity: EntityId) => boolean): void {
    for (const entity of this.#entities.keys()) if (gone(entity)) this.#entities.delete(entity);
  }

  /** New and changed failures that a row shows. */
  row(row: FailureRow): Failure[] {
    const changed: Failure[] = [];
    this.#margin = row.stepMs;
    const alive = isAlive(row, this.#upPlaces(row.features));
    this.#watched.hear(row.time, row.stepMs);
    const followed = this.#follow(row.entity);
    if (followed !== null) {
      if (alive) this.#revive(row, followed, changed);
      this.#limits(row, followed, changed);
    }
    return changed;
  }

  /** New and changed failures that an event shows. */
  event(event: Event): Failure[] {
    const followed = this.#follow(event.entity);
    if (followed === null) return [];
    const changed: Failure[] = [];
    for (const [d, definition] of this.#definitions.entries()) {
      if (!applies(definition, event.entity)) continue;
      const { when } = definition;
      const told = { course: followed.courses[d]!, event };
      if ('event' in when && matchesPattern(when.event, event.name)) this.#happened(definition, told, changed);
      if ('alert' in when && matchesPattern(when.alert, event.labels['alertname'] ?? ''))
        this.#alerted(definition, told, changed);
    }
    return changed;
  }

  #alerted(definition: FailureDefinition, { course, event }: Told, changed: Failure[]): void {
    const { entity, time: start, labels } = event;
    if (labels['status'] === 'resolved') end(course, start, changed);
    else if (course.said === null)
      this.#say(definition, { course, entity, start, note: labels['alertname'] ?? '' }, changed);
  }

  #happened(definition: FailureDefinition, { course, event }: Told, changed: Failure[]): void {
    const { said } = course;
    if (said !== null && event.time >= said.start && event.time - (said.end ?? said.start) <= SAME_MS) {
      course.said = { ...said, end: Math.max(said.end ?? 0, event.time) };
      changed.push(course.said);
      return;
    }
    const note = event.text === '' ? event.name : event.text.slice(0, 200);
    this.#say(definition, { course, entity: event.entity, start: event.time, end: event.time, note }, changed);
  }

  #revive({ time, stepMs, entity }: FailureRow, followed: Followed, changed: Failure[]): void {
    const { alive } = followed;
    for (const [d, definition] of this.#definitions.entries()) {
      if (!('down' in definition.when) || !applies(definition, entity)) continue;
      const course = followed.courses[d]!;
      const silent = alive === null ? 0 : this.#watched.between(alive, time);
      if (course.said === null && alive !== null && silent >= definition.when.down)
        this.#say(definition, { course, entity, start: alive, note: '' }, changed);
      end(course, time, changed);
    }
    if (alive !== null && alive >= time + stepMs) return;
    followed.alive = time + stepMs;
  }

  /** Who has been silent for too long and still is. To be asked when all rows so far were handed over. */
  silences(): Failure[] {
    const changed: Failure[] = [];
    const now = this.#watched.newest;
    for (const [d, definition] of this.#definitions.entries()) {
      const { when } = definition;
      if (!('down' in when)) continue;
      for (const [entity, { alive, courses }] of this.#entities) {
        const course = courses[d]!;
        if (alive === null || course.said !== null || now - alive < when.down || !applies(definition, entity)) continue;
        // One step of patience: frames of one time come one after the other.
        if (this.#watched.between(alive, now) >= when.down + this.#margin)
          this.#say(definition, { course, entity, start: alive, note: '' }, changed);
      }
    }
    return changed;
  }

  #limits(row: FailureRow, { courses }: Followed, changed: Failure[]): void {
    const places = this.#placesOf(row.features);
    for (const [d, definition] of this.#definitions.entries()) {
      const { when } = definition;
      if (!('feature' in when) || !applies(definition, row.entity)) continue;
      const course = courses[d]!;
      const beyond = firstBeyond(when, row.values, places[d]!);
      // Missing is neither beyond nor within.
      if (beyond === null) continue;
      if (beyond < 0) {
        end(course, row.time, changed);
        continue;
      }
      course.since ??= row.time;
      if (course.said === null && row.time + row.stepMs - course.since >= when.for) {
        const note = row.features[beyond]!;
        this.#say(definition, { course, entity: row.entity, start: course.since, note }, changed);
      }
    }
  }

  #say({ kind, when }: FailureDefinition, { course, entity, start, end, note }: Said, changed: Failure[]): void {
    course.since = start;
    const id = stableId('failure', kind, entity, start);
    course.said = { id, entity, kind, start, end: end ?? null, source: sourceOf(when), note };
    changed.push(course.said);
  }

  #follow(entity: EntityId): Followed | null {
    const known = this.#entities.get(entity);
    if (known !== undefined) return known;
    if (this.#entities.size >= MOST_ENTITIES) return null;
    const courses = this.#definitions.map((): Course => ({ since: null, said: null }));
    const followed: Followed = { alive: null, courses };
    this.#entities.set(entity, followed);
    return followed;
  }

  /** Places of the features that each definition is about, and last those of `up`. */
  #placesOf(features: readonly string[]): readonly Int32Array[] {
    const known = this.#places.get(features);
    if (known !== undefined) return known;
    const found = [...this.#definitions.map(({ when }) => ('feature' in when ? when.feature : null)), UP].map(
      (pattern) =>
        Int32Array.from(features.flatMap((name, place) => (pattern !== null && isNamed(pattern, name) ? [place] : []))),
    );
    this.#places.set(features, found);
    return found;
  }

  #upPlaces(features: readonly string[]): Int32Array {
    return this.#placesOf(features).at(-1)!;
  }
}

/** A pattern may name the whole feature or its metric alone. */
const isNamed = (pattern: string, name: string): boolean =>
  matchesPattern(pattern, name) || matchesPattern(pattern, name.split('{', 1)[0] ?? name);

const applies = ({ entityKinds }: FailureDefinition, entity: EntityId): boolean =>
  entityKinds.length === 0 || entityKinds.includes(parseEntityId(entity).kind);

/** Place of a feature beyond its limit, -1 when all are within, null when none has a value. */
function firstBeyond(
  { side, limit }: { readonly side: 'above' | 'below'; readonly limit: number },
  values: ArrayLike<number>,
  places: Int32Array,
): number | null {
  let seen = false;
  for (const place of places) {
    const value = values[place]!;
    if (!Number.isFinite(value)) continue;
    seen = true;
    if (side === 'above' ? value > limit : value < limit) return place;
  }
  return seen ? -1 : null;
}

function isAlive({ values, features }: FailureRow, up: Int32Array): boolean {
  for (const place of up) if (values[place]! < 0.5) return false;
  for (let i = 0; i < features.length; i++) if (Number.isFinite(values[i]!)) return true;
  return false;
}

function end(course: Course, time: number, changed: Failure[]): void {
  if (course.said !== null) changed.push({ ...course.said, end: Math.max(course.said.start, time) });
  course.since = null;
  course.said = null;
}
