import { type RawBuilder, sql } from 'kysely';
import { DEFAULT_FLEET, type Entity, type EntityId } from '../model/entity.ts';
import type { Frame, FrameLayout, RollupFrame } from '../model/frame.ts';
import { type Database, rowsOf } from './database.ts';
import { entityFromFrame } from './entity-store.ts';
import { readFrameColumns } from './frame-columns.ts';
import { readManyFrames } from './frame-many.ts';
import { type FrameNumbers, rollupInsertion, stepInsertion } from './frame-rows.ts';
import { createLayoutNumbers, type LayoutNumbers } from './layout-numbers.ts';
import type { Numbers } from './numbers.ts';
import type { Partitioner } from './partitions.ts';
import { FRAMES_DAY, FRAMES_EXPECTED, FRAMES_HOUR, FRAMES_MINUTE, FRAMES_STEP } from './partitions.ts';
import type { FrameColumns, FrameStore, RollupTier, Tier, TimeRange } from './store.ts';
import { float4Values, timestamp } from './values.ts';

export const TIER_TABLES = {
  step: FRAMES_STEP,
  minute: FRAMES_MINUTE,
  hour: FRAMES_HOUR,
  day: FRAMES_DAY,
  expected: FRAMES_EXPECTED,
} as const;

const FRAMES_PER_STATEMENT = 500;

export interface FrameStoreDeps {
  readonly database: Database;
  readonly entities: Numbers<Entity>;
  readonly partitioners: Readonly<Record<Tier, Partitioner>>;
  /** Whether the database makes minutes, hours and days of the step frames by itself. */
  readonly aggregates: boolean;
}

interface StepRow {
  readonly fleet: string;
  readonly time: number;
  readonly stepMs: number;
  readonly layout: number;
  readonly closedAt: number;
  readonly values: Uint8Array;
}

interface RollupRow {
  readonly time: number;
  readonly stepMs: number;
  readonly layout: number;
  readonly mean: Uint8Array;
  readonly low: Uint8Array;
  readonly high: Uint8Array;
}

type AnyFrame = Pick<Frame, 'entity' | 'time' | 'layout'> & { readonly fleet?: string };

const NO_VALUES = new Float32Array(0);

const inRange = (entity: number, { from, to }: TimeRange): RawBuilder<unknown> =>
  sql`entity = ${entity} and time >= ${timestamp(from)} and time < ${timestamp(to)}`;

type ReaderDeps = Pick<FrameStoreDeps, 'database' | 'entities'>;

const readerOver = ({ database, entities }: ReaderDeps, layouts: LayoutNumbers): Pick<FrameStore, 'columns'> => ({
  columns: async ({ entity, ...query }) =>
    readFrameColumns(database, layouts, {
      ...query,
      // Numbers begin at 1, so nobody's frames have 0.
      entity: (await entities.known(entity)) ?? 0,
      table: TIER_TABLES[query.tier],
    }),
});

class SqlFrameStore implements FrameStore {
  readonly #deps: FrameStoreDeps;
  readonly #database: Database;
  readonly #layouts: LayoutNumbers;
  readonly #reader: Pick<FrameStore, 'columns'>;

  constructor(deps: FrameStoreDeps) {
    this.#deps = deps;
    this.#database = deps.database;
    this.#layouts = createLayoutNumbers(deps.database);
    this.#reader = readerOver(deps, this.#layouts);
  }

  append(frames: readonly Frame[]): Promise<void> {
    return this.#write('step', frames, stepInsertion);
  }

  async appendRollups(tier: RollupTier, frames: readonly RollupFrame[]): Promise<void> {
    if (this.#deps.aggregates && tier !== 'expected') return;
    await this.#write(tier, frames, (some, numbers) => rollupInsertion(TIER_TABLES[tier], some, numbers));
  }

  async #write<F extends AnyFrame>(
    tier: Tier,
    frames: readonly F[],
    insertion: (some: readonly F[], numbers: FrameNumbers) => RawBuilder<unknown>,
  ): Promise<void> {
    if (frames.length > 0) await this.#database.ensureRoom();
    for (let at = 0; at < frames.length; at += FRAMES_PER_STATEMENT) {
      const some = frames.slice(at, at + FRAMES_PER_STATEMENT);
      const numbers = await this.#numbersOf(some);
      await this.#deps.partitioners[tier].into(
        some.map(({ time }) => time),
        () => insertion(some, numbers).execute(this.#database.sql),
      );
    }
  }

  async #numbersOf(frames: readonly AnyFrame[]): Promise<FrameNumbers> {
    const described = frames.map(({ entity, fleet = DEFAULT_FLEET, time }) => entityFromFrame(entity, fleet, time));
    const byEntity = await this.#deps.entities.of(new Map(described.map((entity) => [entity.id, entity])));
    const byLayout = await this.#layouts.of(new Set(frames.map(({ layout }) => layout)));
    return {
      entity: frames.map(({ entity }) => byEntity.get(entity)!),
      layout: frames.map(({ layout }) => byLayout.get(layout.id)!),
    };
  }

  async replay(id: EntityId, range: TimeRange, limit: number): Promise<readonly Frame[]> {
    const entity = await this.#deps.entities.known(id);
    if (entity === null) return [];
    const found = await rowsOf(
      this.#database.sql,
      sql<StepRow>`select entities.fleet, frame.time, frame.step_ms as "stepMs", frame.layout,
          frame.closed_at as "closedAt", array_send(frame."values") as "values"
        from (select entity, time, step_ms, layout, closed_at, "values" from frames_step
          where ${inRange(entity, range)} order by time limit ${limit}) as frame
        join entities on entities.number = frame.entity order by frame.time`,
    );
    const layouts = await this.#layouts.byNumber(found.map(({ layout }) => layout));
    return found.map(({ fleet, time, stepMs, layout, closedAt, values }) => ({
      entity: id,
      fleet,
      time,
      stepMs,
      layout: layouts.get(layout)!,
      values: float4Values(values),
      derived: NO_VALUES,
      closedAt,
    }));
  }

  // oxlint-disable-next-line eslint/max-params -- the port's own signature
  async rollups(tier: RollupTier, id: EntityId, range: TimeRange, limit: number): Promise<readonly RollupFrame[]> {
    const entity = await this.#deps.entities.known(id);
    if (entity === null) return [];
    const found = await rowsOf(
      this.#database.sql,
      sql<RollupRow>`select time, step_ms as "stepMs", layout,
          array_send(mean) as mean, array_send(low) as low, array_send(high) as high
        from ${sql.table(TIER_TABLES[tier].name)} where ${inRange(entity, range)} order by time limit ${limit}`,
    );
    const layouts = await this.#layouts.byNumber(found.map(({ layout }) => layout));
    return found.map(({ time, stepMs, layout, mean, low, high }) => ({
      entity: id,
      time,
      stepMs,
      layout: layouts.get(layout)!,
      mean: float4Values(mean),
      low: float4Values(low),
      high: float4Values(high),
    }));
  }

  many(query: Parameters<FrameStore['many']>[0]): ReturnType<FrameStore['many']> {
    return readManyFrames(this.#database, this.#layouts, { ...query, table: TIER_TABLES[query.tier] });
  }

  columns(query: Parameters<FrameStore['columns']>[0]): Promise<FrameColumns> {
    return this.#reader.columns(query);
  }

  /** One look into the index an entity, rather than one over all frames. */
  async newest(): Promise<ReadonlyMap<EntityId, number>> {
    const found = await rowsOf(
      this.#database.sql,
      sql<{ id: EntityId; time: number | null }>`
        select id, (select max(time) from frames_step where entity = entities.number) as time from entities`,
    );
    return new Map(found.flatMap(({ id, time }) => (time === null ? [] : [[id, time]])));
  }

  async layout(id: EntityId): Promise<FrameLayout | null> {
    const entity = await this.#deps.entities.known(id);
    if (entity === null) return null;
    const [row] = await rowsOf(
      this.#database.sql,
      sql<{ layout: number }>`select layout from frames_step where entity = ${entity} order by time desc limit 1`,
    );
    return row === undefined ? null : ((await this.#layouts.byNumber([row.layout])).get(row.layout) ?? null);
  }
}

export const createFrameStore = (deps: FrameStoreDeps): FrameStore => new SqlFrameStore(deps);

/** Charts from a database that is only read. */
export const createFrameReader = (deps: ReaderDeps): Pick<FrameStore, 'columns'> =>
  readerOver(deps, createLayoutNumbers(deps.database));
