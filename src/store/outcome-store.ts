import { sql } from 'kysely';
import type { Outcome } from '../model/action.ts';
import { type Database, rowsOf } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { OutcomeStore } from './store.ts';

const { json, plain, time } = record;

const OUTCOMES: RecordTable<Outcome> = {
  name: 'outcomes',
  sort: 'decidedAt',
  columns: {
    id: plain('id'),
    run: plain('run'),
    incident: plain('incident'),
    fleet: plain('fleet'),
    action: plain('action'),
    entity: plain('entity'),
    verdict: plain('verdict'),
    decidedAt: time('decided_at'),
    evidence: json('evidence'),
    reason: json('reason'),
  },
};

interface Tally {
  readonly action: string;
  readonly entityKind: string;
  readonly verdict: Outcome['verdict'];
  readonly count: number;
}

export function createOutcomeStore(database: Database): OutcomeStore {
  return {
    insert: async (outcome) => {
      await record.insertRecords(database, OUTCOMES, [outcome]);
    },
    list: (query) =>
      record.pageOfRecords(database, OUTCOMES, {
        query,
        where: [record.equals('incident', query.incident), record.equals('action', query.action)],
      }),
    forRun: async (run) => {
      const [outcome] = await record.findRecords(database, OUTCOMES, { where: [sql`run = ${run}`], limit: 1 });
      return outcome ?? null;
    },
    tally: () =>
      rowsOf(
        database.sql,
        sql<Tally>`
          select action, split_part(entity, '/', 1) as "entityKind", verdict, count(*) as count
          from outcomes group by 1, 2, 3 order by 1, 2, 3`,
      ),
  };
}
