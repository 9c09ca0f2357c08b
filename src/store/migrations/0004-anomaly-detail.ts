import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Why an anomaly is of its kind, which detectors agree, and what ended it. */
export const anomalyDetail: Migration = {
  version: 4,
  name: 'anomaly-detail',
  statements: [
    sql`alter table anomalies add column kind_reason jsonb, add column members jsonb, add column ending jsonb`,
  ],
};
