import { createHash } from 'node:crypto';

/** Bytes at the beginning of a file by which it is known again. */
export const HEAD_BYTES = 1024;

const headHash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 32);

/** How a file begins: hash of its first `headBytes` bytes, which grow with it up to 1,024. */
export interface FileHead {
  readonly head: string;
  readonly headBytes: number;
}

export const headOf = (bytes: Uint8Array): FileHead => ({ head: headHash(bytes), headBytes: bytes.length });

/** Whether what begins with these bytes may be what began so when it was shorter. */
export const beginsAs = (bytes: Uint8Array, { head, headBytes }: FileHead): boolean =>
  bytes.length >= headBytes && headHash(bytes.subarray(0, headBytes)) === head;

/** The same for many: each length is hashed once. */
export function beginningOf(bytes: Uint8Array): (head: FileHead) => boolean {
  const hashes = new Map<number, string>();
  return ({ head, headBytes }) => {
    if (bytes.length < headBytes) return false;
    let hash = hashes.get(headBytes);
    if (hash === undefined) hashes.set(headBytes, (hash = headHash(bytes.subarray(0, headBytes))));
    return hash === head;
  };
}

/** Text has no such byte. */
const NUL = 0;
export const isText = (head: Uint8Array): boolean => !head.includes(NUL);
