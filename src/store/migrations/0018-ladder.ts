import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** How far each action has climbed towards automation, a row where it ever moved. */
export const ladder: Migration = {
  version: 18,
  name: 'ladder',
  statements: [
    sql`create table ladder (
      action text not null,
      entity_kind text not null,
      level text not null,
      since timestamptz not null,
      reason text not null,
      run text not null,
      primary key (action, entity_kind)
    )`,
  ],
};
