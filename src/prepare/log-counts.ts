import type { LogExample, LogLevel, LogPattern, LogRecord } from '../model/log-record.ts';
import { LOG_LEVELS } from '../model/log-record.ts';
import type { EntityId } from '../model/entity.ts';
import { canonicalKey } from '../model/labels.ts';
import type { SampleBatch, Series } from '../model/series.ts';
import { stableId } from '../runtime/ids.ts';
import type { Random } from '../ml/random.ts';
import { type LogTemplate, TemplateMiner } from './templates/template-miner.ts';

/** Patterns of one entity that are counted by themselves; the rest together. */
const MAX_PATTERNS = 100;
const OTHERS = 'others';
/** Lines kept as evidence, for each pattern of each entity in an hour. */
const EXAMPLES = 5;
const HOUR_MS = 3_600_000;
const MAX_RESERVOIRS = 50_000;
/** Ids of the newest lines of an entity: a line that is delivered again is not counted again. */
const MAX_IDS = 5000;
const MAX_ENTITIES = 20_000;

interface Counted {
  readonly series: Series;
  /** Lines so far. */
  lines: number;
  changed: boolean;
}

interface EntityLog {
  readonly fleet: string;
  readonly counts: Map<string, Counted>;
  readonly seen: Set<string>;
  /** Newest time of a line; samples are never older. */
  time: number;
}

/** What there is to write and to send. */
export interface LogHarvest {
  readonly patterns: readonly LogPattern[];
  readonly examples: readonly LogExample[];
  readonly samples: readonly SampleBatch[];
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
    for (const pattern of patterns) {
      if (this.#patterns.has(pattern.id)) continue;
      this.#patterns.set(pattern.id, pattern);
      this.miner.add(pattern.text);
    }
  }

  /** Takes a line; false when it was there already. */
  take(record: LogRecord): boolean {
    const log = this.#logOf(record);
    if (log === null || log.seen.has(record.id)) return false;
    remember(log.seen, record.id);
    this.#touched.add(record.entity);
    log.time = Math.max(log.time, record.time);
    const template = this.miner.template(this.miner.add(record.text));
    this.#see(template, record);
    this.#count(log, record, template.id);
    this.#keep(record, template.id);
    return true;
  }

  /** What has come together since the last commit. `now` is when it is said. */
  harvest(now: number): LogHarvest {
    const patterns = [...this.#changed].flatMap((id) => this.#patterns.get(id) ?? []);
    const examples = [...this.#examples.values()];
    const samples: SampleBatch[] = [];
    for (const entity of this.#touched) {
      const log = this.#entities.get(entity)!;
      const changed = [...log.counts.values()].filter((counted) => counted.changed);
      samples.push({
        entity,
        fleet: log.fleet,
        source: 'logs',
        receivedAt: now,
        series: changed.map(({ series }) => series),
        times: new Float64Array(changed.length).fill(Math.min(log.time, now)),
        values: Float64Array.from(changed, ({ lines }) => lines),
      });
    }
    return { patterns, examples, samples };
  }

  /** Says that the last harvest is committed. Until then the next one holds it too, for its lines are not counted again. */
  committed(): void {
    for (const entity of this.#touched)
      for (const counted of this.#entities.get(entity)!.counts.values()) counted.changed = false;
    this.#touched.clear();
    this.#changed.clear();
    this.#examples.clear();
  }

  /** Lets go of entities whose lines another process counts from now on; its counters begin at 0. */
  drop(gone: (entity: EntityId) => boolean): void {
    for (const entity of this.#entities.keys()) if (gone(entity)) this.#entities.delete(entity);
    for (const entity of this.#touched) if (gone(entity)) this.#touched.delete(entity);
  }

  #logOf({ entity, fleet }: LogRecord): EntityLog | null {
    const known = this.#entities.get(entity);
    if (known !== undefined) return known;
    if (this.#entities.size >= MAX_ENTITIES) return null;
    const log: EntityLog = { fleet, counts: new Map(), seen: new Set(), time: 0 };
    this.#entities.set(entity, log);
    return log;
  }

  #see({ id, text }: LogTemplate, { level, time }: LogRecord): void {
    const known = this.#patterns.get(id);
    const firstSeen = Math.min(known?.firstSeen ?? time, time);
    const lastSeen = Math.max(known?.lastSeen ?? time, time);
    this.#patterns.set(id, { id, text, level: known ? higher(known.level, level) : level, firstSeen, lastSeen });
    this.#changed.add(id);
  }

  #count(log: EntityLog, { entity, level }: LogRecord, template: string): void {
    this.#add(log, entity, 'log_lines_total', { level });
    const labels = { template, level };
    const name = 'log_pattern_lines_total';
    const room = log.counts.size < MAX_PATTERNS || log.counts.has(canonicalKey(name, labels));
    this.#add(log, entity, name, room ? labels : { template: OTHERS, level });
  }

  #add(log: EntityLog, entity: EntityId, name: string, labels: Readonly<Record<string, string>>): void {
    const key = canonicalKey(name, labels);
    let counted = log.counts.get(key);
    if (counted === undefined) {
      const own = { ...labels, entity };
      const series = { key: canonicalKey(name, own), name, labels: own, type: 'counter', unit: '', entity } as const;
      counted = { series, lines: 0, changed: true };
      log.counts.set(key, counted);
    }
    counted.lines += 1;
    counted.changed = true;
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
    this.#examples.set(id, { ...record, id, template });
  }
}

function remember(seen: Set<string>, id: string): void {
  if (seen.size >= MAX_IDS)
    for (const oldest of seen) {
      seen.delete(oldest);
      break;
    }
  seen.add(id);
}
