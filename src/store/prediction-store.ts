import { sql } from 'kysely';
import type { Prediction } from '../model/prediction.ts';
import type { Database } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { PredictionStore } from './store.ts';

const { json, plain, time } = record;

const PREDICTIONS: RecordTable<Prediction> = {
  name: 'predictions',
  sort: 'openedAt',
  version: 'madeAt',
  columns: {
    id: plain('id'),
    entity: plain('entity'),
    fleet: plain('fleet'),
    kind: plain('kind'),
    feature: plain('feature'),
    unit: plain('unit'),
    madeAt: time('made_at'),
    openedAt: time('opened_at'),
    closedAt: time('closed_at'),
    state: plain('state'),
    severity: plain('severity'),
    horizons: json('horizons'),
    expectedAt: time('expected_at'),
    earliest: time('earliest'),
    latest: time('latest'),
    current: plain('current'),
    limit: plain('limit'),
    slope: plain('slope'),
    drivers: json('drivers'),
    reason: json('reason'),
    model: json('model'),
  },
};

export function createPredictionStore(database: Database): PredictionStore {
  return {
    upsert: (predictions) => record.upsertRecords(database, PREDICTIONS, predictions),
    get: (id) => record.getRecord(database, PREDICTIONS, id),
    list: (query) =>
      record.pageOfRecords(database, PREDICTIONS, {
        query,
        where: [record.equals('entity', query.entity), record.equals('state', query.state)],
      }),
    open: (limit) => record.findRecords(database, PREDICTIONS, { where: [sql`state = 'open'`], limit }),
  };
}
