import type { Failure } from '../model/failure.ts';
import type { Database } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { FailureStore } from './store.ts';

const { plain, time } = record;

const FAILURES: RecordTable<Failure> = {
  name: 'failures',
  sort: 'start',
  columns: {
    id: plain('id'),
    entity: plain('entity'),
    kind: plain('kind'),
    start: time('started_at'),
    end: time('ended_at'),
    source: plain('source'),
    note: plain('note'),
  },
};

export function createFailureStore(database: Database): FailureStore {
  return {
    upsert: (failures) => record.upsertRecords(database, FAILURES, failures),
    list: (query) =>
      record.pageOfRecords(database, FAILURES, { query, where: [record.equals('entity', query.entity)] }),
  };
}
