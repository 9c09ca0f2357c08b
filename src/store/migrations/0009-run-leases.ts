import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/**
 * One row a real start: who carries it out and is still there, and what limits count. The token only grows, so that a
 * target may refuse whoever comes with an older one.
 */
export const runLeases: Migration = {
  version: 9,
  name: 'run-leases',
  statements: [
    sql`create table run_leases (
      run text primary key,
      token bigint generated always as identity,
      holder text not null,
      action text not null,
      entity text not null,
      incident text,
      fleet text not null,
      automatic boolean not null,
      cost float8 not null,
      settle_ms float8 not null,
      started_at timestamptz not null,
      renewed_at timestamptz not null,
      ended_at timestamptz
    )`,
    sql`create index run_leases_started on run_leases (started_at)`,
    sql`create index run_leases_action on run_leases (action, entity, started_at)`,
    sql`create index run_leases_open on run_leases (run) where ended_at is null`,
    sql`insert into run_leases (run, holder, action, entity, incident, fleet, automatic, cost, settle_ms, started_at,
        renewed_at, ended_at)
      select id, '', action, entity, incident, fleet, requested_by = 'vigia', 0, 0, started_at, started_at,
        coalesce(ended_at, started_at)
      from runs where not dry_run and started_at is not null`,
  ],
};
