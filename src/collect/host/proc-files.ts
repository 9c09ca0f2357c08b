import { closeSync, openSync, readSync } from 'node:fs';
import { readFileSync } from 'node:fs';

/** As /proc files say 0 bytes, the size has to be guessed; more than this is cut. */
const scratch = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * The text of a small file in /proc or /sys, undefined when it is not there. Synchronous, as the kernel answers from
 * memory in microseconds, where the way through the thread pool takes ten times as long.
 */
export function readProc(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    let length = 0;
    for (;;) {
      const read = readSync(file, scratch, length, scratch.length - length, null);
      if (read === 0) break;
      length += read;
      if (length === scratch.length) break;
    }
    return scratch.toString('latin1', 0, length);
  } catch {
    // A process may end between open and read.
    return undefined;
  } finally {
    closeSync(file);
  }
}

export interface KernelConstants {
  readonly pageBytes: number;
  readonly ticksPerSecond: number;
}

/** Entries of the auxiliary vector, see getauxval(3). */
const AT_PAGESZ = 6n;
const AT_CLKTCK = 17n;

/** What the kernel told this process at its start; the usual values where it cannot be read. */
export function readKernelConstants(path = '/proc/self/auxv'): KernelConstants {
  let pageBytes = 4096;
  let ticksPerSecond = 100;
  try {
    const vector = readFileSync(path);
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      const kind = vector.readBigUInt64LE(at);
      if (kind === AT_PAGESZ) pageBytes = Number(vector.readBigUInt64LE(at + 8));
      if (kind === AT_CLKTCK) ticksPerSecond = Number(vector.readBigUInt64LE(at + 8));
    }
  } catch {
    // Not Linux, or not ours to read.
  }
  return { pageBytes, ticksPerSecond };
}
