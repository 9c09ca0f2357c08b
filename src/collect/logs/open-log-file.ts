import { open } from 'node:fs/promises';
import { HEAD_BYTES, headOf } from './file-head.ts';
import { packedHead, PackedFile } from './packed-file.ts';
import { type ReadFile, TailedFile } from './tailed-file.ts';

const isPacked = (path: string): boolean => path.endsWith('.gz');

/** How a log file begins, compressed or not. Throws what reading and unpacking throw. */
export async function openHead(path: string): Promise<Buffer> {
  if (isPacked(path)) return packedHead(path);
  const handle = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Opens a log file to read on from an offset; null is where its last whole line ends. Throws what `open` throws. */
export async function openLogFile(path: string, lineBytes: number, offset: number | null): Promise<ReadFile> {
  if (!isPacked(path)) return TailedFile.open(path, lineBytes, offset);
  return new PackedFile(path, lineBytes, { offset: offset ?? 0, head: headOf(await packedHead(path)) });
}
