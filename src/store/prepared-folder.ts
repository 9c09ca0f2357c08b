import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { constants, brotliCompressSync, brotliDecompressSync, createBrotliDecompress } from 'node:zlib';
import { fileURLToPath } from 'node:url';

/**
 * A new, empty database folder as a compressed tar. Making one takes PGlite four seconds and 700 MB of memory;
 * unpacking one takes a fraction of a second, so the build makes it once and ships it beside this file. What runs from
 * source keeps one among the caches, where `npm install` clears it away with the PGlite that made it.
 */
export const PREPARED_FOLDER = fileURLToPath(
  import.meta.url.endsWith('.ts')
    ? new URL('../../node_modules/.cache/vigia/prepared-folder.tar.br', import.meta.url)
    : new URL('prepared-folder.tar.br', import.meta.url),
);

/** The unpacked tar, or null where there is none (a checkout that was not built). */
export async function loadPreparedFolder(file = PREPARED_FOLDER): Promise<Uint8Array | null> {
  try {
    return brotliDecompressSync(await readFile(file));
  } catch {
    return null;
  }
}

/** Three copies of the system catalogue, 7 MB each, lie in the tar: a window of 16 MB sees them as one. */
const COMPRESSION = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 };

export async function savePreparedFolder(tar: Uint8Array, file = PREPARED_FOLDER): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, brotliCompressSync(tar, { params: COMPRESSION }));
  await rename(temporary, file);
}

const BLOCK = 512;

/** Takes so many bytes at a time from a stream; fewer at its end. */
function byteReader(stream: AsyncIterable<Buffer>): (length: number) => Promise<Buffer> {
  const iterator = stream[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return async (length) => {
    const parts = [rest];
    let have = rest.length;
    while (have < length) {
      const { value, done } = await iterator.next();
      if (done) break;
      parts.push(value);
      have += value.length;
    }
    const bytes = parts.length === 1 ? rest : Buffer.concat(parts);
    rest = bytes.subarray(length);
    return bytes.subarray(0, length);
  };
}

/**
 * Unpacks the prepared folder: false where there is none. File by file as it is decompressed, for 30 MB held at once
 * would stay with the process. Knows regular files and folders, all that PGlite puts into a tar.
 */
export async function unpackPreparedFolder(folder: string, file = PREPARED_FOLDER): Promise<boolean> {
  if (!existsSync(file)) return false;
  const take = byteReader(createReadStream(file).pipe(createBrotliDecompress()));
  for (;;) {
    const header = await take(BLOCK);
    if (header.length < BLOCK || header[0] === 0) return true;
    const text = (from: number, length: number): string =>
      header.toString('utf8', from, from + length).replace(/\0.*$/s, '');
    const path = join(folder, text(345, 155), text(0, 100));
    const size = Number.parseInt(text(124, 12), 8) || 0;
    const isFolder = text(156, 1) === '5';
    await mkdir(isFolder ? path : dirname(path), { recursive: true, mode: 0o700 });
    if (!isFolder) await writeFile(path, await take(size), { mode: 0o600 });
    await take(Math.ceil(size / BLOCK) * BLOCK - size);
  }
}
