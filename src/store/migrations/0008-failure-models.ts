import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

const statements = [
  sql`alter table failures add column correction jsonb`,
  sql`create index failures_kind on failures (kind, started_at, id)`,
  sql`alter table models add column detail jsonb`,
  sql`create table forecasts (
    model text not null,
    time timestamptz not null,
    entities jsonb not null,
    probabilities bytea not null,
    primary key (model, time)
  )`,
  sql`create index forecasts_time on forecasts (time)`,
];

export const failureModels: Migration = { version: 8, name: 'corrected failures, and what models said', statements };
