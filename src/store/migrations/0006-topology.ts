import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

const statements = [
  sql`create table edges (
    from_entity text not null,
    to_entity text not null,
    kind text not null,
    source text not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (from_entity, to_entity, kind)
  )`,
  sql`create index edges_to on edges (to_entity, from_entity, kind)`,
  sql`create index edges_first_seen on edges (first_seen)`,
  sql`create index edges_last_seen on edges (last_seen)`,
  sql`create table silences (
    id text primary key,
    kind text not null,
    match jsonb not null,
    begins_at timestamptz not null,
    ends_at timestamptz not null,
    why text not null,
    given_by text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    ended_by text,
    event text
  )`,
  sql`create index silences_begin on silences (begins_at, id)`,
  sql`create index silences_end on silences (ends_at)`,
  sql`alter table incidents add column roots jsonb, add column silenced_by jsonb, add column merged_into text,
    add column left_out jsonb`,
  // What overlaps a range ends after it begins; what is open ends in the future.
  sql`create index anomalies_end on anomalies (coalesce(ended_at, 'infinity'::timestamptz), started_at)`,
];

export const topology: Migration = { version: 6, name: 'topology', statements };
