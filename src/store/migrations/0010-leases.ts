import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** One row a duty that only one process may have at a time. The row stays, so that its token only grows. */
export const leases: Migration = {
  version: 10,
  name: 'leases of what only one process may do',
  statements: [
    sql`create table leases (
      name text primary key,
      token bigint not null,
      holder text not null,
      acquired_at timestamptz not null,
      lapses_at timestamptz not null
    )`,
  ],
};
