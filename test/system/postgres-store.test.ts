import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { checkAlerts } from '../../src/store/check-alerts.ts';
import { checkLeases } from '../../src/store/check-leases.ts';
import { checkProcesses } from '../../src/store/check-processes.ts';
import { checkQuality } from '../../src/store/check-quality.ts';
import { checkEvidence } from '../../src/store/check-evidence.ts';
import { checkSequences } from '../../src/store/check-sequences.ts';
import { checkStore, NOW } from '../../src/store/check-store.ts';
import { createStore } from '../../src/store/create-store.ts';
import type { Database } from '../../src/store/database.ts';
import { migrate, MIGRATIONS } from '../../src/store/migrate.ts';
import { openPostgresDatabase } from '../../src/store/postgres-database.ts';
import type { Store } from '../../src/store/store.ts';
import { findPostgres, POSTGRES_MISSING, type PostgresServer, startPostgres } from './postgres.ts';

const clock: Clock = { ...systemClock, now: () => NOW };
const bin = findPostgres();

describe('the store on a PostgreSQL server', () => {
  let server: PostgresServer | null = null;
  let store: Promise<Store> | null = null;
  const databases: Database[] = [];
  const connect = (name = 'postgres'): Database => {
    const database = openPostgresDatabase({ url: (server?.url ?? '').replace(/postgres$/, name) });
    databases.push(database);
    return database;
  };
  const open = (): Promise<Store> => (store ??= createStore(connect(), { clock, place: 'the server' }));

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

  checkStore(open);
  checkAlerts(open);
  checkLeases(open);
  checkProcesses(open);
  checkQuality(open);
  checkSequences(open);
  checkEvidence(open);

  describe('with several processes', () => {
    it('migrates once, however many start together', async () => {
      await sql`create database together`.execute(connect().sql);
      const results = await Promise.all(
        [1, 2, 3, 4].map(() => migrate(connect('together'), { place: 'the server', now: NOW })),
      );
      const versions = MIGRATIONS.map(({ version }) => version);
      expect(results.filter((applied) => applied.length > 0)).toEqual([versions]);
    });

    it('makes partitions for both when they write the same hour at once, and after another has dropped one', async () => {
      await sql`create database shared`.execute(connect().sql);
      const [a, b] = [
        await createStore(connect('shared'), { clock, place: 'the server' }),
        await createStore(connect('shared'), {
          clock,
          place: 'the server',
          retention: {
            samplesMs: 3_600_000,
            stepsMs: 3_600_000,
            minutesMs: 3_600_000,
            hoursMs: 3_600_000,
            budgetBytes: 2 ** 40,
          },
        }),
      ];
      const batch = (time: number) => ({
        entity: 'host/a',
        fleet: 'default',
        source: 'push',
        receivedAt: NOW,
        series: [{ key: 'm{}', name: 'm', labels: {}, type: 'gauge' as const, unit: '', entity: 'host/a' }],
        times: Float64Array.of(time),
        values: Float64Array.of(1),
      });
      const results = await Promise.all([a, b, a, b].map((one) => one.samples.append([batch(NOW)])));
      expect(results.reduce((sum, { written }) => sum + written, 0)).toBe(1);
      const early = NOW - 5 * 3_600_000;
      expect((await a.samples.append([batch(early)])).written).toBe(1);
      expect((await b.maintenance.retain(NOW)).dropped).toEqual([
        { table: 'samples', from: early, to: early + 3_600_000, why: 'age' },
      ]);
      expect((await a.samples.append([batch(early)])).written).toBe(1);
    });

    it('gives no alert beyond the budget when two processes ask at once', async () => {
      await sql`create database budget`.execute(connect().sql);
      const [a, b] = [
        await createStore(connect('budget'), { clock, place: 'the server' }),
        await createStore(connect('budget'), { clock, place: 'the server' }),
      ];
      const asked = Array.from({ length: 40 }, (_, i) =>
        [a, b][i % 2]!.alerts.reserve({
          incident: `incident_${i}`,
          line: 'pages',
          pot: 'fleet',
          count: 5,
          windowMs: 86_400_000,
          time: NOW + i,
        }),
      );
      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(5);
      expect(await b.incidents.pagedSince(NOW)).toEqual({ pages: 5, warnings: 0 });
    });

    it('says that the server is away, and goes on when it is back', async () => {
      const database = openPostgresDatabase({ url: 'postgres://vigia@127.0.0.1:1/postgres', patienceMs: 0 });
      await expect(sql`select 1`.execute(database.sql)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await database.close();
      const victim = connect();
      await expect(
        victim.transaction(async (tx) => {
          const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
          await sql`select pg_terminate_backend(${rows[0]?.pid}::int)`.execute(connect().sql);
          await sql`select 1`.execute(tx);
        }),
      ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      const { rows } = await sql`select 1 as one`.execute(victim.sql);
      expect(rows).toEqual([{ one: 1 }]);
    });
  });
});
