import type { Json } from '../model/detector.ts';
import { VigiaError } from '../runtime/errors.ts';

/** Numbers of a saved state: base64 of little-endian Float32, which every machine that Node runs on has. */
export const encodeFloats = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

/** Reads what `encodeFloats` wrote; throws `STATE_INVALID` when it is not `length` numbers. */
export function decodeFloats(state: Json | undefined, length: number, what: string) {
  const bytes = typeof state === 'string' ? Buffer.from(state, 'base64') : Buffer.alloc(0);
  if (typeof state !== 'string' || bytes.length !== length * 4) throw new VigiaError('STATE_INVALID', { what });
  return new Float32Array(new Uint8Array(bytes).buffer);
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
  const next = new Float32Array(size).fill(empty);
  next.set(old);
  return next;
}
