import { brotliCompressSync, brotliDecompressSync, constants, inflateRawSync } from 'node:zlib';
import type { Json } from '../model/detector.ts';
import { VigiaError } from '../runtime/errors.ts';
import { fromBase91, toBase91 } from './base91.ts';

const WHAT = 'detection';
/** A state is some ten KB; what unpacks to more than this is none. */
const MOST_BYTES = 16 << 20;
/** Base64 of numbers is as long at least; what it stands for is kept as bytes, which pack better. */
const LEAST_BASE64 = 24;
/** Begins the text in the place of such bytes, with where they are, how many, and how wide each number is. The store holds no other text with it. */
const MARK = '\u0000';
/** Length of what is packed, which text need not tell, and of the part before the bytes. */
const HEAD_BYTES = 8;
const LENGTH_BYTES = 4;
/** As small as the best within a percent, and as fast as deflate. */
const OPTIONS = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

/** The bytes that a text is the base64 of; null when it is another text. */
function bytesIn(text: string): Buffer | null {
  if (text.length < LEAST_BASE64 || text.length % 4 !== 0) return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

/** Different values among every so manieth byte. */
function distinct(bytes: Buffer, first: number, step: number): number {
  const seen = new Uint8Array(256);
  let count = 0;
  for (let at = first; at < bytes.length; at += step) if (seen[bytes[at]!] === 0) count += seen[bytes[at]!] = 1;
  return count;
}

/** Bytes of a number, guessed: signs and exponents, which stand last, are alike where the first bytes of a number are not. */
function widthOf(bytes: Buffer): number {
  if (bytes.length % 4 === 0) {
    const [last, third, first] = [distinct(bytes, 3, 4), distinct(bytes, 2, 4), distinct(bytes, 0, 4)];
    if (2 * last <= first || (first === 1 && last <= third)) return 4;
  }
  return bytes.length % 2 === 0 && 3 * distinct(bytes, 1, 2) <= 2 * distinct(bytes, 0, 2) ? 2 : 1;
}

/** All first bytes of numbers, then all second ones, and so on: like stands beside like (as the shuffle filter of HDF5). */
function apart(bytes: Buffer, width: number): Buffer {
  const count = bytes.length / width;
  return Buffer.from(bytes.map((_, to) => bytes[(to % count) * width + Math.floor(to / count)]!));
}

/** A state as it is kept: less than half as long. Takes one or two milliseconds for thirty features. */
export function packed(state: Json): Json {
  const parts: Buffer[] = [];
  let length = 0;
  const text = JSON.stringify(state, (_key, value: unknown) => {
    const bytes = typeof value === 'string' ? bytesIn(value) : null;
    if (bytes === null) return value;
    const width = widthOf(bytes);
    parts.push(width === 1 ? bytes : apart(bytes, width));
    length += bytes.length;
    return `${MARK}${length - bytes.length},${bytes.length},${width}`;
  });
  const head = Buffer.from(text);
  const small = brotliCompressSync(Buffer.concat([head, ...parts]), OPTIONS);
  const sizes = Buffer.alloc(HEAD_BYTES);
  sizes.writeUInt32LE(small.length);
  sizes.writeUInt32LE(head.length, LENGTH_BYTES);
  return { tight: toBase91(Buffer.concat([sizes, small])) };
}

/** What `packed` was given; a state of an earlier version is as it was then. Throws `STATE_INVALID`. */
export function unpacked(state: Json): Json {
  const { tight, packed: earlier } = (state ?? {}) as { readonly tight?: Json; readonly packed?: Json };
  if (typeof tight !== 'string' && typeof earlier !== 'string') return state;
  try {
    return typeof tight === 'string' ? loosened(tight) : inflated(earlier as string);
  } catch (cause) {
    throw new VigiaError('STATE_INVALID', { what: WHAT }, { cause });
  }
}

function loosened(text: string): Json {
  const all = fromBase91(text);
  if (all === null) throw new TypeError('not of the alphabet');
  const bytes = brotliDecompressSync(all.subarray(HEAD_BYTES, HEAD_BYTES + all.readUInt32LE()), {
    maxOutputLength: MOST_BYTES,
  });
  return restored(bytes, { from: 0, body: all.readUInt32LE(LENGTH_BYTES) });
}

/** Of before states were packed tight: deflated, base64, the length of the text first. */
function inflated(text: string): Json {
  const bytes = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: MOST_BYTES });
  return restored(bytes, { from: LENGTH_BYTES, body: LENGTH_BYTES + bytes.readUInt32LE() });
}

/** The text from `from` to `body`, with the bytes after it in their places. */
function restored(all: Buffer, { from, body }: { readonly from: number; readonly body: number }): Json {
  return JSON.parse(all.toString('utf8', from, body), (_key, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith(MARK)) return value;
    const [at = 0, length = 0, width = 1] = value.slice(MARK.length).split(',').map(Number);
    const bytes = all.subarray(body + at, body + at + length);
    return (width === 1 ? bytes : apart(bytes, length / width)).toString('base64');
  }) as Json;
}
