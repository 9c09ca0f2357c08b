import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Frames of a day, for charts over a year; like the other rolled-up frames. */
export const days: Migration = {
  version: 11,
  name: 'frames of a day',
  statements: [
    sql`create table frames_day (
      entity int not null,
      time timestamptz not null,
      step_ms int not null,
      layout int not null,
      mean real[] not null,
      low real[] not null,
      high real[] not null,
      primary key (entity, time)
    ) partition by range (time)`,
  ],
};
