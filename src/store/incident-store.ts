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
    roots: json('roots'),
    entities: json('entities'),
    anomalyKinds: json('anomaly_kinds'),
    features: json('features'),
    anomalies: json('anomalies'),
    predictions: json('predictions'),
    pagedAt: time('paged_at'),
    timeline: json('timeline'),
    silencedBy: json('silenced_by'),
    mergedInto: plain('merged_into'),
    leftOut: json('left_out'),
  },
};

/** What an incident need not have is null in the table and absent outside. */
const OPTIONAL = ['roots', 'silencedBy', 'mergedInto', 'leftOut'] as const;

function present(row: Incident): Incident {
  const known: Record<string, unknown> = { ...row };
  for (const name of OPTIONAL) if (known[name] === null) delete known[name];
  return known as Incident;
}

export function createIncidentStore(database: Database): IncidentStore {
  return {
    upsert: (incidents) => record.upsertRecords(database, INCIDENTS, incidents),
    get: async (id) => {
      const found = await record.getRecord(database, INCIDENTS, id);
      return found && present(found);
    },
    list: async (query) => {
      const page = await record.pageOfRecords(database, INCIDENTS, {
        query,
        where: [
          record.equals('state', query.state),
          query.entity === undefined ? null : sql`entities @> ${jsonb([query.entity])}`,
        ],
      });
      return { ...page, items: page.items.map(present) };
    },
    open: async (limit) => {
      const found = await record.findRecords(database, INCIDENTS, { where: [sql`state = 'open'`], limit });
      return found.map(present);
    },
    pagedSince: async (since) => {
      const [row] = await rowsOf(
        database.sql,
        sql<{ pages: number; warnings: number }>`
          select count(*) filter (where line = 'pages') as pages, count(*) filter (where line = 'warnings') as warnings
          from alerts where time >= ${timestamp(since)}`,
      );
      return { pages: row?.pages ?? 0, warnings: row?.warnings ?? 0 };
    },
  };
}
