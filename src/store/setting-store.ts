import { sql } from 'kysely';
import type { Json } from '../model/detector.ts';
import { type Database, rowsOf } from './database.ts';
import type { SettingStore } from './store.ts';
import { jsonb, timestamp } from './values.ts';

export function createSettingStore(database: Database): SettingStore {
  return {
    get: async (key) => {
      const [row] = await rowsOf(database.sql, sql<{ value: Json }>`select value from settings where key = ${key}`);
      return row?.value ?? null;
    },
    // oxlint-disable-next-line eslint/max-params -- who and when belong to every change
    set: async (key, value, by, time) => {
      await sql`insert into settings (key, value, changed_by, changed_at)
        values (${key}, ${jsonb(value)}, ${by}, ${timestamp(time)})
        on conflict (key) do update set value = excluded.value, changed_by = excluded.changed_by,
          changed_at = excluded.changed_at`.execute(database.sql);
    },
    all: async () => {
      const rows = await rowsOf(database.sql, sql<{ key: string; value: Json }>`select key, value from settings`);
      return new Map(rows.map(({ key, value }) => [key, value]));
    },
  };
}
