import { sql } from 'kysely';
import { type Anomaly, SEVERITIES } from '../model/anomaly.ts';
import type { Database } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { AnomalyStore } from './store.ts';
import { textArray } from './values.ts';

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
    provisional: plain('provisional'),
    heldBack: json('held_back'),
    updatedAt: time('updated_at'),
  },
};

const isOpen = sql`ended_at is null`;

export function createAnomalyStore(database: Database): AnomalyStore {
  return {
    upsert: (anomalies) => record.upsertRecords(database, ANOMALIES, anomalies),
    get: (id) => record.getRecord(database, ANOMALIES, id),
    list: (query) =>
      record.pageOfRecords(database, ANOMALIES, {
        query,
        where: [
          record.equals('entity', query.entity),
          record.within('started_at', query.range),
          query.open === undefined ? null : query.open ? isOpen : sql`ended_at is not null`,
          query.atLeast ? sql`severity = any(${textArray(SEVERITIES.slice(SEVERITIES.indexOf(query.atLeast)))})` : null,
        ],
      }),
    open: (limit) => record.findRecords(database, ANOMALIES, { where: [isOpen], limit }),
  };
}
