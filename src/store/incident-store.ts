import { sql } from 'kysely';
import type { Incident } from '../model/incident.ts';
import { type Database, rowsOf } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { IncidentStore } from './store.ts';
import { jsonb, timestamp } from './values.ts';

const { json, plain, time } = record;

const INCIDENTS: RecordTable<Incident> = {
  name: 'incidents',
  sort: 'openedAt',
  version: 'updatedAt',
  columns: {
    id: plain('id'),
    fleet: plain('fleet'),
    state: plain('state'),
    severity: plain('severity'),
    title: json('title'),
    openedAt: time('opened_at'),
    updatedAt: time('updated_at'),
    resolvedAt: time('resolved_at'),
    reopened: plain('reopened'),
    root: plain('root'),
    rootReason: json('root_reason'),
    entities: json('entities'),
    anomalyKinds: json('anomaly_kinds'),
    features: json('features'),
    anomalies: json('anomalies'),
    predictions: json('predictions'),
    pagedAt: time('paged_at'),
    timeline: json('timeline'),
  },
};

export function createIncidentStore(database: Database): IncidentStore {
  return {
    upsert: (incidents) => record.upsertRecords(database, INCIDENTS, incidents),
    get: (id) => record.getRecord(database, INCIDENTS, id),
    list: (query) =>
      record.pageOfRecords(database, INCIDENTS, {
        query,
        where: [
          record.equals('state', query.state),
          query.entity === undefined ? null : sql`entities @> ${jsonb([query.entity])}`,
        ],
      }),
    open: (limit) => record.findRecords(database, INCIDENTS, { where: [sql`state = 'open'`], limit }),
    pagedSince: async (since) => {
      const [row] = await rowsOf(
        database.sql,
        sql<{ pages: number; warnings: number }>`
          select count(*) filter (where severity = 'critical') as pages,
            count(*) filter (where severity = 'warning') as warnings
          from incidents where paged_at >= ${timestamp(since)}`,
      );
      return { pages: row?.pages ?? 0, warnings: row?.warnings ?? 0 };
    },
  };
}
