import { sql } from 'kysely';
import { type Database, rowsOf, type Sql } from './database.ts';
import { BREAKER_SETTING, type BusyRun, type RunStart, type RunSurvey, type RunSurveyQuery } from './store.ts';
import { storable, timestamp } from './values.ts';

/** Held while it is looked whether a run may start and it is written that it does: starts are rare, so one for all. */
const START_LOCK = 8_442_000;
/** Runs told of that are under way or settle; of more than this, nothing new may start anyway. */
const MAX_BUSY = 1000;
/** Ended starts are forgotten after so long; no cooldown looks further back. */
const KEEP_MS = 90 * 86_400_000;
const BUDGET_WINDOW_MS = 86_400_000;

/** What runs that Vigía asked for have brought since the breaker was last reset. */
const TRUST = sql`
  with reset as (select to_timestamp(coalesce((select (value ->> 'resetAt')::float8 from settings
      where key = ${BREAKER_SETTING}), 0) / 1000) as at),
  said as (select l.run, l.started_at, r.state, o.verdict, o.decided_at, coalesce(r.error ->> 'key', '') as error
    from run_leases l join runs r on r.id = l.run left join outcomes o on o.run = l.run, reset
    where l.automatic and (l.started_at >= reset.at or o.decided_at > reset.at)),
  helped as (select coalesce(max(started_at), '-infinity') as at from said where verdict = 'resolved')`;

export async function surveyRuns(tx: Sql, query: RunSurveyQuery): Promise<RunSurvey> {
  const { action, entity, fleet, now } = query;
  const at = timestamp(now);
  const [figures] = await rowsOf(
    tx,
    sql<Omit<RunSurvey, 'busy'>>`${TRUST}
      select
        (select max(started_at) from run_leases where action = ${action} and entity = ${storable(entity)}) as "lastHere",
        (select max(started_at) from run_leases where action = ${action}) as "lastOfAction",
        (select max(started_at) from run_leases where fleet = ${storable(fleet)} and automatic) as "lastOfFleet",
        (select coalesce(sum(cost), 0) from run_leases
          where automatic and started_at > ${timestamp(now - BUDGET_WINDOW_MS)}) as spent,
        (select run from said, reset where verdict = 'harmful' and decided_at > reset.at
          order by decided_at, run limit 1) as harmful,
        (select count(*) from said, reset, helped where said.started_at >= reset.at and said.started_at > helped.at
          and (verdict in ('ineffective', 'harmful')
            or (state = 'failed' and error not in ('act.interrupted', 'act.killed')))) as failures`,
  );
  const busy = await rowsOf(
    tx,
    sql<BusyRun>`select run, action, entity, incident, ended_at is null as running from run_leases
      where ended_at is null or ended_at + settle_ms * interval '1 ms' > ${at}
      order by ended_at is null desc, started_at desc, run limit ${MAX_BUSY}`,
  );
  return { ...figures!, busy };
}

/** Whoever looks must see what whoever looked before has written: the lock comes first, in a statement of its own. */
export const lockStarts = async (tx: Sql): Promise<void> => {
  await sql`select pg_advisory_xact_lock(${START_LOCK})`.execute(tx);
};

/** Writes the lease of a run that starts; gives its token. */
export async function takeLease(tx: Sql, { lease, query }: RunStart, run: string): Promise<number> {
  const { holder, automatic, cost, settleMs, incident } = lease;
  const at = timestamp(query.now);
  await sql`delete from run_leases where ended_at < ${timestamp(query.now - KEEP_MS)}`.execute(tx);
  const [row] = await rowsOf(
    tx,
    sql<{ token: number }>`insert into run_leases (run, holder, action, entity, incident, fleet, automatic, cost,
        settle_ms, started_at, renewed_at)
      values (${run}, ${holder}, ${query.action}, ${storable(query.entity)}, ${incident}, ${storable(query.fleet)},
        ${automatic}, ${cost}, ${settleMs}, ${at}, ${at})
      on conflict (run) do update set holder = excluded.holder, started_at = excluded.started_at,
        renewed_at = excluded.renewed_at, ended_at = null
      returning token`,
  );
  return row!.token;
}

export const endLease = async (tx: Sql, run: string, endedAt: number): Promise<void> => {
  await sql`update run_leases set ended_at = ${timestamp(endedAt)} where run = ${run} and ended_at is null`.execute(tx);
};

/** The runs that this holder still has. */
export async function renewLeases(database: Database, holder: string, now: number): Promise<readonly string[]> {
  const rows = await rowsOf(
    database.sql,
    sql<{ run: string }>`update run_leases set renewed_at = ${timestamp(now)}
      where holder = ${holder} and ended_at is null returning run`,
  );
  return rows.map(({ run }) => run);
}
