import { type RawBuilder, sql } from 'kysely';
import type { FrameLayout } from '../model/frame.ts';
import { type Database, rowsOf } from './database.ts';
import type { LayoutNumbers } from './layout-numbers.ts';
import type { PeriodTable } from './partitions.ts';
import type { FrameColumns, Tier, TimeRange } from './store.ts';
import { float4Values, timestamp } from './values.ts';

export interface ColumnQuery {
  readonly entity: number;
  readonly tier: Tier;
  readonly table: PeriodTable;
  readonly range: TimeRange;
  /** Null means all. */
  readonly features: readonly string[] | null;
  readonly limit: number;
}

/** Rows of one layout: `numbers[k]` of a row holds one number for each feature in `features`. */
interface Stretch {
  readonly features: readonly string[];
  readonly rows: readonly {
    readonly time: number;
    readonly stepMs: number;
    readonly numbers: readonly Float32Array[];
  }[];
}

/** A step has one value a feature; rolled-up frames have three numbers. */
const numberColumns = (tier: Tier): readonly string[] => (tier === 'step' ? ['values'] : ['mean', 'low', 'high']);

/** The newest rows in the range, at most as many as asked for. */
const newestRows = ({ entity, tier, table, range, limit }: ColumnQuery): RawBuilder<unknown> =>
  sql`select time, step_ms, layout, ${sql.join(numberColumns(tier).map((name) => sql.ref(name)))}
    from ${sql.table(table.name)}
    where entity = ${entity} and time >= ${timestamp(range.from)} and time < ${timestamp(range.to)}
    order by time desc limit ${limit}`;

/** Which of a layout's features are asked for, and where they stand. */
const placesOf = (layout: FrameLayout, features: readonly string[] | null): readonly number[] => {
  const wanted = features === null ? null : new Set(features);
  return [...layout.features.keys()].filter((place) => wanted?.has(layout.features[place]!.name) ?? true);
};

/** The array itself, or a shorter one with only the numbers at `places`. */
const picked = (name: string, places: readonly number[] | null): RawBuilder<unknown> =>
  places === null
    ? sql.ref(name)
    : sql`array[${sql.join(places.map((place) => sql`${sql.ref(name)}[${sql.lit(place + 1)}]`))}]::real[]`;

async function readStretch(
  database: Database,
  query: ColumnQuery,
  { number, layout }: { readonly number: number; readonly layout: FrameLayout },
): Promise<Stretch> {
  const places = placesOf(layout, query.features);
  const names = numberColumns(query.tier);
  const columns = names.map(
    (name, k) => sql`array_send(${picked(name, query.features === null ? null : places)}) as ${sql.ref(`numbers${k}`)}`,
  );
  const found = await rowsOf(
    database.sql,
    sql<{ time: number; stepMs: number } & Record<`numbers${number}`, Uint8Array>>`
      select time, step_ms as "stepMs", ${sql.join(columns)}
      from (${newestRows(query)}) as newest where layout = ${number} order by time`,
  );
  return {
    features: places.map((place) => layout.features[place]!.name),
    rows: found.map((row) => ({
      time: row.time,
      stepMs: row.stepMs,
      numbers: names.map((_, k) => float4Values(row[`numbers${k}`] ?? null)),
    })),
  };
}

/** Columns over all stretches; a feature that a stretch does not have is `NaN` there. */
function merge(tier: Tier, stretches: readonly Stretch[], features: readonly string[]): FrameColumns {
  const rows = stretches
    .flatMap((stretch) => {
      const places = features.map((name) => stretch.features.indexOf(name));
      return stretch.rows.map((row) => ({ ...row, places }));
    })
    .sort((a, b) => a.time - b.time);
  const column = (k: number): Float32Array[] =>
    features.map((_, f) => Float32Array.from(rows, ({ numbers, places }) => numbers[k]?.[places[f]!] ?? Number.NaN));
  const mean = column(0);
  return {
    tier,
    stepMs: rows.at(-1)?.stepMs ?? 0,
    times: Float64Array.from(rows, ({ time }) => time),
    features,
    mean,
    low: tier === 'step' ? mean : column(1),
    high: tier === 'step' ? mean : column(2),
  };
}

/** Numbers of an entity's frames by feature, the newest ones of the range, oldest first. */
export async function readFrameColumns(
  database: Database,
  layouts: LayoutNumbers,
  query: ColumnQuery,
): Promise<FrameColumns> {
  const found = await rowsOf(
    database.sql,
    sql<{ layout: number; last: number }>`
      select layout, max(time) as last from (${newestRows(query)}) as newest group by layout order by last desc`,
  );
  const byNumber = await layouts.byNumber(found.map(({ layout }) => layout));
  const stretches: Stretch[] = [];
  for (const { layout: number } of found) {
    const layout = byNumber.get(number);
    if (layout && placesOf(layout, query.features).length > 0) {
      stretches.push(await readStretch(database, query, { number, layout }));
    }
  }
  const features = query.features ?? [...new Set(stretches.flatMap((stretch) => stretch.features))];
  return merge(query.tier, stretches, features);
}
