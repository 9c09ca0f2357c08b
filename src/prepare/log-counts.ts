import type { LogExample, LogLevel, LogPattern, LogRecord } from '../model/log-record.ts';
import { LOG_LEVELS } from '../model/log-record.ts';
import type { EntityId } from '../model/entity.ts';
import type { SampleBatch } from '../model/series.ts';
import { stableId } from '../runtime/ids.ts';
import type { Random } from '../ml/random.ts';
import type { EntityLog, KeptLog } from './entity-log.ts';
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
  /** What is to be kept of each entity that has lines in it. */
  readonly logs: readonly (readonly [EntityId, KeptLog])[];
}

const higher = (a: LogLevel, b: LogLevel): LogLevel => (LOG_LEVELS.indexOf(a) >= LOG_LEVELS.indexOf(b) ? a : b);

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
  readonly #reservoirs = new Map<string, number>();
  #hour = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Takes what is known from before a restart, so that no pattern is taken for new. */
  restore(patterns: readonly LogPattern[]): void {
    const unknown = patterns.filter(({ id }) => !this.#patterns.has(id));
    for (const pattern of unknown) this.#patterns.set(pattern.id, Object.assign({}, pattern));
    this.miner.restore(unknown.toSorted((a, b) => a.firstSeen - b.firstSeen || (a.id < b.id ? -1 : 1)));
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
    this.#entities.set(log.entity, log);
    this.#touched.add(log.entity);
  }

  /** Takes a line of an entity that is held; false when it was there already. */
  take(record: LogRecord): boolean {
    const log = this.#entities.get(record.entity);
    if (log === undefined) return false;
    this.#entities.delete(record.entity);
    this.#entities.set(record.entity, log);
    if (!log.meet(record)) return false;
    const template = this.miner.template(this.miner.add(record.text));
    this.#see(template, record);
    log.count(record.level, template.id);
    this.#keep(record, template.id);
    return true;
  }

  /** What has come together since the last commit. `now` is when it is said. */
  harvest(now: number): LogHarvest {
    const patterns = [...this.#changed].flatMap((id) => this.#patterns.get(id) ?? []);
    const examples = [...this.#examples.values()];
    const logs = [...this.#touched].map((entity) => this.#entities.get(entity)!);
    const samples = logs.map((log) => log.samples(now)).filter(({ times }) => times.length > 0);
    return { patterns, examples, samples, logs: logs.map((log) => [log.entity, log.keep()]) };
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
  }

  /** Lets go of entities whose lines another process counts from now on. */
  drop(gone: (entity: EntityId) => boolean): void {
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
    if (hour > this.#hour || this.#reservoirs.size >= MAX_RESERVOIRS) {
      this.#hour = Math.max(hour, this.#hour);
      this.#reservoirs.clear();
    }
    const key = `${record.entity}\u0000${template}\u0000${hour}`;
    const before = this.#reservoirs.get(key) ?? 0;
    this.#reservoirs.set(key, before + 1);
    const place = before < EXAMPLES ? before : this.#random.int(before + 1);
    if (place >= EXAMPLES) return;
    const id = stableId('line', record.entity, template, hour, place);
    const { place: _, sentAgain: __, ...lasting } = record;
    this.#examples.set(id, { ...lasting, id, template });
  }
}
