import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Measurements with the trace that they came from, as evidence. */
export const exemplars: Migration = {
  version: 14,
  name: 'exemplars',
  statements: [
    sql`create table exemplars (
      id text primary key,
      entity text not null,
      metric text not null,
      labels jsonb not null,
      time timestamptz not null,
      value double precision not null,
      trace text,
      span text,
      attributes jsonb not null
    ) with (fillfactor = 70)`,
    sql`create index exemplars_time on exemplars (time, id)`,
    sql`create index exemplars_entity on exemplars (entity, time, id)`,
  ],
};
