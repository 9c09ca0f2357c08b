import { sql } from 'kysely';
import { type Entity, type EntityId, parseEntityId } from '../model/entity.ts';
import { type Database, rowsOf } from './database.ts';
import { createNumbers, type Numbers, rows } from './numbers.ts';
import { cursorPosition, pageLimit, toPage } from './pages.ts';
import { type Condition, equals } from './record-table.ts';
import type { EntityStore } from './store.ts';
import { jsonb, storable, textArray, timestamp } from './values.ts';

const COLUMNS = sql`id, kind, name, fleet, labels, first_seen as "firstSeen", last_seen as "lastSeen"`;
const PER_STATEMENT = 500;

const insertNew = (entities: readonly Entity[]) =>
  sql`insert into entities (id, kind, name, fleet, labels, first_seen, last_seen)
    values ${rows(entities, (entity) => [
      storable(entity.id),
      storable(entity.kind),
      storable(entity.name),
      storable(entity.fleet),
      jsonb(entity.labels),
      timestamp(entity.firstSeen),
      timestamp(entity.lastSeen),
    ])}
    on conflict (id) do nothing`;

/** The numbers of entities; one that nobody has described yet is made from its id. */
export const createEntityNumbers = (database: Database): Numbers<Entity> =>
  createNumbers<Entity>(database, {
    find: (ids) => sql`select number, id as key from entities where id = any(${textArray(ids)})`,
    insert: insertNew,
  });

/** What is known of an entity from its first frame alone. */
export const entityFromFrame = (id: EntityId, fleet: string, time: number): Entity => ({
  id,
  ...parseEntityId(id),
  fleet,
  labels: {},
  firstSeen: time,
  lastSeen: time,
});

export function createEntityStore(database: Database, numbers: Numbers<Entity>): EntityStore {
  /** Known entities are updated rather than inserted again: an insert that conflicts would use up a number each time. */
  const upsertSome = async (entities: readonly Entity[]): Promise<void> => {
    await numbers.of(new Map(entities.map((entity) => [entity.id, entity])));
    await sql`update entities set fleet = seen.fleet, labels = seen.labels,
        first_seen = least(entities.first_seen, seen.first_seen), last_seen = greatest(entities.last_seen, seen.last_seen)
      from (values ${rows(entities, (entity) => [
        sql`${storable(entity.id)}::text`,
        sql`${storable(entity.fleet)}::text`,
        jsonb(entity.labels),
        timestamp(entity.firstSeen),
        timestamp(entity.lastSeen),
      ])}) as seen (id, fleet, labels, first_seen, last_seen)
      where entities.id = seen.id`.execute(database.sql);
  };

  return {
    upsert: async (entities) => {
      const latest = [...new Map(entities.map((entity) => [entity.id, entity])).values()];
      for (let at = 0; at < latest.length; at += PER_STATEMENT) await upsertSome(latest.slice(at, at + PER_STATEMENT));
    },
    get: async (id) => {
      const [entity] = await rowsOf(
        database.sql,
        sql<Entity>`select ${COLUMNS} from entities where id = ${storable(id)}`,
      );
      return entity ?? null;
    },
    list: async (query) => {
      const after = cursorPosition('entities', query, 'string');
      const where: Condition[] = [sql`true`];
      const ofKind = equals('kind', query.kind);
      if (ofKind) where.push(ofKind);
      if (query.search) where.push(sql`strpos(lower(id), lower(${storable(query.search)})) > 0`);
      if (after) where.push(sql`id > ${after.id}`);
      const found = await rowsOf(
        database.sql,
        sql<Entity>`select ${COLUMNS} from entities where ${sql.join(where, sql` and `)}
          order by id limit ${pageLimit(query) + 1}`,
      );
      return toPage('entities', query, found, ({ id }) => ({ sort: id, id }));
    },
  };
}
