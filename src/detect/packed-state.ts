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
/** Widths of numbers, in the order in which they are kept. */
const WIDTHS = [4, 2, 1] as const;
/** Numbers that the width is guessed from: more tell no more. */
const MOST_LOOKED_AT = 512;
/** Length of what is packed, which the text need not tell; and before what it unpacks to, that of the text and how many numbers of each width. */
const LENGTH_BYTES = 4;
const HEAD_BYTES = LENGTH_BYTES * (1 + WIDTHS.length);
/** As small as the best within a few percent, and as fast as deflate. */
const OPTIONS = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

/** The bytes that a text is the base64 of; null when it is another text. */
function bytesIn(text: string): Buffer | null {
  if (text.length < LEAST_BASE64 || text.length % 4 !== 0) return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

/** Different values among every so manieth byte, as far as is looked. */
function distinct(bytes: Buffer, first: number, step: number): number {
  const seen = new Uint8Array(256);
  const end = Math.min(bytes.length, MOST_LOOKED_AT * step);
  let count = 0;
  for (let at = first; at < end; at += step) if (seen[bytes[at]!] === 0) count += seen[bytes[at]!] = 1;
  return count;
}

/** Bytes of a number, guessed: signs and exponents, which stand last, are alike where the first bytes of a number are not. */
function widthOf(bytes: Buffer): (typeof WIDTHS)[number] {
  if (bytes.length % 4 === 0) {
    const [last, third, first] = [distinct(bytes, 3, 4), distinct(bytes, 2, 4), distinct(bytes, 0, 4)];
    if (2 * last <= first || (first === 1 && last <= third)) return 4;
  }
  return bytes.length % 2 === 0 && 3 * distinct(bytes, 1, 2) <= 2 * distinct(bytes, 0, 2) ? 2 : 1;
}

function planeOf(part: Buffer, { width, byte }: { readonly width: number; readonly byte: number }): Buffer {
  const plane = Buffer.allocUnsafe(part.length / width);
  for (let i = 0; i < plane.length; i++) plane[i] = part[i * width + byte]!;
  return plane;
}

/**
 * Numbers of all parts of a state by width: first all first bytes, then all second ones, and so on. Like stands beside like (as in the
 * shuffle filter of HDF5), so that signs and exponents pack well, and what is noise does not spoil them.
 */
class Planes {
  readonly #parts: Readonly<Record<(typeof WIDTHS)[number], Buffer[]>> = { 4: [], 2: [], 1: [] };
  readonly #counts = { 4: 0, 2: 0, 1: 0 };

  /** Takes a part; returns what stands in its place. */
  add(bytes: Buffer): string {
    const width = widthOf(bytes);
    const [at, count] = [this.#counts[width], bytes.length / width];
    this.#parts[width].push(bytes);
    this.#counts[width] += count;
    return `${MARK}${at},${count},${width}`;
  }

  get counts(): readonly number[] {
    return WIDTHS.map((width) => this.#counts[width]);
  }

  *all(): Iterable<Buffer> {
    for (const width of WIDTHS)
      for (let byte = 0; byte < width; byte++)
        for (const part of this.#parts[width]) yield planeOf(part, { width, byte });
  }
}

/** A state as it is kept: less than half as long. Takes one or two milliseconds for thirty features. */
export function packed(state: Json): Json {
  const planes = new Planes();
  const text = JSON.stringify(state, (_key, value: unknown) => {
    const bytes = typeof value === 'string' ? bytesIn(value) : null;
    return bytes === null ? value : planes.add(bytes);
  });
  const body = Buffer.from(text);
  const head = Buffer.alloc(HEAD_BYTES);
  [body.length, ...planes.counts].forEach((size, place) => head.writeUInt32LE(size, place * LENGTH_BYTES));
  const small = brotliCompressSync(Buffer.concat([head, body, ...planes.all()]), OPTIONS);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(small.length);
  return { tight: toBase91(Buffer.concat([length, small])) };
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
  const small = all.subarray(LENGTH_BYTES, LENGTH_BYTES + all.readUInt32LE());
  const bytes = brotliDecompressSync(small, { maxOutputLength: MOST_BYTES });
  const body = HEAD_BYTES + bytes.readUInt32LE();
  const [n4, n2] = [bytes.readUInt32LE(LENGTH_BYTES), bytes.readUInt32LE(2 * LENGTH_BYTES)];
  const planes: Readonly<Record<number, readonly [first: number, length: number]>> = {
    4: [body, n4],
    2: [body + 4 * n4, n2],
    1: [body + 4 * n4 + 2 * n2, 0],
  };
  return restored(bytes.toString('utf8', HEAD_BYTES, body), (at, count, width) => {
    const [first, length] = planes[width]!;
    const part = Buffer.allocUnsafe(count * width);
    for (let byte = 0; byte < width; byte++)
      for (let i = 0, from = first + byte * length + at; i < count; i++) part[i * width + byte] = bytes[from + i]!;
    return part;
  });
}

/** Of before states were packed tight: deflated, base64, the length of the text first and the bytes one after the other. */
function inflated(text: string): Json {
  const bytes = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: MOST_BYTES });
  const body = LENGTH_BYTES + bytes.readUInt32LE();
  return restored(bytes.toString('utf8', LENGTH_BYTES, body), (at, count) =>
    bytes.subarray(body + at, body + at + count),
  );
}

/** The state of which this is the text, with what `read` gives in the places of bytes. */
const restored = (text: string, read: (at: number, count: number, width: number) => Buffer): Json =>
  JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith(MARK)) return value;
    const [at = 0, count = 0, width = 1] = value.slice(MARK.length).split(',').map(Number);
    return read(at, count, width).toString('base64');
  }) as Json;
