import { sql } from 'kysely';
import type { Feedback } from '../model/failure.ts';
import { countOf, type Database } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { FeedbackStore } from './store.ts';
import { jsonb, storable } from './values.ts';

const { json, plain, time } = record;

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
    anomalies: json('anomalies'),
    missed: json('missed'),
    rule: json('rule'),
    adopted: json('adopted'),
    undone: json('undone'),
  },
};

const stands = sql`undone is null`;

export function createFeedbackStore(database: Database): FeedbackStore {
  return {
    insert: async (feedback) => (await record.insertRecords(database, FEEDBACK, [feedback])) === 1,
    get: (id) => record.getRecord(database, FEEDBACK, id),
    list: (query) =>
      record.pageOfRecords(database, FEEDBACK, {
        query,
        where: [
          record.equals('target_id', query.targetId),
          record.equals('verdict', query.verdict),
          record.within('time', query.range),
          query.standing === true ? stands : null,
        ],
      }),
    undo: async (id, undone) =>
      (await countOf(
        database.sql,
        sql`update feedback set undone = ${jsonb(undone)} where id = ${storable(id)} and ${stands}`,
      )) === 1,
    ruling: (limit) => record.findRecords(database, FEEDBACK, { where: [stands, sql`rule is not null`], limit }),
  };
}
