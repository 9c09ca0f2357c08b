import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Sessions of log lines: samples to learn their order from, and odd ones as evidence. */
export const logSequences: Migration = {
  version: 20,
  name: 'log-sequences',
  statements: [
    sql`create table log_sequences (
      id text primary key,
      entity text not null,
      fleet text not null,
      start_time timestamptz not null,
      end_time timestamptz not null,
      templates jsonb not null,
      sampled boolean not null,
      p_value double precision,
      model text,
      position int,
      expected jsonb not null
    )`,
    sql`create index log_sequences_time on log_sequences (end_time, id)`,
    sql`create index log_sequences_entity on log_sequences (entity, end_time, id)`,
  ],
};
