import { basename } from 'node:path';
import { beginningOf, type FileHead, HEAD_BYTES } from './file-head.ts';
import type { FoundFile } from './find-files.ts';

/** Where reading a file has come to; what is kept over a restart. */
export interface FilePosition extends FileHead {
  readonly path: string;
  /** Device and inode. */
  readonly file: string;
  /** Names what is in the file: it stays the same when that is renamed, copied or compressed. */
  readonly stream: string;
  /** Everything before this is done, bytes. */
  readonly offset: number;
  /** Of a file that was read to its end and closed: its size then. Of one that is gone, nothing. */
  readonly rests?: number;
}

/** Files at rest and streams whose file is gone that are remembered; the oldest are forgotten first. */
const MAX_RESTING = 20_000;
const MAX_ENDED = 2000;

/** A size that no file has: it is looked at whatever its size. */
export const ANY_SIZE = -1;

/** What rotation adds to a name: numbers and dates, and the end of a compressed file. */
const ADDED = /[-_.]\d[\d_-]*(?=\.|$)/g;
const stem = (path: string): string => basename(path).replace(/\.gz$/, '').replaceAll(ADDED, '');

/**
 * Files that are not read at present, and how far each was: files at rest, and streams whose file was truncated or is gone
 * and may turn up again as a copy or compressed. Files are known by inode, streams by how they begin.
 */
export class FileStreams {
  readonly #resting = new Map<string, FilePosition>();
  /** By stream, the oldest first. */
  readonly #ended = new Map<string, FilePosition>();
  changed = false;

  /** Takes what was kept: files that were open are looked at again. */
  load(past: readonly FilePosition[], open: readonly FilePosition[]): void {
    for (const position of past)
      if (position.rests === undefined) this.end(position);
      else this.rest(position, position.rests);
    for (const position of open) {
      this.#ended.delete(position.stream);
      this.rest(position, ANY_SIZE);
    }
    this.changed = false;
  }

  get kept(): readonly FilePosition[] {
    return [...this.#resting.values(), ...this.#ended.values()];
  }

  resting(file: string): FilePosition | undefined {
    return this.#resting.get(file);
  }

  rest(position: FilePosition, size: number): void {
    this.changed = true;
    this.#resting.delete(position.file);
    this.#resting.set(position.file, { ...position, rests: size });
    if (this.#resting.size > MAX_RESTING) forgetOldest(this.#resting);
  }

  /** The file is read again, or is something else now. */
  wake(file: string): void {
    this.changed = this.#resting.delete(file) || this.changed;
  }

  end({ path, file, stream, offset, head, headBytes }: FilePosition): void {
    this.changed = true;
    this.#ended.delete(stream);
    this.#ended.set(stream, { path, file, stream, offset, head, headBytes });
    if (this.#ended.size > MAX_ENDED) forgetOldest(this.#ended);
  }

  /** Files at rest that are not there any more have ended. */
  endAllBut(there: ReadonlySet<string>): void {
    for (const position of this.#resting.values()) {
      if (there.has(position.file)) continue;
      this.wake(position.file);
      this.end(position);
    }
  }

  /**
   * Whose copy a new file is, by how it begins: of a stream that has ended, and then it goes on from there; `alive` when
   * that is still read elsewhere, so that it cannot be told yet how much of the copy is new; null for none. `open` says the
   * size of each file as `rests`.
   */
  originalOf({ path, size }: FoundFile, head: Uint8Array, open: Iterable<FilePosition>): FilePosition | 'alive' | null {
    const name = stem(path);
    // What has nothing added to its name is written to, not a copy.
    if (name === basename(path)) return null;
    const begins = beginningOf(head);
    const fits = (other: FilePosition): boolean =>
      other.headBytes > 0 && begins(other) && other.path !== path && stem(other.path) === name;
    const ended = [...this.#ended.values()].findLast(fits);
    if (ended !== undefined) return ended;
    // A short beginning may be that of another file by chance; but no copy is longer than its original.
    const mayCopy = (other: FilePosition): boolean => {
      const { headBytes, offset, rests = 0 } = other;
      const truncated = rests < offset;
      return fits(other) && (path.endsWith('.gz') || headBytes === HEAD_BYTES || truncated || size <= rests);
    };
    // Of a file that was empty when it was opened it is not known yet how it begins.
    const unknown = (other: FilePosition): boolean => other.headBytes === 0 && stem(other.path) === name;
    for (const other of open) if (mayCopy(other) || unknown(other)) return 'alive';
    for (const other of this.#resting.values()) if (mayCopy(other)) return 'alive';
    return null;
  }

  /** A file goes on with a stream that had ended. */
  resume(stream: string): void {
    this.changed = this.#ended.delete(stream) || this.changed;
  }
}

function forgetOldest(positions: Map<string, FilePosition>): void {
  for (const oldest of positions.keys()) {
    positions.delete(oldest);
    return;
  }
}
