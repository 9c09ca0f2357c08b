import { sql } from 'kysely';
import type { Run } from '../model/action.ts';
import { type Database, rowsOf, type Sql } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import { endLease, lockStarts, renewLeases, surveyRuns, takeLease } from './run-leases.ts';
import type { RunStart, RunStore } from './store.ts';
import { textArray, timestamp } from './values.ts';

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

const inState = (states: readonly string[]): record.Condition => sql`state = any(${textArray(states)})`;

async function begin(database: Database, start: RunStart): ReturnType<RunStore['begin']> {
  const { query, from, decide } = start;
  return database.transaction(async (tx) => {
    await lockStarts(tx);
    const run = decide(await surveyRuns(tx, query));
    if (run === null) return null;
    const inside = within(database, tx);
    const written =
      from === null
        ? (await record.insertRecords(inside, RUNS, [run])) === 1
        : await record.replaceRecord(inside, RUNS, { item: run, condition: inState(from) });
    return written ? { run, token: await takeLease(tx, start, run.id) } : null;
  });
}

/** The database as one transaction sees it. */
const within = (database: Database, tx: Sql): Database => ({
  engine: database.engine,
  sql: tx,
  transaction: (work) => work(tx),
  ensureRoom: () => database.ensureRoom(),
  close: () => Promise.resolve(),
});

const finish = (database: Database, run: Run): Promise<boolean> =>
  database.transaction(async (tx) => {
    const condition = inState(['running']);
    const ended = await record.replaceRecord(within(database, tx), RUNS, { item: run, condition });
    if (ended && run.endedAt !== null) await endLease(tx, run.id, run.endedAt);
    return ended;
  });

const lost: (database: Database, query: Parameters<RunStore['lost']>[0]) => Promise<readonly Run[]> = (
  database,
  { mine, alone, now, lapseMs, limit },
) => {
  const [from, to] = [timestamp(now - lapseMs), timestamp(now + lapseMs)];
  const heard = alone ? sql`false` : sql`l.renewed_at between ${from} and ${to}`;
  const where = [
    inState(['running']),
    sql`not exists (select 1 from run_leases l
      where l.run = runs.id and l.ended_at is null and (l.holder = ${mine} or ${heard}))`,
  ];
  return record.findRecords(database, RUNS, { where, limit });
};

export function createRunStore(database: Database): RunStore {
  return {
    survey: (query) => surveyRuns(database.sql, query),
    begin: (start) => begin(database, start),
    finish: (run) => finish(database, run),
    renew: (holder, now) => renewLeases(database, holder, now),
    lost: (query) => lost(database, query),
    insert: async (run) => (await record.insertRecords(database, RUNS, [run])) === 1,
    transition: (run, from) => record.replaceRecord(database, RUNS, { item: run, condition: inState(from) }),
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
