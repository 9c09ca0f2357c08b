import { createReadStream, type ReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { type FileHead, HEAD_BYTES } from './file-head.ts';
import { LineAssembler, type WrittenLine } from './line-assembler.ts';
import { type FileNews, lastOf, type ReadFile } from './tailed-file.ts';

/**
 * A rotated file that was compressed. It is unpacked as it is read, from its beginning, and lines are made of what stands
 * behind an offset; offsets are those of what is in it. Nothing is ever added to it.
 */
export class PackedFile implements ReadFile {
  readonly #file: ReadStream;
  readonly #pieces: AsyncIterator<Buffer>;
  readonly #assembler: LineAssembler;
  #next = 0;
  done: number;
  head: FileHead;

  constructor(path: string, lineBytes: number, from: { readonly offset: number; readonly head: FileHead }) {
    this.#file = createReadStream(path);
    this.#pieces = unpacked(this.#file);
    this.#assembler = new LineAssembler(lineBytes);
    this.done = from.offset;
    this.head = from.head;
  }

  /** Throws what reading and unpacking throw. */
  async read(): Promise<FileNews> {
    const piece = await this.#pieces.next();
    if (piece.done === true) return lastOf(this.#assembler.end(this.#next));
    const from = this.#next;
    this.#next += piece.value.length;
    const skip = Math.min(piece.value.length, Math.max(0, this.done - from));
    // Up to the offset whole lines are done, so that behind it a line begins.
    const started = from + skip;
    const taken = skip === piece.value.length ? NOTHING : this.#assembler.take(piece.value.subarray(skip), started);
    return { ...taken, more: true, quiet: false, truncated: false };
  }

  finish({ to }: WrittenLine): void {
    this.done = Math.max(this.done, to);
  }

  async close(): Promise<void> {
    this.#file.destroy();
    await this.#pieces.return?.();
  }
}

const NOTHING = { lines: [], cut: 0 };

async function* unpacked(file: ReadStream): AsyncGenerator<Buffer, undefined> {
  const gunzip = createGunzip();
  file.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const piece of file.pipe(gunzip)) yield piece as Buffer;
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

/** The first bytes of what is in a compressed file. Throws what reading and unpacking throw. */
export async function packedHead(path: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of unpacked(createReadStream(path, { highWaterMark: 4 * HEAD_BYTES }))) {
    pieces.push(piece);
    size += piece.length;
    if (size >= HEAD_BYTES) break;
  }
  return Buffer.concat(pieces).subarray(0, HEAD_BYTES);
}
