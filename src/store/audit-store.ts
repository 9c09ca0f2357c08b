import type { AuditEntry } from '../model/failure.ts';
import type { Database } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { AuditStore } from './store.ts';

const { json, plain, time } = record;

const AUDIT: RecordTable<AuditEntry> = {
  name: 'audit',
  sort: 'time',
  columns: {
    id: plain('id'),
    time: time('time'),
    actor: plain('actor'),
    verb: plain('verb'),
    target: plain('target'),
    detail: json('detail'),
  },
};

export function createAuditStore(database: Database): AuditStore {
  return {
    append: async (entry) => {
      await record.insertRecords(database, AUDIT, [entry]);
    },
    list: (query) => record.pageOfRecords(database, AUDIT, { query, where: [] }),
  };
}
