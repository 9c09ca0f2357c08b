import { sql } from 'kysely';
import type { Silence } from '../model/silence.ts';
import type { Database } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { SilenceStore } from './store.ts';
import { timestamp } from './values.ts';

const { json, plain, time } = record;

const SILENCES: RecordTable<Silence> = {
  name: 'silences',
  sort: 'from',
  version: 'updatedAt',
  columns: {
    id: plain('id'),
    kind: plain('kind'),
    match: json('match'),
    from: time('begins_at'),
    to: time('ends_at'),
    why: plain('why'),
    by: plain('given_by'),
    createdAt: time('created_at'),
    updatedAt: time('updated_at'),
    endedBy: plain('ended_by'),
    event: plain('event'),
  },
};

const inState = (state: 'scheduled' | 'active' | 'over', now: number): record.Condition => {
  if (state === 'over') return sql`ends_at <= ${timestamp(now)}`;
  if (state === 'scheduled') return sql`begins_at > ${timestamp(now)} and ends_at > ${timestamp(now)}`;
  return sql`begins_at <= ${timestamp(now)} and ends_at > ${timestamp(now)}`;
};

export function createSilenceStore(database: Database): SilenceStore {
  return {
    insert: async (silence) => (await record.insertRecords(database, SILENCES, [silence])) > 0,
    replace: (silence, known) =>
      record.replaceRecord(database, SILENCES, { item: silence, condition: sql`updated_at = ${timestamp(known)}` }),
    get: (id) => record.getRecord(database, SILENCES, id),
    list: (query) =>
      record.pageOfRecords(database, SILENCES, {
        query,
        where: [query.state === undefined ? null : inState(query.state.is, query.state.at)],
      }),
    active: (now, limit) => record.findRecords(database, SILENCES, { where: [inState('active', now)], limit }),
    overlapping: ({ from, to }, limit) =>
      record.findRecords(database, SILENCES, {
        where: [sql`begins_at < ${timestamp(to)} and ends_at > ${timestamp(from)}`],
        limit,
      }),
  };
}
