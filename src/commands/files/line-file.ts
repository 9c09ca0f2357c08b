import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Words } from '../../text/text.ts';
import { badInput } from './bad-input.ts';

/** A text file that appears under its name only when it is complete. */
export interface LineFile {
  /** Adds a line; what has gathered goes to the disk now and then. */
  write(line: string): void | Promise<void>;
  /** Puts the file in its place. */
  finish(): Promise<void>;
  /** Gives up: nothing is left behind. Does nothing after `finish`. */
  abandon(): Promise<void>;
}

const BUFFER_CHARACTERS = 1 << 18;

const detailOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);

/** One field of a CSV line: in quotation marks where it has to be. */
export const csvField = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * Starts a file beside its final place, so that the last step is a rename. Throws what `badInput` makes where it cannot
 * be written, or where it is one of the files that are read.
 */
export async function createLineFile(
  file: string,
  { words, reads = [] }: { readonly words: Words; readonly reads?: readonly string[] },
): Promise<LineFile> {
  if (reads.some((other) => resolve(other) === resolve(file))) throw badInput(words, 'overwrites', { file });
  const part = `${file}.${process.pid}.part`;
  const failed = (thrown: unknown) => badInput(words, 'unwritable', { file, detail: detailOf(thrown) });
  let handle: FileHandle | null = await open(part, 'w').catch((thrown: unknown) => {
    throw failed(thrown);
  });
  let gathered: string[] = [];
  let size = 0;

  const flush = async (): Promise<void> => {
    const text = gathered.join('');
    gathered = [];
    size = 0;
    if (handle !== null) await handle.writeFile(text).catch((thrown: unknown) => Promise.reject(failed(thrown)));
  };
  const abandon = async (): Promise<void> => {
    if (handle === null) return;
    await handle.close().catch(() => undefined);
    handle = null;
    await rm(part, { force: true });
  };
  return {
    write: (line) => {
      gathered.push(line, '\n');
      size += line.length;
      return size < BUFFER_CHARACTERS ? undefined : flush();
    },
    finish: async () => {
      try {
        await flush();
        await handle?.sync();
        await handle?.close();
        handle = null;
        await rename(part, file);
      } catch (thrown) {
        await abandon();
        await rm(part, { force: true });
        throw thrown instanceof Error && thrown.name === 'VigiaError' ? thrown : failed(thrown);
      }
    },
    abandon,
  };
}
