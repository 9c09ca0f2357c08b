import { sql } from 'kysely';
import type { Run } from '../model/action.ts';
import { type Database, rowsOf } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { RunStore } from './store.ts';
import { textArray } from './values.ts';

const { json, plain, time } = record;

const RUNS: RecordTable<Run> = {
  name: 'runs',
  sort: 'requestedAt',
  columns: {
    id: plain('id'),
    incident: plain('incident'),
    recommendation: plain('recommendation'),
    fleet: plain('fleet'),
    action: plain('action'),
    entity: plain('entity'),
    dryRun: plain('dry_run'),
    state: plain('state'),
    plan: json('plan'),
    decision: json('decision'),
    requestedBy: plain('requested_by'),
    requestedAt: time('requested_at'),
    expiresAt: time('expires_at'),
    decidedBy: plain('decided_by'),
    decidedAt: time('decided_at'),
    startedAt: time('started_at'),
    endedAt: time('ended_at'),
    exitCode: plain('exit_code'),
    output: plain('output'),
    error: json('error'),
  },
};

export function createRunStore(database: Database): RunStore {
  return {
    insert: async (run) => (await record.insertRecords(database, RUNS, [run])) === 1,
    transition: (run, from) =>
      record.replaceRecord(database, RUNS, { item: run, condition: sql`state = any(${textArray(from)})` }),
    get: (id) => record.getRecord(database, RUNS, id),
    list: (query) =>
      record.pageOfRecords(database, RUNS, {
        query,
        where: [
          record.equals('state', query.state),
          record.equals('incident', query.incident),
          record.equals('entity', query.entity),
        ],
      }),
    lastStart: async ({ entity, action }) => {
      const ofAction = action === undefined ? sql`` : sql`and action = ${action}`;
      const [row] = await rowsOf(
        database.sql,
        sql<{ last: number | null }>`
          select max(started_at) as last from runs
          where entity = ${entity} ${ofAction} and not dry_run and started_at is not null`,
      );
      return row?.last ?? null;
    },
  };
}
