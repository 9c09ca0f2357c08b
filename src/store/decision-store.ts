import { sql } from 'kysely';
import type { Decision } from '../model/policy.ts';
import { type Database, rowsOf } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { CaseRow, DecisionStore } from './store.ts';
import { textArray, timestamp } from './values.ts';

const { json, plain, time } = record;

const DECISIONS: RecordTable<Decision> = {
  name: 'decisions',
  sort: 'time',
  columns: {
    id: plain('id'),
    incident: plain('incident'),
    fleet: plain('fleet'),
    time: time('time'),
    policy: json('policy'),
    context: json('context'),
    options: json('options'),
    chosen: plain('chosen'),
    explored: plain('explored'),
  },
};

type Row = Omit<CaseRow, 'decision'> & { readonly known: string | null };

/** A run that a person asked for belongs to what was recommended for its incident at that time. */
const casesSince = (since: number, limit: number) => sql<Row>`
  select * from (
    select r.id as run, r.incident, r.action, r.entity, r.requested_by = 'vigia' as automatic,
      r.started_at as "startedAt", o.verdict, o.decided_at as "decidedAt", i.resolved_at as "resolvedAt",
      coalesce(r.recommendation, (select d.id from decisions d
        where d.incident = r.incident and d.time <= r.requested_at order by d.time desc, d.id desc limit 1)) as known
    from runs r join outcomes o on o.run = r.id join incidents i on i.id = r.incident
    where not r.dry_run and r.started_at >= ${timestamp(since)}
    order by r.started_at desc, r.id desc limit ${limit}
  ) newest order by "startedAt", run`;

async function cases(database: Database, since: number, limit: number): Promise<readonly CaseRow[]> {
  const rows = await rowsOf(database.sql, casesSince(since, limit));
  const found = await record.findRecords(database, DECISIONS, {
    where: [sql`id = any(${textArray(rows.flatMap(({ known }) => known ?? []))})`],
    limit: Math.max(1, rows.length),
  });
  const byId = new Map(found.map((decision) => [decision.id, decision]));
  return rows.map(({ known, ...row }) =>
    Object.assign(row, { decision: (known === null ? null : byId.get(known)) ?? null }),
  );
}

export function createDecisionStore(database: Database): DecisionStore {
  return {
    insert: async (decision) => {
      await record.insertRecords(database, DECISIONS, [decision]);
    },
    get: (id) => record.getRecord(database, DECISIONS, id),
    explored: async (since, without) => {
      const [row] = await rowsOf(
        database.sql,
        sql<{ count: number }>`select count(distinct incident) as count from decisions
          where explored and time >= ${timestamp(since)} and incident <> ${without ?? ''}`,
      );
      return row?.count ?? 0;
    },
    cases: (since, limit) => cases(database, since, limit),
  };
}
