import { sql } from 'kysely';
import type { DeadLetter } from '../model/topics.ts';
import { countOf, type Database } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { DeadLetterStore } from './store.ts';
import { storable, timestamp } from './values.ts';

const { plain, time } = record;

const DEAD_LETTERS: RecordTable<Required<DeadLetter>> = {
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
    replayedAt: time('replayed_at'),
    replayedBy: plain('replayed_by'),
  },
};

const dead = (letter: DeadLetter): Required<DeadLetter> => ({ replayedAt: null, replayedBy: null, ...letter });

export function createDeadLetterStore(database: Database): DeadLetterStore {
  return {
    append: async (letters) => {
      await record.insertRecords(database, DEAD_LETTERS, letters.map(dead));
      // One that was sent again and refused again is dead once more; one that lies there already stays as it is.
      for (const { id, reason, attempts, time: at } of letters)
        await sql`update dead_letters set replayed_at = null, replayed_by = null, reason = ${storable(reason)},
            attempts = attempts + ${attempts}, time = ${timestamp(at)}
          where id = ${storable(id)} and replayed_at is not null`.execute(database.sql);
    },
    get: (id) => record.getRecord(database, DEAD_LETTERS, id),
    list: (query) =>
      record.pageOfRecords(database, DEAD_LETTERS, {
        query,
        where: [
          record.equals('topic', query.topic),
          record.equals('consumer', query.group),
          query.waiting === true ? sql`replayed_at is null` : null,
        ],
      }),
    replayed: async (id, { by, time: at }) =>
      (await countOf(
        database.sql,
        sql`update dead_letters set replayed_at = ${timestamp(at)}, replayed_by = ${storable(by)}
          where id = ${storable(id)} and replayed_at is null`,
      )) > 0,
    revoke: async (id) => {
      await sql`update dead_letters set replayed_at = null, replayed_by = null where id = ${storable(id)}`.execute(
        database.sql,
      );
    },
  };
}
