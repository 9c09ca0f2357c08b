import { sql } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import type { Series } from '../model/series.ts';
import { systemClock } from '../runtime/clock.ts';
import { createStore } from './create-store.ts';
import { type Database, rowsOf } from './database.ts';
import { DEFAULT_RETENTION, type Retention } from './maintenance.ts';
import { openMemoryDatabase } from './memory-database.ts';
import { migrate, MIGRATIONS } from './migrate.ts';
import type { Checkpoint, Store } from './store.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 4, 20, 12, 30);

let database: Database;
afterEach(() => database.close());

async function open(retention: Partial<Retention> = {}): Promise<Store> {
  database = await openMemoryDatabase();
  const clock = { ...systemClock, now: () => NOW };
  return createStore(database, { clock, place: 'memory', retention: { ...DEFAULT_RETENTION, ...retention } });
}

const series = Array.from({ length: 200 }, (_, i): Series => ({
  key: `m${i}`,
  name: `m${i}`,
  labels: {},
  type: 'gauge',
  unit: '',
  entity: 'host/a',
}));

/** One sample a series and minute over the hour that begins `hours` before the current one. */
async function fillHour(store: Store, hours: number): Promise<void> {
  const from = NOW - 30 * 60_000 - hours * HOUR;
  const length = series.length * 60;
  await store.samples.append([
    {
      entity: 'host/a',
      fleet: 'default',
      source: 'push',
      receivedAt: NOW,
      series: Array.from({ length }, (_, i) => series[i % series.length]!),
      times: Float64Array.from({ length }, (_, i) => from + Math.floor(i / series.length) * 60_000),
      values: new Float64Array(length),
    },
  ]);
}

const hoursLeft = async (): Promise<number[]> =>
  (
    await rowsOf(
      database.sql,
      sql<{ hour: number }>`select distinct date_bin('1 hour', time, 'epoch') as hour from samples order by 1`,
    )
  ).map(({ hour }) => (NOW - 30 * 60_000 - hour) / HOUR);

describe('retention', () => {
  it('drops what is older than its resolution is kept, and nothing else', async () => {
    const store = await open({ samplesMs: 3 * HOUR });
    for (const hours of [4, 3, 2, 0]) await fillHour(store, hours);
    // Of the hour that began four hours ago, what is newer than three hours was written: none.
    expect(await hoursLeft()).toEqual([3, 2, 0]);
    const later = await store.maintenance.retain(NOW + 2 * HOUR);
    expect(later.dropped.map(({ table, why }) => `${table} ${why}`)).toEqual(['samples age', 'samples age']);
    expect(await hoursLeft()).toEqual([0]);
    expect((await store.maintenance.retain(NOW + 2 * HOUR)).dropped).toEqual([]);
  });

  it('over the disk budget the oldest samples go first, and findings never', async () => {
    const store = await open();
    await store.audit.append({ id: 'a', time: 0, actor: 'ana', verb: 'did', target: 'x', detail: {} });
    const failure = { id: 'f', entity: 'host/a', kind: 'down', start: 0, end: 1, source: 'ana', note: '' };
    await store.failures.upsert([failure]);
    for (const hours of [3, 2, 1, 0]) await fillHour(store, hours);
    const { bytes } = await store.maintenance.retain(NOW);
    expect(await hoursLeft()).toEqual([3, 2, 1, 0]);
    await store.close();

    const tight = await open({ budgetBytes: bytes - 1_500_000 });
    await tight.audit.append({ id: 'a', time: 0, actor: 'ana', verb: 'did', target: 'x', detail: {} });
    await tight.failures.upsert([failure]);
    for (const hours of [3, 2, 1, 0]) await fillHour(tight, hours);
    const report = await tight.maintenance.retain(NOW);
    expect(report.dropped[0]).toEqual({
      table: 'samples',
      from: NOW - 30 * 60_000 - 3 * HOUR,
      to: NOW - 30 * 60_000 - 2 * HOUR,
      why: 'budget',
    });
    expect(report.bytes).toBeLessThanOrEqual(report.budgetBytes);
    expect(await hoursLeft()).toEqual([2, 1, 0].slice(report.dropped.length - 1));
    expect((await tight.audit.list({ limit: 5, cursor: null })).items).toHaveLength(1);
    expect((await tight.failures.list({ limit: 5, cursor: null })).items).toHaveLength(1);
    // A late sample of an hour that was dropped makes its place anew.
    await fillHour(tight, 3);
    expect(await hoursLeft()).toContain(3);
  });

  it('lets go of what is kept of logs that nobody writes any more, and of nothing else', async () => {
    const store = await open();
    const kept = (stage: string, key: string, state: Checkpoint['state']) => ({ stage, key, position: 1, state });
    await store.checkpoints.save([
      kept('logs', 'host/old', { time: NOW - 90 * DAY }),
      kept('logs', 'host/new', { time: NOW - DAY }),
      kept('logs.ids', '0 host/old', 'AAAA'),
      kept('logs.sessions', '3 host/old', []),
      kept('logs.sessions', '3 host/new', []),
      kept('logs.ids', '19 host/new', 'AAAA'),
      kept('detect', 'host/old', { time: 'once' }),
    ]);
    await store.maintenance.retain(NOW);
    const left = await rowsOf(database.sql, sql<{ key: string }>`select key from checkpoints order by stage, key`);
    expect(left.map(({ key }) => key)).toEqual(['host/old', 'host/new', '19 host/new', '3 host/new']);
  });

  it('keeps samples of sessions for a month, and odd ones as long as raw samples', async () => {
    const store = await open();
    const sequence = (id: string, days: number, sampled: boolean) => ({
      id,
      entity: 'host/a',
      fleet: 'default',
      start: NOW - days * DAY,
      end: NOW - days * DAY,
      templates: [],
      sampled,
      pValue: null,
      model: null,
      position: null,
      expected: [],
    });
    await store.logs.keepSequences([
      sequence('sample', 29, true),
      sequence('old sample', 31, true),
      sequence('odd', 1, false),
      sequence('old odd', 29, false),
    ]);
    await store.maintenance.retain(NOW);
    const { items } = await store.logs.listSequences({ limit: 10, cursor: null });
    expect(items.map(({ id }) => id)).toEqual(['odd', 'sample']);
  });

  it('keeps the period that is being written, however small the budget', async () => {
    const store = await open({ budgetBytes: 1 });
    for (const hours of [1, 0]) await fillHour(store, hours);
    await store.maintenance.retain(NOW);
    expect(await hoursLeft()).toEqual([0]);
  });

  it('keeps no more dead letters than fit on a shelf, and events for a year and a bit', async () => {
    const store = await open();
    const letter = { topic: 'samples', group: 'prepare', key: 'k', reason: 'r', attempts: 1, payload: '{}' };
    await store.deadLetters.append(
      Array.from({ length: 10_003 }, (_, i) => ({ ...letter, id: `d${i}`, time: NOW - i })),
    );
    await store.deadLetters.append([{ ...letter, id: 'old', time: NOW - 31 * DAY }]);
    await store.events.append(
      [1, 401].map((days) => ({
        id: `e${days}`,
        time: NOW - days * DAY,
        entity: 'host/a',
        fleet: 'default',
        name: 'deploy',
        source: 's',
        severity: 'info' as const,
        text: '',
        labels: {},
      })),
    );
    await store.maintenance.retain(NOW);
    const kept = await rowsOf(
      database.sql,
      sql<{ count: number; last: number }>`
      select count(*) as count, min(time) as last from dead_letters`,
    );
    expect(kept).toEqual([{ count: 10_000, last: NOW - 9999 }]);
    expect((await store.events.list({ limit: 10, cursor: null })).items.map(({ id }) => id)).toEqual(['e1']);
  });
});

describe('migrations', () => {
  const versions = MIGRATIONS.map(({ version }) => version);

  it('run once, from empty, in order', async () => {
    database = await openMemoryDatabase();
    expect(await migrate(database, { place: 'memory', now: NOW })).toEqual(versions);
    expect(await migrate(database, { place: 'memory', now: NOW })).toEqual([]);
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
  });

  it('refuse a schema that a newer program wrote, and touch nothing', async () => {
    database = await openMemoryDatabase();
    const next = { version: versions.at(-1)! + 1, name: 'future', statements: [sql`create table future (id int)`] };
    await migrate(database, { place: 'memory', now: NOW, migrations: [...MIGRATIONS, next] });
    await expect(migrate(database, { place: 'here', now: NOW })).rejects.toMatchObject({
      code: 'STORE_NEWER',
      values: { folder: 'here', found: next.version, known: versions.at(-1) },
    });
  });

  it('apply what another branch added below the newest one', async () => {
    database = await openMemoryDatabase();
    const late = MIGRATIONS.at(-2);
    const without = MIGRATIONS.filter((one) => one !== late);
    await migrate(database, { place: 'memory', now: NOW, migrations: without });
    expect(await migrate(database, { place: 'memory', now: NOW })).toEqual([late!.version]);
  });

  it('apply all or nothing', async () => {
    database = await openMemoryDatabase();
    const broken = { version: 2, name: 'broken', statements: [sql`create table good (id int)`, sql`create nonsense`] };
    const good = { version: 1, name: 'good', statements: [sql`create table first (id int)`] };
    await expect(migrate(database, { place: '', now: NOW, migrations: [good, broken] })).rejects.toThrow('nonsense');
    expect(await migrate(database, { place: '', now: NOW, migrations: [good] })).toEqual([1]);
  });
});
