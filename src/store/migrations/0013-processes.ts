import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** What several processes need of each other: who is there, what is asked of whom, and what has changed. */
export const processes: Migration = {
  version: 13,
  name: 'processes that work together',
  statements: [
    sql`create table members (
      id text primary key,
      stages text[] not null,
      about jsonb not null,
      started_at timestamptz not null,
      lapses_at timestamptz not null
    )`,
    sql`create table orders (
      id text primary key,
      stage text not null,
      verb text not null,
      body jsonb not null,
      placed_at timestamptz not null,
      taken_by text,
      answer jsonb
    )`,
    sql`create index orders_waiting on orders (stage, placed_at) where taken_by is null`,
    sql`create table changes (
      number bigint generated always as identity primary key,
      time timestamptz not null,
      body jsonb not null
    )`,
  ],
};
