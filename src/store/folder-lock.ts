import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, utimesSync } from 'node:fs';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { toError, VigiaError } from '../runtime/errors.ts';

/** One process owns a data folder: PGlite has no lock of its own that would hold between processes. */
export interface FolderLock {
  release(): Promise<void>;
}

interface Owner {
  readonly token: string;
  readonly pid: number;
  /** When the process started, in the kernel's own ticks and boot: a pid alone is soon given to somebody else. */
  readonly started: string | null;
  readonly host: string;
}

const LOCK_FILE = 'vigia.lock';
/** The owner touches the file this often; only looked at from another machine or container, where pids mean nothing. */
const HEARTBEAT_MS = 5000;
const FOREIGN_STALE_MS = 30_000;
const ATTEMPTS = 25;

const readText = (file: string): string | null => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
};

/** Tells one life of a pid from the next; null where there is no /proc. */
function startOf(pid: number): string | null {
  const fields = readText(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ');
  const boot = readText('/proc/sys/kernel/random/boot_id')?.trim();
  return fields && boot ? `${boot} ${fields[19]}` : null;
}

function processLives(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return owner.started === null || startOf(owner.pid) === owner.started;
}

async function ownerOf(file: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Owner;
  } catch {
    return null;
  }
}

async function isHeld(file: string, owner: Owner): Promise<boolean> {
  if (owner.host === hostname()) return processLives(owner);
  const { mtimeMs } = await stat(file);
  return Date.now() - mtimeMs < FOREIGN_STALE_MS;
}

/** Whoever takes a dead owner's lock away is gone again at once; a mark as old as this was left by one that died at it. */
const BREAKING_MS = 5000;
const PAUSE_MS = 20;

/**
 * Takes a dead owner's lock away. One at a time, marked by a file of its own: otherwise a slow one could take away the
 * lock of whoever came after the dead.
 */
async function removeStale(file: string, stale: Owner | null, draft: string): Promise<void> {
  const mark = `${file}.breaking`;
  try {
    await link(draft, mark);
  } catch {
    const left = await stat(mark).catch(() => null);
    if (left !== null && Date.now() - left.ctimeMs > BREAKING_MS) await rm(mark, { force: true });
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    return;
  }
  try {
    if (existsSync(file) && (await ownerOf(file))?.token === stale?.token) await rm(file, { force: true });
  } finally {
    await rm(mark, { force: true });
  }
}

const unwritable = (folder: string, error: unknown): VigiaError =>
  new VigiaError('STORE_UNWRITABLE', { folder, detail: toError(error).message }, error);

/**
 * Makes a folder with those above it. Not by `recursive: true`: where the system refuses a name below a folder that is
 * there (as /proc does, with ENOENT), Node's own loop never ends.
 */
async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** Creates the folder when needed and locks it. Throws `STORE_LOCKED` or `STORE_UNWRITABLE`. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const file = join(folder, LOCK_FILE);
  const token = randomUUID();
  const draft = `${file}.${token}.new`;
  const owner: Owner = { token, pid: process.pid, started: startOf(process.pid), host: hostname() };
  try {
    await makeFolder(folder);
    await writeFile(draft, JSON.stringify(owner));
  } catch (error) {
    throw unwritable(folder, error);
  }
  try {
    await claim(folder, file, { draft });
  } finally {
    await rm(draft, { force: true });
  }
  const heartbeat = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // A folder that has gone shows in every statement; the lock need not report it as well.
    }
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    release: async () => {
      clearInterval(heartbeat);
      if ((await ownerOf(file))?.token === token) await rm(file, { force: true });
    },
  };
}

/** A hard link appears at once and complete, or not at all: the file system picks the winner. */
async function claim(folder: string, file: string, mine: { draft: string }): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      await link(mine.draft, file);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(folder, error);
    }
    const owner = await ownerOf(file);
    if (owner && (await isHeld(file, owner))) throw new VigiaError('STORE_LOCKED', { folder, pid: owner.pid });
    await removeStale(file, owner, mine.draft);
  }
  throw new VigiaError('STORE_LOCKED', { folder, pid: 0 });
}
