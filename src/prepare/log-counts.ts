import type { LogExample, LogLevel, LogPattern, LogRecord } from '../model/log-record.ts';
import { LOG_LEVELS } from '../model/log-record.ts';
import type { EntityId } from '../model/entity.ts';
import type { LogSequence } from '../model/log-sequence.ts';
import type { SampleBatch } from '../model/series.ts';
import { stableId } from '../runtime/ids.ts';
import type { Random } from '../ml/random.ts';
import type { EntityLog, KeptLog } from './entity-log.ts';
import { type SequenceParts, SessionDesk, type SessionTotals } from './sequences/session-desk.ts';
import { type LogTemplate, TemplateMiner } from './templates/template-miner.ts';

/** Lines kept as evidence, for each pattern of each entity in an hour. */
const EXAMPLES = 5;
const HOUR_MS = 3_600_000;
const MAX_RESERVOIRS = 50_000;
/** Entities held; who was not heard of for longest is read from the store again when it comes back. */
const MAX_ENTITIES = 5000;

/** What there is to write and to send. */
export interface LogHarvest {
  readonly patterns: readonly LogPattern[];
  readonly examples: readonly LogExample[];
  readonly samples: readonly SampleBatch[];
  /** Sessions that ended, as far as they are kept. */
  readonly sequences: readonly LogSequence[];
  /** What is to be kept of each entity that has lines in it. */
  readonly logs: readonly (readonly [EntityId, KeptLog])[];
}

const higher = (a: LogLevel, b: LogLevel): LogLevel => (LOG_LEVELS.indexOf(a) >= LOG_LEVELS.indexOf(b) ? a : b);

/** Lines of a pattern of an entity by hour; mostly there is one. */
type Reservoir = Map<number, number>;

/**
 * From lines to numbers: how many lines of each level and each pattern an entity has written, as counters that go the way
 * of all samples; the patterns; and for each a few lines an hour as evidence, chosen so that any line has the same chance
 * (reservoir sampling, Vitter 1985).
 */
export class LogCounts {
  readonly miner = new TemplateMiner();
  readonly #random: Random;
  readonly #entities = new Map<EntityId, EntityLog>();
  /** By template id. */
  readonly #patterns = new Map<string, LogPattern>();
  readonly #changed = new Set<string>();
  /** Entities with counts that are not committed. */
  readonly #touched = new Set<EntityId>();
  readonly #examples = new Map<string, LogExample>();
  /** Lines so far of an entity's pattern in an hour. */
  readonly #reservoirs = new Map<EntityId, Map<string, Reservoir>>();
  #reservoirCount = 0;
  #hour = 0;
  /** Who wrote the line before: it is the one heard of last already. */
  #last: EntityLog | null = null;
  /** Null when lines are counted one by one and that is all. */
  readonly #desk: SessionDesk | null;

  constructor(random: Random, sequences: SequenceParts | null = null) {
    this.#random = random;
    this.#desk = sequences === null ? null : new SessionDesk(sequences, this.miner);
  }

  /** What became of sessions, to be taken from; null when they are not looked at. */
  get sessions(): SessionTotals | null {
    return this.#desk?.totals ?? null;
  }

  /** Takes what is known from before a restart, so that no pattern is taken for new. */
  restore(patterns: readonly LogPattern[]): void {
    const unknown = patterns.filter(({ id }) => !this.#patterns.has(id));
    for (const pattern of unknown) this.#patterns.set(pattern.id, Object.assign({}, pattern));
    this.miner.restore(unknown.toSorted((a, b) => a.firstSeen - b.firstSeen || (a.id < b.id ? -1 : 1)));
  }

  /**
   * Settles with what others have found which ids patterns have. What was counted and kept under another id goes on under
   * the one that stays. Returns all that were something else: pairs of before and now.
   */
  settle(known: readonly LogPattern[]): readonly (readonly [string, string])[] {
    this.miner.agree(known);
    const { joined } = this.miner;
    const ids = new Set([...this.#patterns.keys(), ...known.map(({ id }) => id)]);
    const pairs = [...ids].flatMap((id) => (joined.has(id) ? [[id, joined.get(id)!] as const] : []));
    if (pairs.length === 0) return pairs;
    for (const [before, id] of pairs) this.#merge(before, id);
    for (const { id, text } of this.miner.templates()) {
      const pattern = this.#patterns.get(id);
      if (pattern !== undefined) pattern.text = text;
    }
    for (const [id, example] of this.#examples) {
      const template = joined.get(example.template);
      if (template !== undefined) this.#examples.set(id, { ...example, template });
    }
    for (const [entity, log] of this.#entities) if (log.rename(joined)) this.#touched.add(entity);
    return pairs;
  }

  #merge(before: string, id: string): void {
    const from = this.#patterns.get(before);
    if (from === undefined) return;
    const into = this.#patterns.get(id) ?? { ...from, id };
    into.level = higher(into.level, from.level);
    into.firstSeen = Math.min(into.firstSeen, from.firstSeen);
    into.lastSeen = Math.max(into.lastSeen, from.lastSeen);
    this.#patterns.set(id, into);
    this.#patterns.delete(before);
    this.#changed.delete(before);
    this.#changed.add(id);
  }

  /** Whether an entity is known; if so it is not let go before the next commit. */
  hold(entity: EntityId): boolean {
    if (!this.#entities.has(entity)) return false;
    this.#touched.add(entity);
    return true;
  }

  /** Begins with an entity, or goes on with what was kept of it: it is said again, as it may not have been. */
  admit(log: EntityLog): void {
    if (this.#entities.size >= MAX_ENTITIES)
      for (const entity of this.#entities.keys()) {
        if (this.#touched.has(entity)) continue;
        this.#entities.delete(entity);
        break;
      }
    // It may have been kept before patterns were found to be one.
    log.rename(this.miner.joined);
    this.#entities.set(log.entity, log);
    this.#last = null;
    this.#touched.add(log.entity);
  }

  /** Takes a line of an entity that is held, at `now`; false when it was there already. */
  take(record: LogRecord, now = record.time): boolean {
    const log = this.#heard(record.entity);
    if (log === null || !log.meet(record)) return false;
    const template = this.miner.template(this.miner.add(record.text));
    this.#see(template, record);
    log.count(record.level, template.id);
    this.#keep(record, template.id);
    this.#desk?.follow(log, record, template.id, now);
    return true;
  }

  /** What is known of an entity, which is the one heard of last from now on; null when it is not held. */
  #heard(entity: EntityId): EntityLog | null {
    if (this.#last?.entity === entity) return this.#last;
    const log = this.#entities.get(entity);
    if (log === undefined) return null;
    this.#entities.delete(entity);
    this.#entities.set(entity, log);
    this.#last = log;
    return log;
  }

  /** Ends the sessions that are over, of entities with lines since the last commit; with a yield after each. */
  *endSessions(now: number): Generator<void, void> {
    if (this.#desk === null) return;
    for (const entity of this.#touched) {
      const log = this.#entities.get(entity);
      if (log !== undefined) yield* this.#desk.end(log, now);
    }
  }

  /** Takes up entities of which a session is over although no line says so, or that owe a word of those that were. */
  touchEnded(now: number): boolean {
    for (const [entity, { sessions }] of this.#entities)
      if (sessions !== null && (sessions.open.pass(now) || sessions.owes(now))) this.#touched.add(entity);
    return this.#touched.size > 0;
  }

  /** What has come together since the last commit. `now` is when it is said. */
  harvest(now: number): LogHarvest {
    const patterns = [...this.#changed].flatMap((id) => this.#patterns.get(id) ?? []);
    const examples = [...this.#examples.values()];
    const logs = [...this.#touched].map((entity) => this.#entities.get(entity)!);
    const samples = logs.map((log) => log.samples(now)).filter(({ times }) => times.length > 0);
    const sequences = this.#desk?.ended ?? [];
    return { patterns, examples, samples, sequences, logs: logs.map((log) => [log.entity, log.keep()]) };
  }

  /** Says that the last harvest is committed. Until then the next one holds it too, for its lines are not counted again. */
  committed(): void {
    for (const entity of this.#touched) {
      const log = this.#entities.get(entity);
      log?.committed();
      log?.kept();
    }
    this.#touched.clear();
    this.#changed.clear();
    this.#examples.clear();
    this.#desk?.committed(this.#entities.values());
  }

  /** Lets go of entities whose lines another process counts from now on. */
  drop(gone: (entity: EntityId) => boolean): void {
    this.#last = null;
    for (const entity of this.#entities.keys()) if (gone(entity)) this.#entities.delete(entity);
    for (const entity of this.#touched) if (gone(entity)) this.#touched.delete(entity);
  }

  #see({ id, text }: LogTemplate, { level, time }: LogRecord): void {
    this.#changed.add(id);
    const known = this.#patterns.get(id);
    if (known === undefined) {
      this.#patterns.set(id, { id, text, level, firstSeen: time, lastSeen: time });
      return;
    }
    known.text = text;
    if (known.level !== level) known.level = higher(known.level, level);
    known.firstSeen = Math.min(known.firstSeen, time);
    known.lastSeen = Math.max(known.lastSeen, time);
  }

  #keep(record: LogRecord, template: string): void {
    const hour = Math.floor(record.time / HOUR_MS);
    const before = this.#turn(record.entity, template, hour);
    const place = before < EXAMPLES ? before : this.#random.int(before + 1);
    if (place >= EXAMPLES) return;
    const id = stableId('line', record.entity, template, hour, place);
    const { place: _, sentAgain: __, ...lasting } = record;
    this.#examples.set(id, { ...lasting, id, template });
  }
  /** How many lines of this pattern the entity has written in the hour before this one. */
  #turn(entity: EntityId, template: string, hour: number): number {
    if (hour > this.#hour || this.#reservoirCount >= MAX_RESERVOIRS) {
      this.#hour = Math.max(hour, this.#hour);
      this.#reservoirs.clear();
      this.#reservoirCount = 0;
    }
    let ofEntity = this.#reservoirs.get(entity);
    if (ofEntity === undefined) this.#reservoirs.set(entity, (ofEntity = new Map()));
    let reservoir = ofEntity.get(template);
    if (reservoir === undefined) ofEntity.set(template, (reservoir = new Map()));
    const before = reservoir.get(hour) ?? 0;
    if (before === 0) this.#reservoirCount += 1;
    reservoir.set(hour, before + 1);
    return before;
  }
}
