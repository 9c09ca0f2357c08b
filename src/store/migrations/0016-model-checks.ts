import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** What was measured of a model in service, over time. */
export const modelChecks: Migration = {
  version: 16,
  name: 'model-checks',
  statements: [
    sql`create table model_checks (
      model text not null,
      time timestamptz not null,
      measures jsonb not null,
      primary key (model, time)
    )`,
  ],
};
