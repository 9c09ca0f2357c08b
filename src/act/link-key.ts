import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = 'link.key';
const BYTES = 32;

/**
 * The key that links to approvals are signed with, from the data folder; made there the first time, readable by nobody
 * else. Whoever deletes the file makes every link that was sent worthless.
 */
export function linkKey(folder: string): Uint8Array {
  const path = join(folder, FILE);
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(path, randomBytes(BYTES).toString('hex'), { flag: 'wx', mode: 0o600 });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  }
  return Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
}
