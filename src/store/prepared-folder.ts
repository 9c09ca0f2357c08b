import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { constants, brotliCompressSync, brotliDecompressSync } from 'node:zlib';
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

/** Writes the files of a tar (regular files and folders, as PGlite makes them) under `folder`. */
export async function unpackTar(tar: Uint8Array, folder: string): Promise<void> {
  const bytes = Buffer.from(tar.buffer, tar.byteOffset, tar.byteLength);
  const text = (from: number, length: number): string =>
    bytes.toString('utf8', from, from + length).replace(/\0.*$/s, '');
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0;) {
    const prefix = text(at + 345, 155);
    const name = join(prefix, text(at, 100));
    const size = Number.parseInt(text(at + 124, 12), 8) || 0;
    const path = join(folder, name);
    if (text(at + 156, 1) === '5') await mkdir(path, { recursive: true, mode: 0o700 });
    else {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, bytes.subarray(at + BLOCK, at + BLOCK + size), { mode: 0o600 });
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}
