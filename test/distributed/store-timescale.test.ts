import { type RawBuilder, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import type { Frame } from '../../src/model/frame.ts';
import { internLayout } from '../../src/model/layout.ts';
import type { Series } from '../../src/model/series.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { checkAlerts } from '../../src/store/check-alerts.ts';
import { checkEvidence } from '../../src/store/check-evidence.ts';
import { checkLeases } from '../../src/store/check-leases.ts';
import { checkProcesses } from '../../src/store/check-processes.ts';
import { checkQuality } from '../../src/store/check-quality.ts';
import { checkSequences } from '../../src/store/check-sequences.ts';
import { checkStore, NOW } from '../../src/store/check-store.ts';
import { createStore } from '../../src/store/create-store.ts';
import { type Database, rowsOf } from '../../src/store/database.ts';
import { DEFAULT_RETENTION } from '../../src/store/maintenance.ts';
import type { Store } from '../../src/store/store.ts';
import { openTimescaleDatabase } from './timescale.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const clock: Clock = { ...systemClock, now: () => NOW };

describe('the store on TimescaleDB', () => {
  let database: Database;
  let store: Promise<Store> | null = null;
  const open = (): Promise<Store> =>
    (store ??= openTimescaleDatabase().then((opened) => {
      database = opened;
      return createStore(opened, { clock, place: 'the server' });
    }));
  afterAll(async () => (await store)?.close());

  it('uses the extension', async () => {
    expect((await open()).timescale).toEqual({ used: true });
  });

  checkStore(open);
  checkAlerts(open);
  checkLeases(open);
  checkProcesses(open);
  checkQuality(open);
  checkSequences(open);
  checkEvidence(open);

  const names = async (statement: RawBuilder<{ name: string }>): Promise<string[]> =>
    (await rowsOf(database.sql, statement)).map(({ name }) => name).toSorted();

  it('keeps samples, frames, lines and events in hypertables, compressed by series and entity', async () => {
    await open();
    expect(
      await names(sql<{ name: string }>`select hypertable_name as name from timescaledb_information.hypertables
        where hypertable_schema = current_schema()`),
    ).toEqual(['events', 'frames_expected', 'frames_step', 'log_examples', 'samples']);
    expect(
      await names(sql<{ name: string }>`select hypertable_name || ' by ' || attname as name
        from timescaledb_information.compression_settings
        where hypertable_schema = current_schema() and segmentby_column_index is not null`),
    ).toEqual(['events by entity', 'frames_expected by entity', 'frames_step by entity', 'samples by series']);
  });

  it('has continuous aggregates for minutes, hours and days, with jobs of the server for all of it', async () => {
    await open();
    expect(
      await names(sql<{ name: string }>`select view_name as name from timescaledb_information.continuous_aggregates
        where view_schema = current_schema() and not materialized_only and compression_enabled`),
    ).toEqual(['frames_day', 'frames_hour', 'frames_minute']);
    const jobs = await rowsOf(
      database.sql,
      sql<{ proc: string; jobs: number }>`select proc_name as proc, count(*) as jobs from timescaledb_information.jobs
        where proc_name in ('policy_retention', 'policy_compression', 'policy_refresh_continuous_aggregate')
        group by proc_name order by proc_name`,
    );
    expect(jobs).toEqual([
      { proc: 'policy_compression', jobs: 7 },
      { proc: 'policy_refresh_continuous_aggregate', jobs: 3 },
      { proc: 'policy_retention', jobs: 8 },
    ]);
  });
});

describe('a year on TimescaleDB', () => {
  let now = NOW;
  let database: Database;
  let store: Store;
  const layout = internLayout(
    ['cpu', 'memory'].map((name) => ({ name, metric: name, labels: {}, kind: 'level', unit: '', limit: null })),
  );
  const series = Array.from({ length: 20 }, (_, i): Series => ({
    key: `m${i}`,
    name: `m${i}`,
    labels: {},
    type: 'gauge',
    unit: '',
    entity: 'host/year',
  }));
  beforeAll(async () => {
    database = await openTimescaleDatabase();
    store = await createStore(database, { clock: { ...systemClock, now: () => now }, place: 'the server' });
  });
  afterAll(() => store.close());

  const chunks = (table: string): Promise<readonly { from: number; compressed: boolean }[]> =>
    rowsOf(
      database.sql,
      sql<{ from: number; compressed: boolean }>`select range_start as "from", is_compressed as compressed
        from timescaledb_information.chunks join show_chunks(${table}::regclass) as shown
          on shown::text = format('%I.%I', chunk_schema, chunk_name) order by range_start`,
    );
  const frameOf = (time: number, value: number): Frame => ({
    entity: 'host/year',
    fleet: 'default',
    time,
    stepMs: 5000,
    layout,
    values: Float32Array.of(value, Number.NaN),
    derived: new Float32Array(0),
    closedAt: time + 5000,
  });

  it('reads hours and days from what was rolled up, after the steps are gone, and from steps that were not yet', async () => {
    const midnight = NOW - 12 * HOUR;
    // Six steps an hour over three days, the value being the hour.
    const frames = Array.from({ length: 3 * 24 * 6 }, (_, i) =>
      frameOf(midnight - 3 * DAY + i * 10 * MINUTE, Math.floor(i / 6)),
    );
    await store.frames.append(frames);
    await store.maintenance.rollHours(NOW);
    const report = await store.maintenance.retain(NOW);
    expect(report.dropped.map(({ table, why }) => `${table} ${why}`)).toContain('frames_step age');
    expect((await store.frames.replay('host/year', { from: 0, to: NOW }, 1000)).length).toBeLessThan(frames.length);
    const read = (tier: 'hour' | 'day') =>
      store.frames.columns({
        entity: 'host/year',
        tier,
        range: { from: 0, to: NOW + DAY },
        features: ['cpu'],
        limit: 100,
      });
    expect([...(await read('hour')).mean[0]!]).toEqual(Array.from({ length: 72 }, (_, i) => i));
    const days = await read('day');
    expect([days.mean, days.low, days.high].map(([column]) => Array.from(column!))).toEqual([
      [11.5, 35.5, 59.5],
      [0, 24, 48],
      [23, 47, 71],
    ]);
    const [plan] = await rowsOf(
      database.sql,
      sql<{ text: string }>`select string_agg(line, ' ') as text from (select view_definition as line
        from timescaledb_information.continuous_aggregates where view_name = 'frames_day') as lines`,
    );
    expect(plan?.text).toContain('frames_hour');
    await store.frames.append([frameOf(NOW, 100)]);
    expect((await read('hour')).mean[0]!.at(-1)).toBe(100);
    expect((await read('day')).mean[0]!.at(-1)).toBe(100);
    // A late frame changes what was rolled up, when the server's job comes by.
    await store.frames.append([frameOf(NOW - 13 * HOUR + 5000, 1071)]);
    for (const tier of ['minute', 'hour']) {
      await sql`call refresh_continuous_aggregate(${`frames_${tier}`}::regclass,
        ${new Date(NOW - 14 * HOUR)}::timestamptz, ${new Date(midnight)}::timestamptz)`.execute(database.sql);
    }
    expect((await read('hour')).high[0]![71]).toBe(1071);
  });

  it('compresses old samples by the server job, and takes late and repeated ones into what is compressed', async () => {
    const from = NOW - 2 * DAY;
    const minutes = 24 * 60;
    const batch = {
      entity: 'host/year',
      fleet: 'default',
      source: 'push' as const,
      receivedAt: NOW,
      series: Array.from({ length: 20 * minutes }, (_, i) => series[i % 20]!),
      times: Float64Array.from({ length: 20 * minutes }, (_, i) => from + Math.floor(i / 20) * MINUTE),
      values: Float64Array.from({ length: 20 * minutes }, (_, i) => Math.round(Math.sin(i / 900) * 100)),
    };
    expect(await store.samples.append([batch])).toEqual({ written: 20 * minutes, repeated: 0 });
    const size = async (): Promise<number> =>
      (
        await rowsOf(
          database.sql,
          sql<{ bytes: number }>`
      select hypertable_size('samples') as bytes`,
        )
      )[0]!.bytes;
    const before = await size();
    const [job] = await rowsOf(
      database.sql,
      sql<{ id: number }>`select job_id as id from timescaledb_information.jobs
        where proc_name = 'policy_compression' and hypertable_name = 'samples'`,
    );
    await sql`call run_job(${job!.id}::int)`.execute(database.sql);
    expect((await chunks('samples')).every(({ compressed }) => compressed)).toBe(true);
    expect(await size()).toBeLessThan(before / 4);
    expect((await store.samples.append([batch])).repeated).toBe(20 * minutes);
    const late = { ...batch, series: [series[0]!], times: Float64Array.of(from + 1), values: Float64Array.of(7) };
    expect(await store.samples.append([late])).toEqual({ written: 1, repeated: 0 });
    const read = await store.samples.read('host/year', { from, to: from + MINUTE }, 100);
    expect(read.values).toHaveLength(21);
    expect(read.values.at(-1)).toBe(7);
  });

  it('drops by the server job what is older than configured, and takes on another age at the next start', async () => {
    const table = 'samples';
    const old = (await chunks(table))[0]!;
    const again = { clock: systemClock, place: 'the server', retention: { ...DEFAULT_RETENTION, samplesMs: 6 * DAY } };
    await createStore({ ...database, close: async () => undefined }, again);
    const jobs = await rowsOf(
      database.sql,
      sql<{ id: number; keep: string }>`select job_id as id, config ->> 'drop_after' as keep
        from timescaledb_information.jobs where proc_name = 'policy_retention' and hypertable_name = ${table}`,
    );
    expect(jobs).toHaveLength(1);
    expect(jobs[0]!.keep).toBe('144:00:00');
    // The job goes by the server's own clock, which is past all of it.
    await sql`call run_job(${jobs[0]!.id}::int)`.execute(database.sql);
    expect((await chunks(table)).map(({ from }) => from)).not.toContain(old.from);
  });

  it('over the budget drops the oldest chunks first, and fits the length of new ones to the rate', async () => {
    now = Date.now();
    const open = Math.floor(now / HOUR) * HOUR;
    for (let hour = 16; hour >= 0; hour--) {
      await store.samples.append([
        {
          entity: 'host/year',
          fleet: 'default',
          source: 'push',
          receivedAt: now,
          series: Array.from({ length: 20 * 360 }, (_, i) => series[i % 20]!),
          times: Float64Array.from({ length: 20 * 360 }, (_, i) => open - hour * HOUR + Math.floor(i / 20) * 10_000),
          values: new Float64Array(20 * 360),
        },
      ]);
    }
    const length = async (): Promise<number> =>
      (
        await rowsOf(
          database.sql,
          sql<{ ms: number }>`
      select (extract(epoch from time_interval) * 1000)::float8 as ms from timescaledb_information.dimensions
      where hypertable_name = 'samples'`,
        )
      )[0]!.ms;
    expect(await length()).toBe(4 * HOUR);
    await store.maintenance.retain(now);
    expect(await length()).toBe(DAY);
    const kept = (await chunks('samples')).length;
    const tight = await createStore(
      { ...database, close: async () => undefined },
      { clock: systemClock, place: 'the server', retention: { ...DEFAULT_RETENTION, budgetBytes: 1 } },
    );
    const { dropped } = await tight.maintenance.retain(now);
    expect(dropped[0]).toMatchObject({ table: 'samples', why: 'budget' });
    expect((await chunks('samples')).length).toBeLessThan(kept);
    expect((await chunks('samples')).length).toBeGreaterThan(0);
  });
});

describe('a database that TimescaleDB cannot have, or not any more', () => {
  it('stays in plain tables when it has a history, or when that is what is asked for', async () => {
    const database = await openTimescaleDatabase();
    const kept = { ...database, close: async () => undefined };
    const options = { clock, place: 'the server' };
    const plain = await createStore(kept, { ...options, timescale: false });
    expect(plain.timescale).toMatchObject({ used: false, why: 'off' });
    const event: Event = {
      id: 'e1',
      time: NOW,
      entity: 'host/a',
      fleet: 'default',
      name: 'deploy',
      source: 'push',
      severity: 'info',
      text: '',
      labels: {},
    };
    await plain.events.append([event]);
    const later = await createStore(kept, options);
    expect(later.timescale).toMatchObject({ used: false, why: 'history' });
    expect((await later.events.list({ limit: 5, cursor: null })).items).toEqual([event]);
    await sql`delete from events`.execute(database.sql);
    expect((await createStore(kept, options)).timescale).toEqual({ used: true });
    // Once used, it is used whatever is asked for: the tables are what they are.
    expect((await createStore(kept, { ...options, timescale: false })).timescale).toEqual({ used: true });
    await database.close();
  });

  it('stays in plain tables for a user who may not create extensions, says why, and does everything', async () => {
    const database = await openTimescaleDatabase({ connections: 1, extension: false });
    await sql`create role guest`.execute(database.sql);
    await sql`grant all on schema public to guest`.execute(database.sql);
    await sql`set role guest`.execute(database.sql);
    const store = await createStore({ ...database, close: async () => undefined }, { clock, place: 'the server' });
    expect(store.timescale).toMatchObject({ used: false, why: 'refused', detail: expect.stringMatching(/permission/) });
    const beat = { id: 'a', stages: ['api' as const], about: {} };
    await store.members.beat(beat, 10_000);
    expect(await store.members.live()).toMatchObject([beat]);
    await sql`reset role`.execute(database.sql);
    await sql`drop owned by guest cascade`.execute(database.sql);
    await sql`drop role guest`.execute(database.sql);
    await database.close();
  });
});
