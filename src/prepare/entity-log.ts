import type { Json } from '../model/detector.ts';
import type { EntityId } from '../model/entity.ts';
import { canonicalKey } from '../model/labels.ts';
import { LOG_LEVELS, type LogLevel, type LogRecord } from '../model/log-record.ts';
import type { SampleBatch, Series } from '../model/series.ts';
import { type IdsPart, RecentIds } from './recent-ids.ts';
import type { EntitySessions } from './sequences/entity-sessions.ts';
import type { SessionsPart } from './sequences/open-sessions.ts';

const VERSION = 1;
/** Patterns of one entity that are counted by themselves; the rest together. */
const MAX_PATTERNS = 100;
const OTHERS = 'others';
/** Streams of an entity whose place is remembered, the newest ones; who saves where it is after fewer is never taken twice. */
const MAX_STREAMS = 256;

interface Counted {
  readonly series: Series;
  /** Null for the count of a level. */
  readonly template: string | null;
  readonly level: LogLevel;
  /** Lines so far. */
  lines: number;
  changed: boolean;
}

/** How an entity's log is kept over a restart. */
export interface KeptLog {
  readonly state: Json;
  /** Lines so far: it only grows. */
  readonly position: number;
  /** Ids that changed since the last time. */
  readonly ids: readonly IdsPart[];
  /** Open sessions that changed since the last time. */
  readonly sessions: readonly SessionsPart[];
}

/**
 * What is known of one entity's log: its counters, which go on over restarts, and which lines are in them. Both are kept
 * together, so that a line that comes again, however often and after whatever failed, is counted once.
 */
export class EntityLog {
  readonly entity: EntityId;
  #fleet = '';
  /** In the order in which they were met. */
  readonly #counts: Counted[] = [];
  /** The same by level and pattern. */
  readonly #levels = new Map<LogLevel, Counted>();
  readonly #patterns = new Map<string, Counted[]>();
  /** How far each stream has been counted, the one heard of last at the end. */
  readonly #streams = new Map<string, number>();
  #ids = new RecentIds();
  #lines = 0;
  /** Newest time of a line, and of what was said of them; samples are never older. */
  #time = 0;
  #said = 0;
  /** Null until a line is of a session. */
  sessions: EntitySessions | null = null;

  constructor(entity: EntityId) {
    this.entity = entity;
  }

  /** Whether a line is new; it is known from now on. */
  meet({ id, place, sentAgain, time, fleet }: LogRecord): boolean {
    this.#fleet = fleet;
    if (place !== undefined && !this.#pass(place)) return false;
    if (place === undefined || sentAgain === 'any') {
      if (this.#ids.has(id)) return false;
      this.#ids.add(id);
    } else if (sentAgain === 'afterRestart') {
      if (this.#ids.wasThere(id)) return false;
      this.#ids.add(id);
    }
    this.#time = Math.max(this.#time, time);
    this.#lines += 1;
    return true;
  }

  #pass({ stream, at }: NonNullable<LogRecord['place']>): boolean {
    const before = this.#streams.get(stream);
    if (before !== undefined && at <= before) return false;
    this.#streams.delete(stream);
    if (this.#streams.size >= MAX_STREAMS)
      for (const oldest of this.#streams.keys()) {
        this.#streams.delete(oldest);
        break;
      }
    this.#streams.set(stream, at);
    return true;
  }

  get fleet(): string {
    return this.#fleet;
  }

  count(level: LogLevel, template: string): void {
    this.#add(null, level, 1);
    const known = this.#find(template, level);
    if (known !== undefined) add(known, 1);
    else this.#add(this.#counts.length < MAX_PATTERNS ? template : OTHERS, level, 1);
  }

  #find(template: string | null, level: LogLevel): Counted | undefined {
    if (template === null) return this.#levels.get(level);
    // As many as there are levels, and mostly one.
    return this.#patterns.get(template)?.find((counted) => counted.level === level);
  }

  #add(template: string | null, level: LogLevel, lines: number): void {
    const known = this.#find(template, level);
    if (known !== undefined) {
      add(known, lines);
      return;
    }
    const counted = { series: seriesOf(this.entity, template, level), template, level, lines, changed: true };
    this.#counts.push(counted);
    if (template === null) this.#levels.set(level, counted);
    else this.#patterns.set(template, [...(this.#patterns.get(template) ?? []), counted]);
  }

  /** Goes on under the ids that patterns have now; true when one of its own was another before. */
  rename(ids: ReadonlyMap<string, string>): boolean {
    const renamed = this.#counts.filter(({ template }) => template !== null && ids.has(template));
    for (const counted of renamed) {
      const { template, level, lines } = counted;
      this.#counts.splice(this.#counts.indexOf(counted), 1);
      this.#patterns.delete(template!);
      // Where there is one already that goes on as it is: a counter does not jump.
      if (this.#find(ids.get(template!)!, level) === undefined) this.#add(ids.get(template!)!, level, lines);
    }
    return renamed.length > 0;
  }

  /** Its counters that changed since the last commit. `now` is when it is said. */
  samples(now: number): SampleBatch {
    const changed = this.#counts.filter((counted) => counted.changed);
    // Later than what was said before: a sample of the same time would not be taken.
    this.#said = Math.max(Math.min(this.sessions?.open.timeAt(now) ?? this.#time, now), this.#said + 1);
    const sessions = this.sessions?.samples(this.#said) ?? null;
    return {
      entity: this.entity,
      fleet: this.#fleet,
      source: 'logs',
      receivedAt: now,
      series: [...changed.map(({ series }) => series), ...(sessions?.series ?? [])],
      times: Float64Array.from([
        ...changed.map(() => this.#said),
        ...(sessions?.series ?? []).map(() => sessions!.time),
      ]),
      values: Float64Array.from([...changed.map(({ lines }) => lines), ...(sessions?.values ?? [])]),
    };
  }

  committed(): void {
    for (const counted of this.#counts) counted.changed = false;
    this.sessions?.committed();
  }

  /** To be called after `samples`. */
  keep(): KeptLog {
    const state = {
      version: VERSION,
      fleet: this.#fleet,
      time: this.#time,
      said: this.#said,
      lines: this.#lines,
      counts: this.#counts.map(({ template, level, lines }) => [template, level, lines]),
      streams: [...this.#streams],
      ids: this.#ids.size > 0,
      ...(this.sessions !== null && { sessions: this.sessions.toJSON() }),
    };
    const sessions = this.sessions?.open.changed() ?? [];
    return { state, position: this.#lines, ids: this.#ids.changed(), sessions };
  }

  kept(): void {
    this.#ids.committed();
  }

  /** Whether a state that was kept says that there are ids too. */
  static hasIds(state: Json): boolean {
    return fields(state)['ids'] === true;
  }

  /** What a state that was kept says of sessions; null when it says nothing. */
  static sessionsOf(state: Json): Readonly<Record<string, Json | undefined>> | null {
    const kept = fields(state)['sessions'];
    return kept === undefined ? null : fields(kept);
  }

  /** Goes on from what was kept; a state that is damaged or of another version is as none. */
  static from(entity: EntityId, state: Json, ids: readonly IdsPart[]): EntityLog {
    const log = new EntityLog(entity);
    const saved = fields(state);
    if (saved['version'] !== VERSION) return log;
    log.#fleet = typeof saved['fleet'] === 'string' ? saved['fleet'] : '';
    [log.#time, log.#said, log.#lines] = [number(saved['time']), number(saved['said']), number(saved['lines'])];
    for (const row of rows(saved['counts'])) {
      const [template, level, lines] = row;
      if (isLevel(level) && (template === null || typeof template === 'string'))
        log.#add(template, level, number(lines));
    }
    for (const [stream, at] of rows(saved['streams']))
      if (typeof stream === 'string') log.#streams.set(stream, number(at));
    log.#ids = RecentIds.from(ids);
    return log;
  }
}

function add(counted: Counted, lines: number): void {
  counted.lines += lines;
  counted.changed = true;
}

function seriesOf(entity: EntityId, template: string | null, level: LogLevel): Series {
  const name = template === null ? 'log_lines_total' : 'log_pattern_lines_total';
  const labels = template === null ? { level, entity } : { template, level, entity };
  return { key: canonicalKey(name, labels), name, labels, type: 'counter', unit: '', entity };
}

const isLevel = (value: unknown): value is LogLevel => LOG_LEVELS.some((level) => level === value);
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const rows = (value: Json | undefined): readonly (readonly Json[])[] =>
  Array.isArray(value) ? value.filter((row): row is Json[] => Array.isArray(row)) : [];
const fields = (state: Json): Readonly<Record<string, Json | undefined>> =>
  typeof state === 'object' && state !== null && !Array.isArray(state) ? (state as Readonly<Record<string, Json>>) : {};
