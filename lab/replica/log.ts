import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A log is put aside when it is so large, well before the kernel's limit of a file. */
const ROTATE_BYTES = 4 * 1024 * 1024;

export interface ReplicaLog {
  readonly bytes: number;
  write(
    level: 'info' | 'warn' | 'error' | 'fatal' | 'debug',
    message: string,
    more?: Readonly<Record<string, unknown>>,
  ): void;
}

/** JSON lines, written at once, so that the last words of a dying process are there to be read. */
export function createReplicaLog(file: string, who: Readonly<Record<string, string>>): ReplicaLog {
  mkdirSync(dirname(file), { recursive: true });
  let open = openSync(file, 'a');
  let size = 0;
  let bytes = 0;
  const rotate = (): void => {
    closeSync(open);
    renameSync(file, `${file}.1`);
    open = openSync(file, 'a');
    size = 0;
  };
  return {
    get bytes() {
      return bytes;
    },
    write(level, message, more = {}) {
      const line = `${JSON.stringify({ time: new Date().toISOString(), level, ...who, msg: message, ...more })}\n`;
      try {
        size += writeSync(open, line);
        bytes += line.length;
        if (size > ROTATE_BYTES) rotate();
      } catch {
        // A log that cannot be written must not fail a request.
      }
    },
  };
}
