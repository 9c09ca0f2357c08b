import type { Json } from '../model/detector.ts';
import { VigiaError } from '../runtime/errors.ts';

/** Numbers of a piece that arrays are cut from, and the most that an array takes of it. */
const PIECE = 8192;
const MOST_CUT = 256;
let piece = new Float32Array(0);
let cut = 0;

/**
 * Zeros. An entity has some fifty arrays of one number a feature, and a buffer of its own costs each more than what is in it:
 * short ones share a piece, which goes when the last of them does.
 */
function zeros(length: number): Float32Array<ArrayBuffer> {
  if (length > MOST_CUT) return new Float32Array(length);
  if (cut + length > piece.length) [piece, cut] = [new Float32Array(PIECE), 0];
  cut += length;
  return piece.subarray(cut - length, cut);
}

/** Numbers of a saved state: base64 of little-endian Float32, which every machine that Node runs on has. */
export const encodeFloats = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

/** Reads what `encodeFloats` wrote; throws `STATE_INVALID` when it is not `length` numbers. */
export function decodeFloats(state: Json | undefined, length: number, what: string) {
  const bytes = typeof state === 'string' ? Buffer.from(state, 'base64') : Buffer.alloc(0);
  if (typeof state !== 'string' || bytes.length !== length * 4) throw new VigiaError('STATE_INVALID', { what });
  const values = zeros(length);
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(bytes);
  return values;
}

/** A saved object, or `STATE_INVALID`. */
export function stateObject(state: Json, what: string, version: number): { readonly [key: string]: Json } {
  if (typeof state !== 'object' || state === null || Array.isArray(state))
    throw new VigiaError('STATE_INVALID', { what });
  const object = state as { readonly [key: string]: Json };
  if (object['version'] !== version) throw new VigiaError('STATE_INVALID', { what });
  return object;
}

/** A finite number of a saved object, or `STATE_INVALID`. */
export function stateNumber(object: { readonly [key: string]: Json }, key: string, what: string): number {
  const value = object[key];
  if (typeof value !== 'number') throw new VigiaError('STATE_INVALID', { what });
  return value;
}

/** A text of a saved object, or `STATE_INVALID`. */
export function stateText(object: { readonly [key: string]: Json }, key: string, what: string): string {
  const value = object[key];
  if (typeof value !== 'string') throw new VigiaError('STATE_INVALID', { what });
  return value;
}

/** An array of numbers of a saved object, or `STATE_INVALID`. */
export function stateNumbers(object: { readonly [key: string]: Json }, key: string, what: string): readonly number[] {
  const value = object[key];
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'number'))
    throw new VigiaError('STATE_INVALID', { what });
  return value;
}

/** Longer copy of an array; new places hold `empty`. */
export function grown(old: Float32Array, size: number, empty: number) {
  const next = zeros(size).fill(empty);
  next.set(old);
  return next;
}
