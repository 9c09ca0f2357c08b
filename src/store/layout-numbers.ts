import { sql } from 'kysely';
import type { Feature, FrameLayout } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import { type Database, rowsOf } from './database.ts';
import { createNumbers, rows } from './numbers.ts';
import { int4Array, jsonb, textArray } from './values.ts';

/** Layouts change when features come; more than this means that old ones are only looked up now and then. */
const MAX_KNOWN = 10_000;

/** Layouts by number and back. */
export interface LayoutNumbers {
  of(layouts: Iterable<FrameLayout>): Promise<ReadonlyMap<string, number>>;
  byNumber(numbers: Iterable<number>): Promise<ReadonlyMap<number, FrameLayout>>;
}

export function createLayoutNumbers(database: Database): LayoutNumbers {
  const layouts = new Map<number, FrameLayout>();
  const numbers = createNumbers<FrameLayout>(database, {
    find: (ids) => sql`select number, id as key from frame_layouts where id = any(${textArray(ids)})`,
    insert: (fresh) => sql`insert into frame_layouts (id, features)
      values ${rows(fresh, ({ id, features }) => [id, jsonb(features)])} on conflict (id) do nothing`,
  });

  return {
    of: (wanted) => numbers.of(new Map([...wanted].map((layout) => [layout.id, layout]))),
    byNumber: async (wanted) => {
      const missing = [...new Set(wanted)].filter((number) => !layouts.has(number));
      if (missing.length > 0) {
        if (layouts.size > MAX_KNOWN) layouts.clear();
        const found = await rowsOf(
          database.sql,
          sql<{ number: number; features: Feature[] }>`
            select number, features from frame_layouts where number = any(${int4Array(missing)})`,
        );
        for (const { number, features } of found) layouts.set(number, internLayout(features));
      }
      return layouts;
    },
  };
}
