import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = 'link.key';
const BYTES = 32;

/** Under its name only when it is whole: a key that a crash has cut short would sign what anybody can sign. */
function make(path: string): void {
  const whole = `${path}.${randomUUID()}`;
  writeFileSync(whole, randomBytes(BYTES).toString('hex'), { flag: 'wx', mode: 0o600 });
  try {
    linkSync(whole, path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  } finally {
    rmSync(whole);
  }
}

function read(path: string): Uint8Array | null {
  try {
    const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
    if (key.length === BYTES) return key;
    rmSync(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
  return null;
}

/**
 * The key that links to approvals are signed with, from the data folder; made there the first time, and again where it is
 * damaged; readable by nobody else. Whoever deletes the file makes every link that was sent worthless.
 */
export function linkKey(folder: string): Uint8Array {
  const path = join(folder, FILE);
  mkdirSync(folder, { recursive: true });
  const known = read(path);
  if (known !== null) return known;
  make(path);
  const made = read(path);
  if (made === null) throw new Error(`${path} was changed while it was made`);
  return made;
}
