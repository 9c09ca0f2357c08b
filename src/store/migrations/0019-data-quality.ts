import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** How good the data of each entity is, which features of a kind models get, what they were trained on; letters sent again. */
export const dataQuality: Migration = {
  version: 19,
  name: 'data-quality',
  statements: [
    sql`create table entity_quality (
      entity text primary key,
      updated_at timestamptz not null,
      last_sample timestamptz not null,
      body jsonb not null
    ) with (fillfactor = 70)`,
    sql`create table feature_choices (
      scope text primary key,
      version text not null,
      made_at timestamptz not null,
      body jsonb not null
    )`,
    sql`create table model_lineage (
      model text primary key,
      time timestamptz not null,
      body jsonb not null
    )`,
    sql`alter table dead_letters add column replayed_at timestamptz`,
    sql`alter table dead_letters add column replayed_by text`,
  ],
};
