import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** What was known at each recommendation and how likely each action was to stand first, for policies that learn of it. */
export const decisions: Migration = {
  version: 17,
  name: 'decisions',
  statements: [
    sql`create table decisions (
      id text primary key,
      incident text not null,
      fleet text not null,
      time timestamptz not null,
      policy jsonb not null,
      context jsonb not null,
      options jsonb not null,
      chosen text,
      explored boolean not null
    )`,
    sql`create index decisions_time on decisions (time, id)`,
    sql`create index decisions_incident on decisions (incident, time, id)`,
    sql`alter table recommendations add column explores boolean`,
    sql`alter table recommendations add column similar_cases jsonb`,
    sql`alter table recommendations add column considered jsonb`,
  ],
};
