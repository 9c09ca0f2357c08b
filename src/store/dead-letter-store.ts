import type { DeadLetter } from '../model/topics.ts';
import type { Database } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { DeadLetterStore } from './store.ts';

const { plain, time } = record;

const DEAD_LETTERS: RecordTable<DeadLetter> = {
  name: 'dead_letters',
  sort: 'time',
  columns: {
    id: plain('id'),
    topic: plain('topic'),
    group: plain('consumer'),
    key: plain('key'),
    reason: plain('reason'),
    attempts: plain('attempts'),
    time: time('time'),
    payload: plain('payload'),
  },
};

export function createDeadLetterStore(database: Database): DeadLetterStore {
  return {
    append: async (letters) => {
      await record.insertRecords(database, DEAD_LETTERS, letters);
    },
    list: (query) =>
      record.pageOfRecords(database, DEAD_LETTERS, { query, where: [record.equals('topic', query.topic)] }),
  };
}
