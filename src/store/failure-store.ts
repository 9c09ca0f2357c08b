import { sql } from 'kysely';
import type { Failure } from '../model/failure.ts';
import type { Database } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { FailureStore } from './store.ts';

const { json, plain, time } = record;

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
    correction: json('correction'),
  },
  // What a person said stands, whatever a definition finds when history is read again.
  keeps: sql`failures.correction is not null`,
};

const WITHDRAWN = sql`coalesce((correction ->> 'withdrawn')::boolean, false)`;

export function createFailureStore(database: Database): FailureStore {
  return {
    upsert: (failures) => record.upsertRecords(database, FAILURES, failures),
    correct: (failure) => record.replaceRecord(database, FAILURES, { item: failure, condition: sql`true` }),
    get: (id) => record.getRecord(database, FAILURES, id),
    list: (query) =>
      record.pageOfRecords(database, FAILURES, {
        query,
        where: [
          record.equals('entity', query.entity),
          record.equals('kind', query.kind),
          record.within('started_at', query.range),
          query.withdrawn === true ? null : sql`not ${WITHDRAWN}`,
          query.open === true ? sql`ended_at is null` : null,
        ],
      }),
  };
}
