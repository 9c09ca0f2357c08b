import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SampleBatch, Series } from '../../src/model/series.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { VigiaError } from '../../src/runtime/errors.ts';
import { createStore } from '../../src/store/create-store.ts';
import { type Database, rowsOf } from '../../src/store/database.ts';
import { migrate, MIGRATIONS } from '../../src/store/migrate.ts';
import { openPostgresDatabase, type PostgresOptions } from '../../src/store/postgres-database.ts';
import { readFromReplica } from '../../src/store/read-replica.ts';
import type { Store } from '../../src/store/store.ts';
import { findPostgres, POSTGRES_MISSING, type PostgresServer, startPostgres } from '../system/postgres.ts';

const clock = systemClock;
const bin = findPostgres();
const place = 'the server';

const series = Array.from({ length: 100 }, (_, i): Series => ({
  key: `m${i}`,
  name: `m${i}`,
  labels: {},
  type: 'gauge',
  unit: '',
  entity: 'host/a',
}));

/** A minute of all series: more than one statement, so a transaction. */
const SECONDS = 60;
const ROWS = SECONDS * series.length;

const batchAt = (minute: number): SampleBatch => ({
  entity: 'host/a',
  fleet: 'default',
  source: 'push',
  receivedAt: minute,
  series: Array.from({ length: ROWS }, (_, i) => series[i % series.length]!),
  times: Float64Array.from({ length: ROWS }, (_, i) => minute + Math.floor(i / series.length) * 1000),
  values: new Float64Array(ROWS).fill(1),
});

const eventOf = (id: string, time: number) => ({
  id,
  time,
  entity: 'host/a',
  fleet: 'default',
  name: 'deploy',
  source: 'push',
  severity: 'info' as const,
  text: '',
  labels: {},
});

/** As a stage does it: the same again while waiting can help. Gives how often it had to. */
async function insist(work: () => Promise<unknown>): Promise<number> {
  for (let tries = 0; ; tries++) {
    try {
      await work();
      return tries;
    } catch (error) {
      if (!(error instanceof VigiaError) || !error.retryable || tries > 500) throw error;
      await sleep(20);
    }
  }
}

describe('a PostgreSQL server in trouble', () => {
  let server: PostgresServer | null = null;
  const databases: Database[] = [];
  const urlOf = (name: string): string => (server?.url ?? '').replace(/postgres$/, name);
  const connect = (name = 'postgres', options: Partial<PostgresOptions> = {}): Database => {
    const database = openPostgresDatabase({ url: urlOf(name), ...options });
    databases.push(database);
    return database;
  };
  const fresh = async (name: string): Promise<void> => {
    await sql`create database ${sql.ref(name)}`.execute(connect().sql);
  };

  beforeAll(async () => {
    if (bin) server = await startPostgres(bin);
  });
  beforeEach((context) => {
    if (!bin) context.skip(POSTGRES_MISSING);
  });
  afterAll(async () => {
    for (const database of databases) await database.close();
    server?.stop();
  });

  /** Four writers at once; gives how often they had to try again. */
  async function write(store: Store, from: number, batches: number): Promise<number> {
    let again = 0;
    const writer = async (first: number): Promise<void> => {
      for (let i = first; i < batches; i += 4) {
        again += await insist(() => store.samples.append([batchAt(from + i * 60_000)]));
      }
    };
    await Promise.all([0, 1, 2, 3].map(writer));
    return again;
  }

  const counted = async (database: Database): Promise<{ rows: number; times: number }> =>
    (
      await rowsOf(
        database.sql,
        sql<{ rows: number; times: number }>`select count(*) as rows, count(distinct time) as times from samples`,
      )
    )[0]!;

  it('killed and started again under writers: everything is there once, and nobody had to do anything', async () => {
    await fresh('restarted');
    const database = connect('restarted');
    const store = await createStore(database, { clock, place });
    const writing = write(store, clock.now() - 3 * 3_600_000, 120);
    for (let i = 0; i < 2; i++) {
      await sleep(300);
      server!.down();
      await sleep(500);
      server!.up();
    }
    expect(await writing).toBeGreaterThan(0);
    expect(await counted(database)).toEqual({ rows: 120 * ROWS, times: 120 * SECONDS });
  });

  it('connections cut again and again under writers: everything is there once', async () => {
    await fresh('cut');
    const database = connect('cut');
    const store = await createStore(database, { clock, place });
    const over = new AbortController();
    const writing = write(store, clock.now() - 3 * 3_600_000, 120).finally(() => over.abort());
    let cuts = 0;
    while (!over.signal.aborted) {
      const cut = await rowsOf(
        connect().sql,
        sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = 'cut'`,
      );
      cuts += cut.length;
      await sleep(400);
    }
    expect(await writing).toBeGreaterThan(0);
    expect(cuts).toBeGreaterThan(0);
    expect(await counted(database)).toEqual({ rows: 120 * ROWS, times: 120 * SECONDS });
  });

  it('waits for a server that is starting, and says in the end that it is away', async () => {
    const patient = connect('postgres', { patienceMs: 60_000 });
    const hasty = connect('postgres', { patienceMs: 300 });
    server!.down();
    const answer = sql`select 1 as one`.execute(patient.sql);
    await expect(sql`select 1`.execute(hasty.sql)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    server!.up();
    expect((await answer).rows).toEqual([{ one: 1 }]);
    await insist(() => sql`select 1`.execute(hasty.sql));
  });

  it('cancels what takes too long, which may be tried again on the same connection', async () => {
    const database = connect('postgres', { statementTimeoutMs: 1000, poolSize: 1 });
    const pid = async (): Promise<unknown> => (await sql`select pg_backend_pid() as pid`.execute(database.sql)).rows;
    const before = await pid();
    await expect(sql`select pg_sleep(30)`.execute(database.sql)).rejects.toMatchObject({
      code: 'STORE_BUSY',
      retryable: true,
    });
    expect(await pid()).toEqual(before);
  });

  it('of two that wait for each other one may try again', async () => {
    await fresh('deadlock');
    const database = connect('deadlock');
    const store = await createStore(database, { clock, place });
    await store.settings.set('a', 1, 'ana', 1);
    await store.settings.set('b', 1, 'ana', 1);
    let holding = 0;
    let crossed: () => void = () => undefined;
    const both = new Promise<void>((resolve) => {
      crossed = resolve;
    });
    const crossing = async (first: string, second: string): Promise<void> =>
      database.transaction(async (tx) => {
        await sql`update settings set changed_by = 'x' where key = ${first}`.execute(tx);
        holding += 1;
        if (holding === 2) crossed();
        await both;
        await sql`update settings set changed_by = 'x' where key = ${second}`.execute(tx);
      });
    const ends = await Promise.allSettled([crossing('a', 'b'), crossing('b', 'a')]);
    const failed = ends.filter((end) => end.status === 'rejected').map(({ reason }) => reason as VigiaError);
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatchObject({ code: 'STORE_BUSY', retryable: true });
  });

  it('who may not come in is told at once, and so is who has no rights', async () => {
    const admin = connect();
    await sql`create role guest login password 'right'`.execute(admin.sql);
    const [file] = await rowsOf(admin.sql, sql<{ path: string }>`select current_setting('hba_file') as path`);
    writeFileSync(file!.path, `host all guest 127.0.0.1/32 scram-sha-256\n${readFileSync(file!.path, 'utf8')}`);
    await sql`select pg_reload_conf()`.execute(admin.sql);
    await fresh('rights');
    const as = (password: string, name = 'rights'): Database =>
      connect(name, { url: urlOf(name).replace('vigia@', `guest:${password}@`) });
    // The server may take a moment to read the file again.
    await expect
      .poll(() => sql`select 1`.execute(as('wrong').sql).catch((error: VigiaError) => error), { timeout: 60_000 })
      .toMatchObject({ code: 'STORE_REFUSED', retryable: false });
    await expect(sql`select 1`.execute(as('right', 'nowhere').sql)).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    await expect(
      sql`select 1`.execute(connect('postgres', { url: `${urlOf('postgres')}?sslmode=verify-full` }).sql),
    ).rejects.toMatchObject({ code: 'STORE_REFUSED' });

    const known = MIGRATIONS.at(-1)!.version;
    await expect(migrate(as('right'), { place, now: 0 })).rejects.toMatchObject({
      code: 'STORE_OLDER',
      values: { place, found: 0, known },
    });
    await migrate(connect('rights'), { place, now: 0 });
    await sql`grant select on schema_migrations to guest`.execute(connect('rights').sql);
    expect(await migrate(as('right'), { place, now: 0 })).toEqual([]);
  });

  it('has no TimescaleDB, and does everything without', async () => {
    await fresh('plain');
    const store = await createStore(connect('plain'), { clock, place });
    expect(store.timescale).toMatchObject({ used: false, why: 'absent' });
  });

  it('whoever takes a lease over waits for what its holder is writing, and nothing of the old one comes after', async () => {
    await fresh('fenced');
    const [a, b] = [
      await createStore(connect('fenced'), { clock, place }),
      await createStore(connect('fenced'), { clock, place }),
    ];
    const old = (await a.leases.acquire({ name: 'train', holder: 'a', lapseMs: 50 }))!;
    const order: string[] = [];
    let began: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      began = resolve;
    });
    const writing = a.leases.fenced(old, async ({ settings }) => {
      began();
      await sleep(500);
      await settings.set('model', 'old', 'a', 1);
      order.push('written');
    });
    await begun;
    await sleep(100);
    const taken = await b.leases.acquire({ name: 'train', holder: 'b', lapseMs: 60_000 });
    order.push('taken');
    await writing;
    expect(order).toEqual(['written', 'taken']);
    expect(taken!.token).toBe(old.token + 1);
    await expect(a.leases.fenced(old, async () => undefined)).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });

  it('charts and lists come from a replica while it is there, and from the primary otherwise', async () => {
    await fresh('read');
    const primary = await createStore(connect('read'), { clock, place });
    const follower = await server!.replica();
    try {
      const replica = openPostgresDatabase({ url: follower.url.replace(/postgres$/, 'read'), patienceMs: 0 });
      databases.push(replica);
      let monotonic = 0;
      const store = readFromReplica(primary, { replica, clock: { ...clock, monotonic: () => monotonic } });
      const ids = async (): Promise<string[]> => {
        monotonic += 60_000;
        return (await store.events.list({ limit: 10, cursor: null })).items.map(({ id }) => id);
      };
      await store.events.append([eventOf('first', clock.now())]);
      await expect.poll(ids, { timeout: 60_000 }).toEqual(['first']);
      await sql`select pg_wal_replay_pause()`.execute(replica.sql);
      await store.events.append([eventOf('second', clock.now() + 1)]);
      expect(await ids()).toEqual(['first']);
      follower.down();
      expect(await ids()).toEqual(['second', 'first']);
    } finally {
      follower.stop();
    }
  });
});
