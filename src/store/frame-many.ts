import { sql } from 'kysely';
import type { EntityId } from '../model/entity.ts';
import { type Database, rowsOf } from './database.ts';
import type { LayoutNumbers } from './layout-numbers.ts';
import type { PeriodTable } from './partitions.ts';
import type { FrameRows, TimeRange } from './store.ts';
import { float4Values, int4Array, textArray, timestamp } from './values.ts';

interface Query {
  readonly entities: readonly EntityId[];
  readonly table: PeriodTable;
  readonly range: TimeRange;
  readonly features: readonly string[];
}

interface Row {
  readonly id: EntityId;
  readonly time: number;
  readonly numbers: Uint8Array;
}

/** The numbers of the entities, then the layouts of their frames, then all frames: three statements for however many there are. */
export async function readManyFrames(
  database: Database,
  layouts: LayoutNumbers,
  { entities, table, range, features }: Query,
): Promise<ReadonlyMap<EntityId, FrameRows>> {
  const numbers = await rowsOf(
    database.sql,
    sql<{ number: number }>`select number from entities where id = any(${textArray(entities)})`,
  );
  const asked = int4Array(numbers.map(({ number }) => number));
  const within = sql`entity = any(${asked}) and time >= ${timestamp(range.from)} and time < ${timestamp(range.to)}`;
  const found = await rowsOf(
    database.sql,
    sql<{ layout: number }>`select distinct layout from ${sql.table(table.name)} where ${within}`,
  );
  if (found.length === 0) return new Map();
  const known = await layouts.byNumber(found.map(({ layout }) => layout));
  const shapes = found.map(({ layout }) => {
    // What a layout does not have is read from place 0, which lies outside of the array: missing.
    const names = known.get(layout)?.features ?? [];
    const places = features.map((name) => names.findIndex((feature) => feature.name === name) + 1);
    return sql`when ${sql.lit(layout)} then array[${sql.join(places.map((place) => sql`mean[${sql.lit(place)}]`))}]::real[]`;
  });
  const rows = await rowsOf(
    database.sql,
    sql<Row>`select entities.id, frame.time, array_send(frame.numbers) as numbers
      from (select entity, time, case layout ${sql.join(shapes, sql` `)} end as numbers
        from ${sql.table(table.name)} where ${within}) as frame
      join entities on entities.number = frame.entity
      order by frame.entity, frame.time`,
  );
  return byEntity(rows, features.length);
}

/** Rows of one entity stand together. */
function byEntity(rows: readonly Row[], width: number): Map<EntityId, FrameRows> {
  const all = new Map<EntityId, FrameRows>();
  for (let from = 0; from < rows.length;) {
    const { id } = rows[from]!;
    let to = from;
    while (to < rows.length && rows[to]!.id === id) to++;
    const values = new Float32Array((to - from) * width);
    for (let i = from; i < to; i++) values.set(float4Values(rows[i]!.numbers), (i - from) * width);
    all.set(id, { times: Float64Array.from(rows.slice(from, to), ({ time }) => time), values });
    from = to;
  }
  return all;
}
