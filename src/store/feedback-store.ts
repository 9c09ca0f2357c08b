import type { Feedback } from '../model/failure.ts';
import type { Database } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { FeedbackStore } from './store.ts';

const { plain, time } = record;

const FEEDBACK: RecordTable<Feedback> = {
  name: 'feedback',
  sort: 'time',
  columns: {
    id: plain('id'),
    target: plain('target'),
    targetId: plain('target_id'),
    verdict: plain('verdict'),
    note: plain('note'),
    by: plain('given_by'),
    time: time('time'),
  },
};

export function createFeedbackStore(database: Database): FeedbackStore {
  return {
    insert: async (feedback) => {
      await record.insertRecords(database, FEEDBACK, [feedback]);
    },
    list: (query) =>
      record.pageOfRecords(database, FEEDBACK, { query, where: [record.equals('target_id', query.targetId)] }),
  };
}
