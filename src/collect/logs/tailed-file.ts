import { type FileHandle, open } from 'node:fs/promises';
import { beginsAs, type FileHead, HEAD_BYTES, headOf } from './file-head.ts';
import { LineAssembler, type WrittenLine } from './line-assembler.ts';

/** What one look at a file brought. */
export interface FileNews {
  readonly lines: readonly WrittenLine[];
  /** Lines that were longer than the limit; they were cut. */
  readonly cut: number;
  /** True when there is more to read at once. */
  readonly more: boolean;
  /** There was nothing new, nor was anything held back. */
  readonly quiet: boolean;
  /** The file was truncated: these lines are the last of what it was. `restart` goes on with what it is now. */
  readonly truncated: boolean;
}

/** A file that lines are read from, of which it is known how far that has come. */
export interface ReadFile {
  readonly done: number;
  readonly head: FileHead;
  /** Reads on, a piece at most. */
  read(): Promise<FileNews>;
  /** Says that everything up to the end of a line has been taken over. */
  finish(line: WrittenLine): void;
  /** Reads a file that was truncated from its beginning. */
  restart?(): Promise<void>;
  close(): Promise<void>;
}

const CHUNK_BYTES = 1 << 18;
const LF = 10;

/**
 * One file that is read as it grows. It is held by its handle, so that it is read to its end after it has been renamed or
 * deleted. One that becomes shorter, or begins differently, was truncated.
 */
export class TailedFile implements ReadFile {
  readonly #handle: FileHandle;
  readonly #lineBytes: number;
  #assembler: LineAssembler;
  #next: number;
  done: number;
  head: FileHead;

  private constructor(handle: FileHandle, lineBytes: number, at: { readonly offset: number; readonly head: FileHead }) {
    this.#handle = handle;
    this.#lineBytes = lineBytes;
    this.#assembler = new LineAssembler(lineBytes);
    this.#next = at.offset;
    this.done = at.offset;
    this.head = at.head;
  }

  /** Opens a file to read on from an offset; null is where its last whole line ends. Throws what `open` throws. */
  static async open(path: string, lineBytes: number, offset: number | null): Promise<TailedFile> {
    const handle = await open(path, 'r');
    try {
      const head = headOf(await readHead(handle));
      return new TailedFile(handle, lineBytes, { offset: offset ?? (await lastLineEnd(handle)), head });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Where nothing is new, a line that waits for lines that belong to it is given back. */
  async read(): Promise<FileNews> {
    const { size } = await this.#handle.stat();
    if (size < this.#next || !(await this.#isSame(size)))
      return { lines: this.#assembler.flush(), cut: 0, more: true, quiet: false, truncated: true };
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - this.#next));
    const { bytesRead } =
      buffer.length === 0 ? { bytesRead: 0 } : await this.#handle.read(buffer, 0, buffer.length, this.#next);
    if (bytesRead === 0) return lastOf(this.#assembler.flush());
    const taken = this.#assembler.take(buffer.subarray(0, bytesRead), this.#next);
    this.#next += bytesRead;
    return { ...taken, more: this.#next < size, quiet: false, truncated: false };
  }

  /** Looks at the beginning again where there is something new. */
  async #isSame(size: number): Promise<boolean> {
    if (size === this.#next) return true;
    const bytes = await readHead(this.#handle);
    if (!beginsAs(bytes, this.head)) return false;
    if (bytes.length > this.head.headBytes) this.head = headOf(bytes);
    return true;
  }

  async restart(): Promise<void> {
    this.#assembler = new LineAssembler(this.#lineBytes);
    this.#next = 0;
    this.done = 0;
    this.head = headOf(await readHead(this.#handle));
  }

  finish({ to }: WrittenLine): void {
    this.done = Math.max(this.done, to);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** What there is where nothing more is. */
export const lastOf = (lines: readonly WrittenLine[]): FileNews => ({
  lines,
  cut: 0,
  more: false,
  quiet: lines.length === 0,
  truncated: false,
});

async function readHead(handle: FileHandle): Promise<Buffer> {
  const buffer = Buffer.alloc(HEAD_BYTES);
  const { bytesRead } = await handle.read(buffer, 0, HEAD_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

/** Where the line that is being written begins. */
async function lastLineEnd(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const from = Math.max(0, size - CHUNK_BYTES);
  const buffer = Buffer.alloc(size - from);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
  return from + buffer.subarray(0, bytesRead).lastIndexOf(LF) + 1;
}
