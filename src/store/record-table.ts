import { type RawBuilder, sql } from 'kysely';
import { countOf, type Database, rowsOf, type Sql } from './database.ts';
import { cursorPosition, pageLimit, toPage } from './pages.ts';
import type { Page, PageQuery, TimeRange } from './store.ts';
import { jsonb, storable, timestamp } from './values.ts';

/** How a property is kept: as it is, as a `timestamptz` (Unix ms outside), or as `jsonb`. */
export interface Column {
  readonly name: string;
  readonly kind: 'plain' | 'time' | 'json';
}

export const plain = (name: string): Column => ({ name, kind: 'plain' });
export const time = (name: string): Column => ({ name, kind: 'time' });
export const json = (name: string): Column => ({ name, kind: 'json' });

interface Identified {
  readonly id: string;
}

/** A table that holds one kind of record, a row each: which property is in which column. */
export interface RecordTable<T extends Identified> {
  readonly name: string;
  readonly columns: { readonly [K in keyof T]-?: Column };
  /** The time that lists are sorted by, newest first. */
  readonly sort: keyof T & string;
  /** A record whose value is lower than the stored one's is old news and is not written. */
  readonly version?: keyof T & string;
  /** Stored records that upserts leave alone. */
  readonly keeps?: RawBuilder<unknown>;
}

export type Condition = RawBuilder<unknown>;

/** Rows of one statement; 21 columns at most, so far from PostgreSQL's 65,535 parameters. */
const ROWS_PER_STATEMENT = 500;

const entries = <T extends Identified>(table: RecordTable<T>): [keyof T & string, Column][] =>
  Object.entries<Column>(table.columns) as [keyof T & string, Column][];

function encode(value: unknown, { kind }: Column): unknown {
  if (value === null || value === undefined) return null;
  if (kind === 'time') return timestamp(value as number);
  if (kind === 'json') return jsonb(value);
  return typeof value === 'string' ? storable(value) : value;
}

const names = <T extends Identified>(table: RecordTable<T>): RawBuilder<unknown> =>
  sql.join(entries(table).map(([, column]) => sql.ref(column.name)));

const rowValues = <T extends Identified>(table: RecordTable<T>, item: T): RawBuilder<unknown> =>
  sql`(${sql.join(entries(table).map(([property, column]) => encode(item[property], column)))})`;

const columnOf = <T extends Identified>({ columns }: RecordTable<T>, property: keyof T): Column => columns[property];

const column = <T extends Identified>(table: RecordTable<T>, property: keyof T & string): RawBuilder<unknown> =>
  sql.ref(`${table.name}.${columnOf(table, property).name}`);

/** The columns of a table, named as the record's properties. */
const selection = <T extends Identified>(table: RecordTable<T>): RawBuilder<unknown> =>
  sql.join(entries(table).map(([property]) => sql`${column(table, property)} as ${sql.ref(property)}`));

const insertion = <T extends Identified>(table: RecordTable<T>, items: readonly T[]): RawBuilder<unknown> =>
  sql`insert into ${sql.table(table.name)} (${names(table)})
    values ${sql.join(items.map((item) => rowValues(table, item)))}`;

/** The last record of each id that is not older than another one of it. */
function newestOfEach<T extends Identified>(table: RecordTable<T>, items: readonly T[]): T[] {
  const byId = new Map<string, T>();
  for (const item of items) {
    const other = byId.get(item.id);
    if (!other || !table.version || item[table.version] >= other[table.version]) byId.set(item.id, item);
  }
  return [...byId.values()];
}

/** Runs `work` on one statement's worth of items after the other, all in one transaction. */
async function inChunks<T>(
  database: Database,
  items: readonly T[],
  work: (sql: Sql, chunk: readonly T[]) => Promise<void>,
): Promise<void> {
  if (items.length === 0) return;
  if (items.length <= ROWS_PER_STATEMENT) return work(database.sql, items);
  await database.transaction(async (tx) => {
    for (let at = 0; at < items.length; at += ROWS_PER_STATEMENT) {
      await work(tx, items.slice(at, at + ROWS_PER_STATEMENT));
    }
  });
}

/** Writes records by id: new ones are inserted, known ones replaced unless they are newer. */
export async function upsertRecords<T extends Identified>(
  database: Database,
  table: RecordTable<T>,
  items: readonly T[],
): Promise<void> {
  const changes = sql.join(
    entries(table)
      .filter(([property]) => property !== 'id')
      .map(([, { name }]) => sql`${sql.ref(name)} = excluded.${sql.ref(name)}`),
  );
  const replaced = [
    ...(table.version
      ? [sql`${column(table, table.version)} <= excluded.${sql.ref(columnOf(table, table.version).name)}`]
      : []),
    ...(table.keeps ? [sql`not (${table.keeps})`] : []),
  ];
  const onlyThen = replaced.length === 0 ? sql`` : sql`where ${sql.join(replaced, sql` and `)}`;
  await inChunks(database, newestOfEach(table, items), async (tx, chunk) => {
    await sql`${insertion(table, chunk)} on conflict (id) do update set ${changes} ${onlyThen}`.execute(tx);
  });
}

/**
 * Writes records by id where a table's key may hold the time too, as in hypertables: an older record of the same id
 * goes, a newer one stays.
 */
export async function replaceRecords<T extends Identified>(
  database: Database,
  table: RecordTable<T>,
  items: readonly T[],
): Promise<void> {
  const at = sql.ref(columnOf(table, table.sort).name);
  const name = sql.table(table.name);
  const newest = newestOfEach(table, items);
  for (let from = 0; from < newest.length; from += ROWS_PER_STATEMENT) {
    const chunk = newest.slice(from, from + ROWS_PER_STATEMENT);
    const rows = sql.join(chunk.map((item) => rowValues(table, item)));
    await database.transaction(async (tx) => {
      const fresh = sql`(values ${rows}) as fresh (${names(table)})`;
      await sql`delete from ${name} using ${fresh} where ${name}.id = fresh.id and ${name}.${at} <= fresh.${at}`.execute(
        tx,
      );
      await sql`insert into ${name} (${names(table)}) select ${names(table)} from ${fresh}
        where not exists (select 1 from ${name} as kept where kept.id = fresh.id) on conflict do nothing`.execute(tx);
    });
  }
}

/** Inserts the records that are not there yet and leaves the others alone. */
export async function insertRecords<T extends Identified>(
  database: Database,
  table: RecordTable<T>,
  items: readonly T[],
): Promise<number> {
  let inserted = 0;
  await inChunks(database, items, async (tx, chunk) => {
    inserted += await countOf(tx, sql`${insertion(table, chunk)} on conflict do nothing`);
  });
  return inserted;
}

/** Replaces one record where `condition` still holds; false when it does not. */
export async function replaceRecord<T extends Identified>(
  database: Database,
  table: RecordTable<T>,
  { item, condition }: { readonly item: T; readonly condition: Condition },
): Promise<boolean> {
  const statement = sql`update ${sql.table(table.name)} set (${names(table)}) = ${rowValues(table, item)}
    where id = ${item.id} and ${condition}`;
  return (await countOf(database.sql, statement)) > 0;
}

/** Records that meet all conditions, newest first. */
export function findRecords<T extends Identified>(
  database: Database,
  table: RecordTable<T>,
  { where, limit }: { readonly where: readonly Condition[]; readonly limit: number },
): Promise<readonly T[]> {
  return rowsOf(
    database.sql,
    sql<T>`select ${selection(table)} from ${sql.table(table.name)}
      where ${sql.join([sql`true`, ...where], sql` and `)}
      order by ${column(table, table.sort)} desc, ${sql.ref(`${table.name}.id`)} desc limit ${limit}`,
  );
}

export async function getRecord<T extends Identified>(
  database: Database,
  table: RecordTable<T>,
  id: string,
): Promise<T | null> {
  const [record] = await findRecords(database, table, { where: [sql`id = ${storable(id)}`], limit: 1 });
  return record ?? null;
}

/** A page of the records that meet all conditions, newest first. Throws `CURSOR_INVALID`. */
export async function pageOfRecords<T extends Identified>(
  database: Database,
  table: RecordTable<T>,
  { query, where }: { readonly query: PageQuery; readonly where: readonly (Condition | null)[] },
): Promise<Page<T>> {
  const after = cursorPosition(table.name, query, 'number');
  const conditions = where.filter((condition) => condition !== null);
  if (after) {
    conditions.push(sql`(${column(table, table.sort)}, ${sql.ref(`${table.name}.id`)})
      < (${timestamp(Number(after.sort))}, ${after.id})`);
  }
  const rows = await findRecords(database, table, { where: conditions, limit: pageLimit(query) + 1 });
  return toPage(table.name, query, rows, (row) => ({ sort: row[table.sort] as number, id: row.id }));
}

/** `column = value`, or nothing when there is no value to ask for. */
export const equals = (name: string, value: string | undefined): Condition | null =>
  value === undefined ? null : sql`${sql.ref(name)} = ${storable(value)}`;

/** `from <= column < to`, or nothing. */
export const within = (name: string, range: TimeRange | undefined): Condition | null =>
  range === undefined
    ? null
    : sql`${sql.ref(name)} >= ${timestamp(range.from)} and ${sql.ref(name)} < ${timestamp(range.to)}`;
