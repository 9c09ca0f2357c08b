import { sql } from 'kysely';
import { type Anomaly, SEVERITIES, type Severity } from '../model/anomaly.ts';
import { type Database, rowsOf } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { AnomalyStore, TimeRange } from './store.ts';
import { textArray, timestamp } from './values.ts';

const { json, plain, time } = record;

const ANOMALIES: RecordTable<Anomaly> = {
  name: 'anomalies',
  sort: 'start',
  version: 'updatedAt',
  columns: {
    id: plain('id'),
    entity: plain('entity'),
    fleet: plain('fleet'),
    start: time('started_at'),
    end: time('ended_at'),
    openedAt: time('opened_at'),
    kind: plain('kind'),
    kindReason: json('kind_reason'),
    severity: plain('severity'),
    severityReason: json('severity_reason'),
    score: plain('score'),
    pValue: plain('p_value'),
    frames: plain('frames'),
    contributions: json('contributions'),
    members: json('members'),
    ending: json('ending'),
    needs: json('needs'),
    provisional: plain('provisional'),
    heldBack: json('held_back'),
    updatedAt: time('updated_at'),
  },
};

/** Entities with open anomalies, three severities each. */
const MAX_COUNTS = 60_000;

const isOpen = sql`ended_at is null`;

/** What began before the range ended and was not over when it began. */
const overlaps = ({ from, to }: TimeRange): record.Condition =>
  sql`started_at < ${timestamp(to)} and coalesce(ended_at, 'infinity'::timestamptz) > ${timestamp(from)}`;

/** Of what has no needs, severity was decided by something else. */
const warnsAt = (p: number) =>
  sql`case when needs is null then severity <> 'info' else (needs ->> 'warning')::float8 <= ${p} end`;

export function createAnomalyStore(database: Database): AnomalyStore {
  return {
    upsert: (anomalies) => record.upsertRecords(database, ANOMALIES, anomalies),
    get: (id) => record.getRecord(database, ANOMALIES, id),
    some: async (ids) =>
      ids.length === 0
        ? []
        : record.findRecords(database, ANOMALIES, { where: [sql`id = any(${textArray(ids)})`], limit: ids.length }),
    list: (query) =>
      record.pageOfRecords(database, ANOMALIES, {
        query,
        where: [
          record.equals('entity', query.entity),
          query.range === undefined ? null : overlaps(query.range),
          query.open === undefined ? null : query.open ? isOpen : sql`ended_at is not null`,
          query.atLeast ? sql`severity = any(${textArray(SEVERITIES.slice(SEVERITIES.indexOf(query.atLeast)))})` : null,
          record.equals('kind', query.kind),
          query.warnsAt === undefined ? null : warnsAt(query.warnsAt),
        ],
      }),
    open: (limit) => record.findRecords(database, ANOMALIES, { where: [isOpen], limit }),
    openCounts: () =>
      rowsOf(
        database.sql,
        sql<{ entity: string; severity: Severity; count: number }>`
          select entity, severity, count(*)::int as count from anomalies where ended_at is null
          group by entity, severity order by entity limit ${MAX_COUNTS}`,
      ),
  };
}
