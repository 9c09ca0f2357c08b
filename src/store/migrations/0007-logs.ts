import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

const statements = [
  sql`create table log_patterns (
    id text primary key,
    text text not null,
    level text not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null
  )`,
  sql`create index log_patterns_last_seen on log_patterns (last_seen, id)`,
  sql`create table log_examples (
    id text primary key,
    entity text not null,
    fleet text not null,
    time timestamptz not null,
    level text not null,
    template text not null,
    text text not null,
    attributes jsonb not null,
    source text not null
  )`,
  sql`create index log_examples_time on log_examples (time, id)`,
  sql`create index log_examples_entity on log_examples (entity, time, id)`,
  sql`create index log_examples_template on log_examples (template, time, id)`,
];

export const logs: Migration = { version: 7, name: 'patterns of log lines, and lines as evidence', statements };
