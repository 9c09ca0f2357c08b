import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lockFolder } from './folder-lock.ts';

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-lock-'));
  folders.push(folder);
  return folder;
};
const lockFile = (folder: string): string => join(folder, 'vigia.lock');
const lockOf = (folder: string): Record<string, unknown> => JSON.parse(readFileSync(lockFile(folder), 'utf8'));

describe('the lock of a data folder', () => {
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

  it('has one owner, who is named, and is free again after release', async () => {
    const folder = join(newFolder(), 'deeper', 'still');
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      values: { folder, pid: process.pid },
    });
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
    await (await lockFolder(folder)).release();
  });

  it('has one winner among many who ask at once, also when a dead owner left it behind', async () => {
    const folder = newFolder();
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    const own = await lockFolder(folder);
    const left = { ...lockOf(folder), token: 'of the dead', pid: child.pid, started: null };
    await own.release();
    writeFileSync(lockFile(folder), JSON.stringify(left));
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
    const winners = tries.filter((result) => result.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    await winners[0]?.value.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not held by another process that was given the same pid', async () => {
    const folder = newFolder();
    await lockFolder(folder).then((lock) => {
      writeFileSync(lockFile(folder), JSON.stringify({ ...lockOf(folder), token: 'older', started: 'another boot 1' }));
      return lock.release();
    });
    expect(lockOf(folder)['token']).toBe('older');
    const lock = await lockFolder(folder);
    expect(lockOf(folder)['token']).not.toBe('older');
    await lock.release();
  });

  it('from another machine it is held while it is touched', async () => {
    const folder = newFolder();
    const foreign = { token: 'far', pid: 1, started: null, host: 'elsewhere' };
    writeFileSync(lockFile(folder), JSON.stringify(foreign));
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(lockFile(folder), longAgo, longAgo);
    await (await lockFolder(folder)).release();
  });

  it('half-written by a crash it is nobody’s', async () => {
    const folder = newFolder();
    writeFileSync(lockFile(folder), '{"pid":');
    const lock = await lockFolder(folder);
    expect(lockOf(folder)['pid']).toBe(process.pid);
    await lock.release();
  });

  it('says so when the folder cannot be made', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    await expect(lockFolder(join(file, 'data'))).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
  });
});
