import { sql } from 'kysely';
import type { EntityQuality, FeatureChoice, Lineage } from '../model/data-quality.ts';
import { type Database, rowsOf } from './database.ts';
import { rows } from './numbers.ts';
import { cursorPosition, pageLimit, toPage } from './pages.ts';
import type { Condition } from './record-table.ts';
import type { ChoiceStore, LineageStore, QualityStore } from './store.ts';
import { jsonb, storable, timestamp } from './values.ts';

const PER_STATEMENT = 200;

export function createQualityStore(database: Database): QualityStore {
  const saveSome = async (some: readonly EntityQuality[]): Promise<void> => {
    await sql`insert into entity_quality (entity, updated_at, last_sample, body)
      values ${rows(some, (one) => [
        storable(one.entity),
        timestamp(one.updatedAt),
        timestamp(one.lastSample),
        jsonb(one),
      ])}
      on conflict (entity) do update set updated_at = excluded.updated_at, last_sample = excluded.last_sample,
        body = excluded.body where entity_quality.updated_at <= excluded.updated_at`.execute(database.sql);
  };
  return {
    save: async (qualities) => {
      const latest = [...new Map(qualities.map((one) => [one.entity, one])).values()];
      for (let at = 0; at < latest.length; at += PER_STATEMENT) await saveSome(latest.slice(at, at + PER_STATEMENT));
    },
    get: async (entity) => {
      const [found] = await rowsOf(
        database.sql,
        sql<{ body: EntityQuality }>`select body from entity_quality where entity = ${storable(entity)}`,
      );
      return found?.body ?? null;
    },
    list: async (query) => {
      const after = cursorPosition('entity_quality', query, 'string');
      const where: Condition[] = [sql`true`];
      if (query.search) where.push(sql`strpos(lower(entity), lower(${storable(query.search)})) > 0`);
      if (after) where.push(sql`entity > ${after.id}`);
      const found = await rowsOf(
        database.sql,
        sql<{ body: EntityQuality }>`select body from entity_quality where ${sql.join(where, sql` and `)}
          order by entity limit ${pageLimit(query) + 1}`,
      );
      const items = found.map(({ body }) => body);
      return toPage('entity_quality', query, items, ({ entity }) => ({ sort: entity, id: entity }));
    },
  };
}

export function createChoiceStore(database: Database): ChoiceStore {
  return {
    save: async (choice) => {
      await sql`insert into feature_choices (scope, version, made_at, body)
        values (${storable(choice.scope)}, ${choice.version}, ${timestamp(choice.madeAt)}, ${jsonb(choice)})
        on conflict (scope) do update set version = excluded.version, made_at = excluded.made_at, body = excluded.body
        where feature_choices.made_at <= excluded.made_at`.execute(database.sql);
    },
    get: async (scope) => {
      const [found] = await rowsOf(
        database.sql,
        sql<{ body: FeatureChoice }>`select body from feature_choices where scope = ${storable(scope)}`,
      );
      return found?.body ?? null;
    },
  };
}

/** Models are few, and the lineage of one says little after it is long gone. */
const KEPT = 1000;

export function createLineageStore(database: Database): LineageStore {
  return {
    insert: (lineage) =>
      database.transaction(async (tx) => {
        await sql`insert into model_lineage (model, time, body)
          values (${lineage.model}, ${timestamp(lineage.time)}, ${jsonb(lineage)}) on conflict do nothing`.execute(tx);
        await sql`delete from model_lineage where (time, model) <= (
          select time, model from model_lineage order by time desc, model desc offset ${KEPT} limit 1)`.execute(tx);
      }),
    of: async (model) => {
      const [found] = await rowsOf(
        database.sql,
        sql<{ body: Lineage }>`select body from model_lineage where model = ${storable(model)}`,
      );
      return found?.body ?? null;
    },
  };
}
