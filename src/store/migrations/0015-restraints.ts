import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Predictions on which it was left to chance whether to act. */
export const restraints: Migration = {
  version: 15,
  name: 'restraints',
  statements: [
    sql`create table restraints (
      prediction text primary key,
      entity text not null,
      time timestamptz not null,
      not_acting float8 not null,
      acted boolean not null
    )`,
    sql`create index restraints_time on restraints (time)`,
  ],
};
