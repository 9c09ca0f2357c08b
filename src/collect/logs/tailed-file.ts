import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { type JoinedLine, LineJoiner } from './line-joiner.ts';

/** Where reading a file has come to; what is kept over a restart. */
export interface FilePosition {
  readonly path: string;
  /** Device and inode. */
  readonly file: string;
  /** Everything before this is done, bytes. */
  readonly offset: number;
  /** Hash of the first `headBytes` bytes: an inode is used again, and then the beginning differs. */
  readonly head: string;
  readonly headBytes: number;
}

/** What one look at a file brought. */
export interface FileNews {
  readonly lines: readonly JoinedLine[];
  /** Lines that were longer than the limit; they were cut. */
  readonly cut: number;
  /** True when there is more to read at once. */
  readonly more: boolean;
}

const CHUNK_BYTES = 1 << 18;
const HEAD_BYTES = 1024;
const LF = 10;
/** Text has no such byte. */
const NUL = 0;

export const headHash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 32);

/**
 * One file that is read as it grows. It is held by its handle, so that it is read to its end after it has been renamed. A
 * file that becomes shorter than what was read was truncated and is read from its beginning.
 */
export class TailedFile {
  readonly file: string;
  path: string;
  readonly #handle: FileHandle;
  readonly #lineBytes: number;
  readonly #joiner = new LineJoiner();
  /** Next byte to read, and the bytes of a line whose end has not come. */
  #next: number;
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes of an endless line that are passed over. */
  #skipping = false;
  #done: number;
  #head: { readonly hash: string; readonly bytes: number };
  #round = 0;

  private constructor(
    handle: FileHandle,
    at: { readonly file: string; readonly path: string; readonly offset: number },
    options: { readonly lineBytes: number; readonly head: { readonly hash: string; readonly bytes: number } },
  ) {
    this.#handle = handle;
    this.file = at.file;
    this.path = at.path;
    this.#next = at.offset;
    this.#done = at.offset;
    this.#lineBytes = options.lineBytes;
    this.#head = options.head;
  }

  /**
   * Opens a file: where `known` says when it still is that file, else at its end or its beginning. Returns null for what
   * is not text. Throws what `open` throws.
   */
  static async open(
    path: string,
    options: { readonly lineBytes: number; readonly fromEnd: boolean; readonly known: FilePosition | undefined },
  ): Promise<TailedFile | null> {
    const handle = await open(path, 'r');
    try {
      const { dev, ino, size } = await handle.stat();
      const head = await readHead(handle, HEAD_BYTES);
      if (head.includes(NUL)) {
        await handle.close();
        return null;
      }
      const { known } = options;
      const same =
        known !== undefined &&
        known.offset <= size &&
        headHash(head.subarray(0, known.headBytes)) === known.head &&
        head.length >= known.headBytes;
      const offset = same ? known.offset : options.fromEnd ? await lastLineEnd(handle, size) : 0;
      const file = `${dev}:${ino}`;
      return new TailedFile(
        handle,
        { file, path, offset },
        { ...options, head: { hash: headHash(head), bytes: head.length } },
      );
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get position(): FilePosition {
    return { path: this.path, file: this.file, offset: this.#done, head: this.#head.hash, headBytes: this.#head.bytes };
  }

  /** What identifies the bytes at a place of this file, also after it was truncated and written anew. */
  placeOf({ from }: JoinedLine): string {
    return `${this.file}:${this.#head.hash}:${this.#round}:${from}`;
  }

  /** Reads on, a piece at most. Where nothing is new, a line that waits for lines that belong to it is given back. */
  async read(): Promise<FileNews> {
    const { size } = await this.#handle.stat();
    const lines: JoinedLine[] = [];
    if (size < this.#next) await this.#restart(lines);
    if (this.#head.bytes < HEAD_BYTES && size > this.#head.bytes) await this.#readHead();
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(0, size - this.#next)));
    const { bytesRead } =
      buffer.length === 0 ? { bytesRead: 0 } : await this.#handle.read(buffer, 0, buffer.length, this.#next);
    const cut = this.#split(buffer.subarray(0, bytesRead), lines);
    this.#next += bytesRead;
    const last = bytesRead === 0 ? this.#joiner.flush() : null;
    if (last !== null) lines.push(last);
    return { lines, cut, more: this.#next < size };
  }

  /** Says that everything up to the end of a line has been taken over. */
  done(line: JoinedLine): void {
    this.#done = line.to;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #restart(lines: JoinedLine[]): Promise<void> {
    const held = this.#joiner.flush();
    if (held !== null) lines.push({ ...held, to: 0 });
    this.#next = 0;
    this.#done = 0;
    this.#rest = Buffer.alloc(0);
    this.#skipping = false;
    this.#round += 1;
    await this.#readHead();
  }

  async #readHead(): Promise<void> {
    const head = await readHead(this.#handle, HEAD_BYTES);
    this.#head = { hash: headHash(head), bytes: head.length };
  }

  #split(bytes: Buffer, lines: JoinedLine[]): number {
    const start = this.#next - this.#rest.length;
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let cut = 0;
    let at = 0;
    for (let end = all.indexOf(LF, at); end >= 0; end = all.indexOf(LF, at)) {
      if (this.#skipping) this.#skipping = false;
      else {
        cut += end - at > this.#lineBytes ? 1 : 0;
        this.#line(
          all.subarray(at, Math.min(end, at + this.#lineBytes)),
          { from: start + at, to: start + end + 1 },
          lines,
        );
      }
      at = end + 1;
    }
    this.#rest = all.subarray(at);
    if (this.#rest.length > this.#lineBytes) {
      if (!this.#skipping) {
        const to = start + all.length;
        this.#line(this.#rest.subarray(0, this.#lineBytes), { from: start + at, to }, lines);
        cut += 1;
      }
      this.#skipping = true;
      this.#rest = Buffer.alloc(0);
    }
    return cut;
  }

  #line(bytes: Buffer, { from, to }: { readonly from: number; readonly to: number }, lines: JoinedLine[]): void {
    const text = bytes.toString('utf8').replace(/\r$/, '');
    const ended = this.#joiner.take(text, from, to);
    if (ended !== null) lines.push(ended);
  }
}

async function readHead(handle: FileHandle, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, 0);
  return buffer.subarray(0, bytesRead);
}

/** Where the line that is being written begins. */
async function lastLineEnd(handle: FileHandle, size: number): Promise<number> {
  const from = Math.max(0, size - CHUNK_BYTES);
  const buffer = Buffer.alloc(size - from);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
  return from + buffer.subarray(0, bytesRead).lastIndexOf(LF) + 1;
}
