/** Many recommenders on two processes, whatever they recommend: no run may break a guardrail; and harm is done once at most. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { createRandom } from '../src/ml/random.ts';
import { createActStage } from '../src/act/act-stage.ts';
import { createMemoryBus } from '../src/bus/memory-bus.ts';
import type { ActionDefinition } from '../src/model/action-definition.ts';
import type { Recommendation } from '../src/model/action.ts';
import type { Executor } from '../src/model/executor.ts';
import type { Incident } from '../src/model/incident.ts';
import { phrase } from '../src/model/phrase.ts';
import { topics } from '../src/model/topics.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { randomIds } from '../src/runtime/ids.ts';
import { silentLog } from '../src/runtime/log.ts';
import { createMetrics } from '../src/runtime/metrics.ts';
import { createStore } from '../src/store/create-store.ts';
import { countOf, type Database, rowsOf } from '../src/store/database.ts';
import { openPostgresDatabase } from '../src/store/postgres-database.ts';
import { findPostgres, startPostgres } from '../test/system/postgres.ts';
import { report, type Row } from './report.ts';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { incidents: { type: 'string' }, json: { type: 'string' } }, strict: false });
const INCIDENTS = Number(values['incidents'] ?? 10_000);
const PROCESSES = 2;
const RECOMMENDERS = 8;
const HOSTS = 400;
const COOLDOWN_MS = 2000;
const SETTLE_MS = 100;
const RESET_EVERY = 200;

const action = (id: string, over: Partial<ActionDefinition> = {}): ActionDefinition => ({
  id,
  title: { en: id, es: id },
  match: { entityKinds: ['host'], anomalyKinds: [], features: [], predictions: true },
  executor: 'noop',
  args: {},
  mode: 'auto',
  disruption: 'low',
  settleMs: SETTLE_MS,
  cooldownMs: COOLDOWN_MS,
  timeoutMs: 1000,
  approvalMs: 60_000,
  prior: { resolved: 1, failed: 1 },
  ...over,
});
/** One that may not run at all, one for another kind of entity, and two that want the contrary. */
const CATALOGUE = [
  action('grow', { opposes: ['shrink'] }),
  action('shrink', { opposes: ['grow'] }),
  action('watched', { mode: 'observe' }),
  action('suggested', { mode: 'suggest' }),
  action('pods-only', { match: { entityKinds: ['pod'], anomalyKinds: [], features: [], predictions: true } }),
  action('restart', { disruption: 'medium' }),
];
const limits = {
  actionCooldownMs: 0,
  fleetCooldownMs: 0,
  blastRadius: 0.34,
  disruptionPerDay: 3000,
  failuresInRow: 1_000_000,
  goneAfterMs: 86_400_000,
  steadyMs: 0,
};

/** Writes down who is at work on a target while it is: whoever finds somebody there has broken the rule. */
const probing = (database: Database): Executor => ({
  kind: 'noop',
  plan: ({ entity }) => [`nothing on ${entity}`],
  execute: async ({ entity, key }) => {
    const alone = await countOf(
      database.sql,
      sql`insert into at_work (entity, run) values (${entity}, ${key}) on conflict do nothing`,
    );
    if (alone === 0) await sql`insert into met (run) values (${key}) on conflict do nothing`.execute(database.sql);
    await systemClock.sleep(5);
    await sql`delete from at_work where run = ${key}`.execute(database.sql);
    return { status: 'succeeded', exitCode: 0, output: '', error: null };
  },
});

const incidentOf = (id: string, entity: string): Incident => ({
  id,
  fleet: 'default',
  state: 'open',
  severity: 'warning',
  title: phrase('x'),
  openedAt: Date.now(),
  updatedAt: Date.now(),
  resolvedAt: null,
  reopened: 0,
  root: entity,
  rootReason: phrase('x'),
  entities: [entity],
  anomalyKinds: ['trend'],
  features: [],
  anomalies: [],
  predictions: [],
  pagedAt: null,
  timeline: [],
});

/** One process: acts on what its recommenders say, which is anything at all. */
async function work(url: string, number: number): Promise<void> {
  const store = await createStore(openPostgresDatabase({ url }), { clock: systemClock, place: 'bench' });
  const probe = openPostgresDatabase({ url });
  const random = createRandom(number);
  const metrics = createMetrics();
  const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  const stage = createActStage({
    bus,
    store,
    clock: systemClock,
    ids: randomIds,
    log: silentLog,
    metrics,
    actions: CATALOGUE,
    executors: [probing(probe)],
    settings: () => ({ killSwitch: false, modes: {} }),
    stepMs: 1000,
    limits,
    shared: true,
    tickMs: 500,
  });
  await stage.start();
  const recommender = async (who: number): Promise<void> => {
    for (let i = who; i < INCIDENTS / PROCESSES; i += RECOMMENDERS / PROCESSES) {
      // Both processes speak of the same incidents at about the same time.
      const id = `incident_${i}`;
      const entity = `host/h${i % HOSTS}`;
      await store.incidents.upsert([incidentOf(id, entity)]);
      // As a person would from time to time; what is asked of the past then ends there.
      if (i % RESET_EVERY === 0) await stage.resetBreaker('somebody');
      const ids = random.shuffle(CATALOGUE.map((one) => one.id));
      const actions = ids.map((name, rank) => ({
        action: name,
        title: { en: name, es: name },
        entity,
        rank: rank + 1,
        probability: 0.5,
        low: 0,
        high: 1,
        tried: 0,
        resolved: 0,
        propensity: 1,
        mode: 'auto' as const,
        blocked: null,
        disruption: 'low' as const,
        reasons: [],
      }));
      const value: Recommendation = {
        id: `recommendation_${number}_${i}`,
        incident: id,
        fleet: 'default',
        time: Date.now(),
        actions,
        policy: { kind: 'anything', version: '1' },
        reason: phrase('x'),
      };
      await bus.publish(topics.recommendations, [{ key: 'default', value }], { durable: true });
    }
  };
  await Promise.all(Array.from({ length: RECOMMENDERS / PROCESSES }, (_, who) => recommender(who)));
  await stage.idle();
  await stage.stop();
  await bus.stop(1000);
  await probe.close();
  await store.close();
}

/** What was done, checked against the guardrails one by one, from nothing but the record. */
const VIOLATIONS: readonly { readonly what: string; readonly query: ReturnType<typeof sql<{ count: number }>> }[] = [
  {
    what: 'mode or kind',
    query: sql`select count(*) as count from run_leases where action in ('watched', 'suggested', 'pods-only')`,
  },
  {
    // By those who met at the target: a start is written with the time at which it was decided, a little before it is.
    what: 'two at a time on one target',
    query: sql`select count(*) as count from met`,
  },
  {
    what: 'cooldown of a target',
    query: sql`select count(*) as count from run_leases a join run_leases b on a.entity = b.entity and a.action = b.action
      and a.token < b.token and b.started_at < a.started_at + interval '2 seconds'`,
  },
  {
    what: 'opposite actions',
    query: sql`select count(*) as count from run_leases a join run_leases b on a.entity = b.entity
      and a.action = 'grow' and b.action = 'shrink' and a.started_at < b.ended_at + b.settle_ms * interval '1 ms'
      and b.started_at < a.ended_at + a.settle_ms * interval '1 ms'`,
  },
  {
    // What nobody could tell of is tried three times at most.
    what: 'repetition on an incident',
    query: sql`select coalesce(sum(n - 3), 0) as count from (select count(*) as n from run_leases
      group by incident, action, entity having count(*) > 3) more`,
  },
  {
    what: 'budget of disruption',
    query: sql`select (greatest(0, coalesce(sum(cost), 0) - 3000))::int as count from run_leases`,
  },
];

/** Hosts, each a part of one of some services. */
async function prepare(url: string): Promise<void> {
  const store = await createStore(openPostgresDatabase({ url }), { clock: systemClock, place: 'bench' });
  const now = Date.now();
  const known = { fleet: 'default', labels: {}, firstSeen: now, lastSeen: now };
  const hosts = Array.from({ length: HOSTS }, (_, i) => `h${i}`);
  await store.entities.upsert(hosts.map((name) => Object.assign({ id: `host/${name}`, kind: 'host', name }, known)));
  const seen = { kind: 'part_of', source: 'config', firstSeen: now, lastSeen: now } as const;
  const probe = openPostgresDatabase({ url });
  await sql`create table at_work (entity text primary key, run text not null)`.execute(probe.sql);
  await sql`create table met (run text primary key)`.execute(probe.sql);
  await probe.close();
  await store.edges.upsert(
    hosts.map((name, i) => Object.assign({ from: `host/${name}`, to: `service/s${i % 40}` }, seen)),
  );
  await store.close();
}

async function violations(url: string): Promise<Row> {
  await prepare(url);
  const path = fileURLToPath(import.meta.url);
  const children = Array.from({ length: PROCESSES }, (_, n) =>
    fork(path, ['--work', url, String(n), '--incidents', String(INCIDENTS)]),
  );
  const codes = await Promise.all(children.map((child) => once(child, 'exit').then(([code]) => Number(code))));
  if (codes.some((code) => code !== 0)) throw new Error('a process ended early');
  const database = openPostgresDatabase({ url });
  try {
    let broken = 0;
    for (const { what, query } of VIOLATIONS) {
      const [row] = await rowsOf(database.sql, query);
      const count = row?.count ?? 0;
      if (count > 0) process.stderr.write(`${what}: ${count}\n`);
      broken += count;
    }
    const [runs] = await rowsOf(database.sql, sql<{ count: number }>`select count(*) as count from run_leases`);
    return {
      name: 'guardrail-violations',
      value: broken,
      unit: '',
      bound: 0,
      better: 'lower',
      note: `${RECOMMENDERS} recommenders on ${PROCESSES} processes, ${INCIDENTS} incidents, ${runs?.count} runs, PostgreSQL`,
    };
  } finally {
    await database.close();
  }
}

async function main(): Promise<void> {
  const bin = findPostgres();
  if (bin === null) {
    report([
      {
        name: 'guardrail-violations',
        value: Number.NaN,
        unit: '',
        bound: 0,
        better: 'lower',
        note: 'no PostgreSQL 15',
      },
    ]);
    return;
  }
  const server = await startPostgres(bin);
  try {
    report([await violations(server.url)]);
  } finally {
    server.stop();
  }
}

const at = process.argv.indexOf('--work');
if (at > 0) await work(process.argv[at + 1] ?? '', Number(process.argv[at + 2]));
else await main();
