import type { Exemplar } from '../model/exemplar.ts';
import type { Database } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { ExemplarStore } from './store.ts';

const { json, plain, time } = record;

const EXEMPLARS: RecordTable<Exemplar> = {
  name: 'exemplars',
  sort: 'time',
  version: 'time',
  columns: {
    id: plain('id'),
    entity: plain('entity'),
    metric: plain('metric'),
    labels: json('labels'),
    time: time('time'),
    value: plain('value'),
    trace: plain('trace'),
    span: plain('span'),
    attributes: json('attributes'),
  },
};

export function createExemplarStore(database: Database): ExemplarStore {
  return {
    keep: (exemplars) => record.upsertRecords(database, EXEMPLARS, exemplars),
    list: (query) =>
      record.pageOfRecords(database, EXEMPLARS, {
        query,
        where: [
          record.equals('entity', query.entity),
          record.equals('metric', query.metric),
          record.within('time', query.range),
        ],
      }),
  };
}
