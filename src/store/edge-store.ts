import { sql } from 'kysely';
import type { Edge } from '../model/topology.ts';
import { countOf, type Database, rowsOf } from './database.ts';
import { rows } from './numbers.ts';
import { cursorPosition, pageLimit, toPage } from './pages.ts';
import type { Condition } from './record-table.ts';
import { equals } from './record-table.ts';
import type { EdgeStore } from './store.ts';
import { storable, timestamp } from './values.ts';

const COLUMNS = sql`from_entity as "from", to_entity as "to", kind, source, first_seen as "firstSeen",
  last_seen as "lastSeen"`;
/** Six parameters each, far from PostgreSQL's 65,535. */
const PER_STATEMENT = 1000;

/** No entity id holds it, for control characters are taken out of ids. */
const SEPARATOR = '\u0001';
const keyOf = ({ from, to, kind }: Edge): string => [from, to, kind].join(SEPARATOR);

/** The newest word on each edge: a statement may touch a row only once. */
const newest = (edges: readonly Edge[]): Edge[] => [...new Map(edges.map((edge) => [keyOf(edge), edge])).values()];

const upsertSome = (database: Database, edges: readonly Edge[]) =>
  sql`insert into edges (from_entity, to_entity, kind, source, first_seen, last_seen)
    values ${rows(edges, ({ from, to, kind, source, firstSeen, lastSeen }) => [
      storable(from),
      storable(to),
      kind,
      source,
      timestamp(firstSeen),
      timestamp(lastSeen),
    ])}
    on conflict (from_entity, to_entity, kind) do update set
      source = case when edges.source = 'config' then edges.source else excluded.source end,
      first_seen = least(edges.first_seen, excluded.first_seen),
      last_seen = greatest(edges.last_seen, excluded.last_seen)`.execute(database.sql);

export function createEdgeStore(database: Database): EdgeStore {
  return {
    upsert: async (edges) => {
      const once = newest(edges);
      for (let at = 0; at < once.length; at += PER_STATEMENT)
        await upsertSome(database, once.slice(at, at + PER_STATEMENT));
    },
    remove: async (edges) => {
      for (const { from, to, kind } of edges) {
        await sql`delete from edges where from_entity = ${from} and to_entity = ${to} and kind = ${kind}`.execute(
          database.sql,
        );
      }
    },
    forget: async (before) =>
      countOf(database.sql, sql`delete from edges where last_seen < ${timestamp(before)} and source <> 'config'`),
    list: async (query) => {
      const after = cursorPosition('edges', query, 'string');
      const where: Condition[] = [sql`true`];
      const wanted = [equals('kind', query.kind), equals('source', query.source)].filter((part) => part !== null);
      where.push(...wanted);
      if (query.entity !== undefined) {
        where.push(sql`(from_entity = ${storable(query.entity)} or to_entity = ${storable(query.entity)})`);
      }
      if (after) {
        const [from = '', to = ''] = String(after.sort).split(SEPARATOR);
        where.push(sql`(from_entity, to_entity, kind) > (${from}, ${to}, ${after.id})`);
      }
      const found = await rowsOf(
        database.sql,
        sql<Edge>`select ${COLUMNS} from edges where ${sql.join(where, sql` and `)}
          order by from_entity, to_entity, kind limit ${pageLimit(query) + 1}`,
      );
      return toPage('edges', query, found, ({ from, to, kind }) => ({ sort: from + SEPARATOR + to, id: kind }));
    },
    mark: async () => {
      const [row] = await rowsOf(
        database.sql,
        sql<{ mark: string }>`select count(*) || ' ' || coalesce(max(first_seen)::text, '') as mark from edges`,
      );
      return row?.mark ?? '';
    },
  };
}
