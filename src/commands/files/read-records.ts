import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CsvError, type Parser, parse } from 'csv-parse';
import type { Words } from '../../text/text.ts';
import { badInput } from './bad-input.ts';

/** One row of a CSV file as it stands there. */
export interface CsvRecord {
  /** Line on which it ends, counted from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** Text of one row, in characters: a thousand columns with long names take a tenth of it. */
const ROW_CHARACTERS = 1 << 20;
/** Bytes without an end of line: so many characters of four bytes, and the separators, which the parser does not count. */
const LINE_BYTES = 5 * ROW_CHARACTERS;
/** What is read at once, before and after decompression. */
const CHUNK_BYTES = 1 << 16;
const GZIP = [0x1f, 0x8b] as const;
const [LF, CR] = [0x0a, 0x0d] as const;

/**
 * Reads a CSV file (RFC 4180, UTF-8, with or without BOM, LF or CRLF), plain or compressed by gzip as its first bytes
 * say, whatever its name. Yields the rows of one piece of the file after the other, and never holds more than that.
 * Blank lines are skipped; every row has as many fields as the first, the header included.
 *
 *     for await (const records of readRecords('frames.csv.gz', words))
 *       for (const { line, cells } of records) …
 *
 * Throws what `badInput` makes: unreadable or damaged files, an empty file, ragged rows, rows of more than a megabyte.
 * Leaving the loop early closes the file.
 */
export async function* readRecords(file: string, words: Words): AsyncGenerator<readonly CsvRecord[]> {
  let batch: CsvRecord[] = [];
  let line = 1;
  let first: CsvRecord | null = null;
  const parser = parse({
    bom: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: ROW_CHARACTERS,
    on_record: (cells: string[], info) => {
      line = info.lines;
      batch.push({ line, cells });
      return null;
    },
  });
  // Nothing is ever pushed, but the end comes only to a stream that flows. Errors come back from `feed` as well.
  parser.resume().on('error', () => undefined);
  const source = await openBytes(file).catch((thrown: unknown) => {
    throw explain(thrown, { file, line, words });
  });
  let bytes = 0;
  try {
    for await (const chunk of source.stream) {
      bytes = sinceLineEnd(chunk as Buffer, bytes);
      if (bytes > LINE_BYTES) throw badInput(words, 'tooLong', { file, line: parser.info.lines, limit: LINE_BYTES });
      await feed(parser, chunk as Buffer);
      first ??= batch[0] ?? null;
      if (first !== null) checkWidths(batch, first, { file, words });
      if (batch.length > 0) yield batch;
      batch = [];
    }
    await feed(parser, null);
    first ??= batch[0] ?? null;
    if (first === null) throw badInput(words, 'empty', { file });
    checkWidths(batch, first, { file, words });
    if (batch.length > 0) yield batch;
  } catch (thrown) {
    throw explain(thrown, { file, line, words });
  } finally {
    parser.destroy();
    await source.close();
  }
}

/** How many bytes came since the last end of a line, after `before` of them and this piece. */
function sinceLineEnd(chunk: Buffer, before: number): number {
  const end = chunk.lastIndexOf(LF);
  const last = end < 0 ? chunk.lastIndexOf(CR) : end;
  return last < 0 ? before + chunk.length : chunk.length - 1 - last;
}

/** Hands a piece to the parser, or with null ends it; resolves when its rows have been taken out. */
const feed = (parser: Parser, chunk: Buffer | null): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve());
    if (chunk === null) parser.once('error', reject).end(done);
    else parser.write(chunk, done);
  });

/** The bytes of a file, decompressed where they are compressed. */
export async function openBytes(
  file: string,
): Promise<{ readonly stream: Readable; readonly close: () => Promise<void> }> {
  const handle = await open(file, 'r');
  const magic = Buffer.alloc(GZIP.length);
  const { bytesRead } = await handle.read(magic, 0, GZIP.length, 0).catch(async (error: unknown) => {
    await handle.close();
    throw error;
  });
  const stored = handle.createReadStream({ start: 0, highWaterMark: CHUNK_BYTES, autoClose: false });
  const close = async (): Promise<void> => {
    stored.destroy();
    await handle.close();
  };
  if (bytesRead < GZIP.length || magic[0] !== GZIP[0] || magic[1] !== GZIP[1]) return { stream: stored, close };
  const plain = createGunzip({ chunkSize: CHUNK_BYTES });
  stored.on('error', (error) => plain.destroy(error));
  return {
    stream: stored.pipe(plain),
    close: () => {
      plain.destroy();
      return close();
    },
  };
}

interface Place {
  readonly file: string;
  readonly words: Words;
}

function checkWidths(batch: readonly CsvRecord[], first: CsvRecord, { file, words }: Place): void {
  const expected = first.cells.length;
  for (const { line, cells } of batch) {
    if (cells.length === expected) continue;
    throw badInput(words, 'ragged', { file, line, found: cells.length, expected, first: first.line });
  }
}

const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';

/** What the parser, the decompressor or the disk said, in our words; anything else as it is. */
export function explain(thrown: unknown, { file, line, words }: Place & { readonly line: number }): unknown {
  const code = codeOf(thrown);
  if (thrown instanceof CsvError) {
    const at = typeof thrown['lines'] === 'number' ? thrown['lines'] : line;
    if (code === 'CSV_MAX_RECORD_SIZE') return badInput(words, 'tooLong', { file, line: at, limit: ROW_CHARACTERS });
    return badInput(words, 'quotes', { file, line: at });
  }
  if (code === 'ENOENT') return badInput(words, 'missing', { file });
  if (code === 'EISDIR') return badInput(words, 'folder', { file });
  if (code.startsWith('Z_')) return badInput(words, 'gzip', { file, line });
  return /^E[A-Z]+$/.test(code) ? badInput(words, 'unreadable', { file, detail: code }) : thrown;
}
