import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK = Buffer.alloc(16 * 1024, '.');

const sizeOf = (file: string): number => (existsSync(file) ? statSync(file).size : 0);

/**
 * The disk of one replica: a journal that each request writes to, as large as the kernel lets one file of this process become,
 * and a cache that is scanned once a second. Both survive a restart.
 */
export class Disk {
  readonly #journal: string;
  readonly #cache: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#journal = join(folder, 'journal');
    this.#cache = join(folder, 'cache');
  }

  get used(): number {
    return sizeOf(this.#journal);
  }

  get cacheBytes(): number {
    return sizeOf(this.#cache);
  }

  /** Opens, writes and closes, as careful programs do. Throws EMFILE or EFBIG as the kernel says. */
  record(line: string): void {
    const file = openSync(this.#journal, 'a');
    try {
      writeSync(file, line);
    } finally {
      closeSync(file);
    }
  }

  /** Writes what nobody needs, until there is no room left. */
  fill(bytes: number): void {
    for (let left = bytes; left > 0; left -= CHUNK.length) {
      try {
        appendFileSync(this.#journal, CHUNK.subarray(0, Math.min(left, CHUNK.length)));
      } catch {
        return;
      }
    }
  }

  growCache(bytes: number): void {
    appendFileSync(this.#cache, CHUNK.subarray(0, Math.min(bytes, CHUNK.length)));
  }

  clear(): void {
    rmSync(this.#journal, { force: true });
    rmSync(this.#cache, { force: true });
  }
}
