import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Database } from '../../src/store/database.ts';
import type * as compiled from '../../src/store/pglite-database.ts';
import { cleanUp, eventually, temporaryFolder } from './vigia.ts';

/** Where the built program lies; the embedded database runs in a thread, which only the built one can start. */
const dist = process.env['VIGIA_TEST_DIST'] ?? resolve(import.meta.dirname, '../../dist');

let openPgliteDatabase: typeof compiled.openPgliteDatabase;
beforeAll(async () => {
  const file = pathToFileURL(join(dist, 'store/pglite-database.js')).href;
  ({ openPgliteDatabase } = (await import(file)) as typeof compiled);
});
afterAll(cleanUp);

const open = (folder: string) => openPgliteDatabase({ folder, clock: systemClock });
const scalar = async (database: Database, statement: string): Promise<unknown> =>
  Object.values((await sql.raw<Record<string, unknown>>(statement).execute(database.sql)).rows[0] ?? {})[0];

/** Every file below a folder with its size, save caches that PostgreSQL makes anew at each start. */
const listing = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'pg_internal.init')
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => `${file} ${statSync(file).size}`)
    .sort();

describe('a data folder', () => {
  it('has the schema in it before anything is migrated, and keeps what is committed', async () => {
    const folder = temporaryFolder();
    const first = await open(folder);
    expect(await scalar(first, 'select count(*) from schema_migrations')).toBeGreaterThan(0);
    await sql`insert into settings values ('a', '1', 'me', now())`.execute(first.sql);
    await expect(open(folder)).rejects.toMatchObject({ code: 'STORE_LOCKED', values: { pid: process.pid } });
    await first.close();
    const second = await open(folder);
    expect(await scalar(second, 'select count(*) from settings')).toBe(1);
    await expect(sql`select nonsense`.execute(second.sql)).rejects.toMatchObject({ sqlState: '42703' });
    await second.close();
    await expect(sql`select 1`.execute(second.sql)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('whose creation was cut short is created anew', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'store.new'));
    writeFileSync(join(folder, 'store.new', 'PG_VERSION'), '18\n');
    const database = await open(folder);
    expect(await scalar(database, 'select 1')).toBe(1);
    await database.close();
    expect(readdirSync(folder)).toEqual(['store']);
  });

  it('damaged in any of many ways is named and left as it is', async () => {
    const sound = temporaryFolder();
    await (await open(sound)).close();
    expect(readdirSync(sound)).toEqual(['store']);
    const zeroed = (file: string) => (folder: string) =>
      writeFileSync(join(folder, 'store', file), readFileSync(join(folder, 'store', file)).fill(0));
    const damages: Readonly<Record<string, (folder: string) => void>> = {
      'control file zeroed': zeroed('global/pg_control'),
      'map of files zeroed': zeroed('global/pg_filenode.map'),
      'version lost': (folder) => rmSync(join(folder, 'store/PG_VERSION')),
      'version empty': (folder) => writeFileSync(join(folder, 'store/PG_VERSION'), ''),
      'log lost': (folder) => renameSync(join(folder, 'store/pg_wal'), join(folder, 'store/gone')),
      'something else altogether': (folder) => {
        rmSync(join(folder, 'store'), { recursive: true });
        mkdirSync(join(folder, 'store'));
        writeFileSync(join(folder, 'store', 'thesis.txt'), 'precious');
      },
    };
    for (const [name, damage] of Object.entries(damages)) {
      const folder = temporaryFolder();
      cpSync(sound, folder, { recursive: true });
      damage(folder);
      const before = listing(folder);
      await expect(open(folder), name).rejects.toMatchObject({ code: 'STORE_DAMAGED', values: { folder } });
      expect(listing(folder), name).toEqual(before);
    }
  });

  it('killed while it is written keeps every batch that was acknowledged, whole, and no half of another', async () => {
    const folder = temporaryFolder();
    let acknowledged = -1;
    for (let round = 0; round < 4; round++) {
      const writer = spawn(process.execPath, [
        join(import.meta.dirname, 'writer.mjs'),
        dist,
        folder,
        String(acknowledged + 1),
      ]);
      let output = '';
      writer.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await eventually('the writer writes', 60_000, async () => output.includes('\n'));
      await delay(200 + round * 150);
      writer.kill('SIGKILL');
      // Not only ended: everything that it said has been read.
      await once(writer, 'close');
      acknowledged = Number(output.trim().split('\n').at(-1));
      const database = await open(folder);
      const batches = (
        await sql<{ batch: number; count: number }>`
        select value as batch, count(*) as count from samples group by value order by value`.execute(database.sql)
      ).rows;
      // One more than acknowledged may be in: it was committed, and the process died before it could say so.
      expect(batches.length).toBeGreaterThanOrEqual(acknowledged + 1);
      expect(batches.length).toBeLessThanOrEqual(acknowledged + 2);
      expect(batches).toEqual(batches.map((_, batch) => ({ batch, count: 500 })));
      await sql`delete from samples where value > ${acknowledged}`.execute(database.sql);
      await database.close();
    }
  });

  it('on a full disk stops, loses nothing, and goes on when there is space', async (context) => {
    const folder = temporaryFolder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      context.skip('a tmpfs cannot be mounted without root: run `sudo npm test`');
    }
    try {
      const database = await open(folder);
      await sql`create table numbers (n int, filler text)`.execute(database.sql);
      const insert = (n: number) =>
        sql`insert into numbers select ${n}::int, repeat(md5(i::text), 20) from generate_series(1, 2000) as i`.execute(
          database.sql,
        );
      // Past the guard on purpose: the engine itself runs out of disk, in the midst of its log or of a table.
      let written = 0;
      const full = await eventually('the disk is full', 60_000, async () => {
        try {
          await insert(written);
          written++;
          return null;
        } catch (error) {
          return error;
        }
      });
      expect(full).toMatchObject({ code: 'STORE_FULL' });
      await expect(database.ensureRoom()).rejects.toMatchObject({ code: 'STORE_FULL' });
      execFileSync('mount', ['-o', 'remount,size=400m', folder]);
      await eventually('it goes on', 30_000, () =>
        insert(written).then(
          () => true,
          () => false,
        ),
      );
      expect(await scalar(database, 'select count(*) from numbers')).toBe(2000 * (written + 1));
      await delay(1100);
      await expect(database.ensureRoom()).resolves.toBeUndefined();
      await database.close();
    } finally {
      execFileSync('umount', ['-l', folder]);
    }
  });
});
