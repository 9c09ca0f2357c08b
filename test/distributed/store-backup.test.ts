import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import type { Frame } from '../../src/model/frame.ts';
import { internLayout } from '../../src/model/layout.ts';
import type { Series } from '../../src/model/series.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createStore } from '../../src/store/create-store.ts';
import type { Database } from '../../src/store/database.ts';
import { databaseOver } from '../../src/store/memory-database.ts';
import { openEngine } from '../../src/store/pglite-engine.ts';
import { openPostgresDatabase } from '../../src/store/postgres-database.ts';
import type { Store } from '../../src/store/store.ts';
import { findPostgres, POSTGRES_MISSING, startPostgres } from '../system/postgres.ts';

const clock = systemClock;
const run = promisify(execFile);
const HOUR = 3_600_000;
const START = Math.floor(clock.now() / HOUR) * HOUR - 3 * HOUR;
const whole = { from: 0, to: START + 10 * HOUR };
const layout = internLayout(
  ['cpu', 'memory'].map((name) => ({ name, metric: name, labels: {}, kind: 'level', unit: '', limit: null })),
);
const series: Series = { key: 'cpu{}', name: 'cpu', labels: {}, type: 'gauge', unit: '', entity: 'host/a' };

/** Something of every kind that a backup must bring back. */
async function fill(store: Store): Promise<void> {
  const times = Float64Array.from({ length: 2000 }, (_, i) => START + i * 5000);
  await store.samples.append([
    {
      entity: 'host/a',
      fleet: 'default',
      source: 'push',
      receivedAt: START,
      series: Array.from(times, () => series),
      times,
      values: times.map((_, i) => Math.sin(i)),
    },
  ]);
  await store.frames.append(
    Array.from(times, (time, i): Frame => ({
      entity: 'host/a',
      fleet: 'default',
      time,
      stepMs: 5000,
      layout,
      values: Float32Array.of(i, Number.NaN),
      derived: new Float32Array(0),
      closedAt: time + 5000,
    })),
  );
  await store.settings.set('act.mode', 'suggest', 'ana', START);
  await store.checkpoints.save([{ stage: 'detect', key: 'host/a', position: START, state: { mean: 0.1 + 0.2 } }]);
  const failure = { id: 'f', entity: 'host/a', kind: 'down', start: START, end: null, source: 'ana', note: 'ñ' };
  await store.failures.upsert([failure]);
  await store.leases.acquire({ name: 'train', holder: 'a', lapseMs: 60_000 });
}

const contents = async (store: Store) => ({
  samples: await store.samples.read('host/a', whole, 10_000),
  frames: await store.frames.replay('host/a', whole, 10_000),
  entities: await store.entities.list({ limit: 10, cursor: null }),
  settings: await store.settings.all(),
  checkpoint: await store.checkpoints.load('detect', 'host/a'),
  failures: await store.failures.list({ limit: 10, cursor: null }),
});

const folders: string[] = [];
const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-backup-'));
  folders.push(folder);
  return folder;
};
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** What docs/operations/backup.md says, done. */
describe('a backup of the embedded store', () => {
  it('is a copy of its folder while Vigía is stopped', async () => {
    const [folder, copy] = [join(temporary(), 'db'), join(temporary(), 'db')];
    const open = async (at: string): Promise<Store> =>
      createStore(databaseOver(await openEngine({ folder: at })), { clock, place: at });
    const store = await open(folder);
    await fill(store);
    const before = await contents(store);
    await store.close();
    cpSync(folder, copy, { recursive: true });
    rmSync(folder, { recursive: true });
    const restored = await open(copy);
    expect(await contents(restored)).toEqual(before);
    await restored.close();
  });
});

describe('a backup of a PostgreSQL server', () => {
  const bin = findPostgres();
  beforeEach((context) => {
    if (!bin) context.skip(POSTGRES_MISSING);
  });

  it('is a dump, taken while Vigía writes, and goes on from there when it is restored', async () => {
    const server = await startPostgres(bin!);
    const databases: Database[] = [];
    const urlOf = (name: string): string => server.url.replace(/postgres$/, name);
    const open = (name: string): Promise<Store> => {
      const database = openPostgresDatabase({ url: urlOf(name) });
      databases.push(database);
      return createStore(database, { clock, place: 'the server' });
    };
    const program = (name: string, ...args: readonly string[]) => run(join(bin!, name), [...args]);
    const restore = async (name: string, file: string): Promise<Store> => {
      await sql`create database ${sql.ref(name)}`.execute(databases[0]!.sql);
      await program('pg_restore', '--exit-on-error', '--no-owner', `--dbname=${urlOf(name)}`, file);
      return open(name);
    };
    const about = { entity: 'host/a', fleet: 'default', name: 'restart', source: 'push' } as const;
    const eventOf = (id: string): Event => ({ ...about, id, time: START, severity: 'info', text: '', labels: {} });
    const eventsOf = async (store: Store): Promise<readonly string[]> =>
      (await store.events.list({ limit: 1000, cursor: null })).items.map(({ id }) => id);
    try {
      const store = await open('postgres');
      await fill(store);
      const before = await contents(store);
      const [file, lean] = [join(temporary(), 'vigia.dump'), join(temporary(), 'lean.dump')];
      const written: string[] = [];
      const over = new AbortController();
      const writing = (async () => {
        for (let n = 0; !over.signal.aborted; n += 1) {
          await store.events.append([eventOf(`meanwhile ${n}`)]);
          written.push(`meanwhile ${n}`);
          // Few enough for one page, however long a dump takes.
          await delay(100);
        }
      })();
      while (written.length === 0) await delay(5);
      const first = [...written];
      try {
        await program('pg_dump', '--format=custom', `--file=${file}`, server.url);
      } finally {
        over.abort();
        await writing;
      }
      await program('pg_dump', '--format=custom', '--exclude-table-data=samples*', `--file=${lean}`, server.url);

      const restored = await restore('restored', file);
      expect(await contents(restored)).toEqual(before);
      const events = await eventsOf(restored);
      expect(events).toEqual(expect.arrayContaining(first));
      expect(events.filter((id) => !written.includes(id))).toEqual([]);
      // Repeats are known, what is new goes in, and tokens of leases go on growing.
      await fill(restored);
      expect(await contents(restored)).toEqual(before);
      await restored.events.append([eventOf('after')]);
      expect(await eventsOf(restored)).toContain('after');

      // Samples may be left out; what cannot be had again is there.
      const { samples, ...rest } = await contents(await restore('lean', lean));
      expect(samples.times).toHaveLength(0);
      expect(rest).toEqual({ ...before, samples: undefined });
    } finally {
      for (const database of databases) await database.close();
      server.stop();
    }
  });
});
