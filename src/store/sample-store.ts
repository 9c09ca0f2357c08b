import { sql } from 'kysely';
import { DEFAULT_FLEET, type EntityId } from '../model/entity.ts';
import type { SampleBatch, Series } from '../model/series.ts';
import type { Clock } from '../runtime/clock.ts';
import { countOf, type Database, rowsOf } from './database.ts';
import { cursorPosition, pageLimit, toPage } from './pages.ts';
import type { Partitioner } from './partitions.ts';
import {
  columnsWithin,
  concatenate,
  readColumns,
  type SampleColumns,
  sampleInsertion,
  sliceColumns,
} from './sample-columns.ts';
import { createSeriesNumbers, SERIES_COLUMNS, type SeriesNumbers, type SeriesRow } from './series-numbers.ts';
import type { Page, SampleStore, TimeRange } from './store.ts';
import { storable, textArray, timestamp } from './values.ts';

/** One statement's worth: at 150,000 rows a second it holds readers up for a few hundredths of a second. */
const ROWS_PER_STATEMENT = 5000;
const REPLAY_ROWS = 5000;

/** Nothing that is further ahead is kept: a sender with a wrong clock must not fill the disk with empty periods. */
const AHEAD_MS = 24 * 3_600_000;

export interface SampleStoreDeps {
  readonly database: Database;
  readonly partitioner: Partitioner;
  readonly clock: Clock;
  /** Samples older than this would be dropped at once, so they are not written. */
  readonly keepMs: number;
}

type Keep = (entity: EntityId, time: number) => boolean;

class SqlSampleStore implements SampleStore {
  readonly #deps: SampleStoreDeps;
  readonly #database: Database;
  readonly #numbers: SeriesNumbers;

  constructor(deps: SampleStoreDeps) {
    this.#deps = deps;
    this.#database = deps.database;
    this.#numbers = createSeriesNumbers(deps.database);
  }

  async append(batches: readonly SampleBatch[]): Promise<{ readonly written: number; readonly repeated: number }> {
    await this.#database.ensureRoom();
    const columns = await this.#columnsOf(batches);
    const total = columns.times.length;
    if (total === 0) return { written: 0, repeated: 0 };
    const written = await this.#deps.partitioner.into(columns.times, () => this.#insert(columns));
    return { written, repeated: total - written };
  }

  async #columnsOf(batches: readonly SampleBatch[]): Promise<SampleColumns> {
    const columns = {
      series: await this.#numbers.numbersOf(batches.flatMap(({ series }) => series)),
      times: concatenate(batches.map(({ times }) => times)),
      values: concatenate(batches.map(({ values }) => values)),
    };
    const now = this.#deps.clock.now();
    return columnsWithin(columns, now - this.#deps.keepMs, now + AHEAD_MS);
  }

  #insert(columns: SampleColumns): Promise<number> {
    const total = columns.times.length;
    if (total <= ROWS_PER_STATEMENT) return countOf(this.#database.sql, sampleInsertion(columns));
    return this.#database.transaction(async (tx) => {
      let written = 0;
      for (let at = 0; at < total; at += ROWS_PER_STATEMENT) {
        written += await countOf(tx, sampleInsertion(sliceColumns(columns, at, at + ROWS_PER_STATEMENT)));
      }
      return written;
    });
  }

  async read(entity: EntityId, { from, to }: TimeRange, limit: number): Promise<SampleBatch> {
    const columns = await readColumns(
      this.#database,
      sql`select series, time, value from samples
        where series = any(array(select number from series where entity = ${storable(entity)}))
          and time >= ${timestamp(from)} and time < ${timestamp(to)}
        order by time, series limit ${limit}`,
    );
    const [batch] = await this.#toBatches(columns, () => true);
    const none = new Float64Array(0);
    return (
      batch ?? {
        entity,
        fleet: DEFAULT_FLEET,
        source: 'store',
        receivedAt: from,
        series: [],
        times: none,
        values: none,
      }
    );
  }

  async *replay(after: ReadonlyMap<EntityId, number>, since: number): AsyncGenerator<SampleBatch> {
    let position = { time: since, series: -1 };
    for (;;) {
      const time = timestamp(position.time);
      const columns = await readColumns(
        this.#database,
        sql`select series, time, value from samples
          where time >= ${time} and (time, series) > (${time}, ${position.series})
          order by time, series limit ${REPLAY_ROWS}`,
      );
      const { length } = columns.times;
      yield* await this.#toBatches(columns, (entity, at) => at > (after.get(entity) ?? 0));
      if (length < REPLAY_ROWS) return;
      position = { time: columns.times[length - 1]!, series: columns.series[length - 1]! };
    }
  }

  /** Rows as one batch an entity, each in the order of the rows. */
  async #toBatches(columns: SampleColumns, keep: Keep): Promise<SampleBatch[]> {
    const series = await this.#numbers.byNumber(columns.series);
    const rowsByEntity = new Map<EntityId, number[]>();
    for (let i = 0; i < columns.series.length; i++) {
      const entity = series.get(columns.series[i]!)?.entity;
      if (entity === undefined || !keep(entity, columns.times[i]!)) continue;
      const rows = rowsByEntity.get(entity);
      if (rows) rows.push(i);
      else rowsByEntity.set(entity, [i]);
    }
    const fleets = await this.#fleetsOf([...rowsByEntity.keys()]);
    return [...rowsByEntity].map(([entity, rows]) => {
      const times = Float64Array.from(rows, (i) => columns.times[i]!);
      return {
        entity,
        fleet: fleets.get(entity) ?? DEFAULT_FLEET,
        source: 'store',
        receivedAt: times.at(-1) ?? 0,
        series: rows.map((i) => series.get(columns.series[i]!)!),
        times,
        values: Float64Array.from(rows, (i) => columns.values[i]!),
      };
    });
  }

  async #fleetsOf(entities: readonly EntityId[]): Promise<ReadonlyMap<EntityId, string>> {
    if (entities.length === 0) return new Map();
    const found = await rowsOf(
      this.#database.sql,
      sql<{ id: EntityId; fleet: string }>`select id, fleet from entities where id = any(${textArray(entities)})`,
    );
    return new Map(found.map(({ id, fleet }) => [id, fleet]));
  }

  async series(query: Parameters<SampleStore['series']>[0]): Promise<Page<Series>> {
    const after = cursorPosition('series', query, 'number');
    const found = await rowsOf(
      this.#database.sql,
      sql<SeriesRow>`select ${SERIES_COLUMNS} from series
        where ${query.entity === undefined ? sql`true` : sql`entity = ${storable(query.entity)}`}
          and ${after === null ? sql`true` : sql`number < ${after.sort}`}
        order by number desc limit ${pageLimit(query) + 1}`,
    );
    const page = toPage('series', query, found, ({ number }) => ({ sort: number, id: '' }));
    return { items: page.items.map(seriesOfRow), next: page.next };
  }
}

const seriesOfRow = ({ key, name, labels, type, unit, entity }: SeriesRow): Series => ({
  key,
  name,
  labels,
  type,
  unit,
  entity,
});

export const createSampleStore = (deps: SampleStoreDeps): SampleStore => new SqlSampleStore(deps);
