import type { Json } from '../model/detector.ts';
import { VigiaError } from '../runtime/errors.ts';

/**
 * Base64 of the upper half of each Float32, rounded: two to three digits, half the bytes. For what is known no better than that
 * anyway, such as spreads and thresholds; what is restored is not equal to the bit.
 */
export function encodeShort(values: ArrayLike<number>): string {
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  return bytesOf(Uint16Array.from(bits, (one) => Math.min(0xff_ff, (one >>> 16) + ((one >>> 15) & 1))));
}

const one = new Float32Array(1);
const bitsOfOne = new Uint32Array(one.buffer);

/** The number to a fiftieth, which `encodeShort` keeps to the bit, and which packs well. */
export function roundRough(value: number): number {
  one[0] = value;
  bitsOfOne[0] = (bitsOfOne[0]! + 0x2_00_00) & 0xff_fc_00_00;
  return one[0];
}

/**
 * Rounds numbers in place to a hundred-thousandth of what they are: their last eight bits become zero. For what is learnt in
 * steps larger than that: a quarter of its bytes then take no room in a state, and the state is still all there is.
 */
export const coarsen = (values: Float32Array): void => dropBits(values, 8);

/** The same to a five-thousandth, for what is learnt in steps of hundredths. */
export const coarsenMore = (values: Float32Array): void => dropBits(values, 12);

function dropBits(values: Float32Array, count: number): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const half = 1 << (count - 1);
  for (let i = 0; i < bits.length; i++) bits[i] = ((bits[i]! + half) >>> count) << count;
}

/** Reads what `encodeShort` wrote into `into`; throws `STATE_INVALID` when it is not as many numbers. */
export function decodeShort(state: Json | undefined, into: Float32Array, what: string): void {
  const upper = decodeBytes(state, Uint16Array, { length: into.length, what });
  into.set(new Float32Array(Uint32Array.from(upper, (one) => one << 16).buffer));
}

/** Base64 of the bytes, little-endian. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

/** Reads what `bytesOf` wrote; throws `STATE_INVALID` when it is not so many numbers of that type. */
export function decodeBytes<T extends ArrayBufferView>(
  state: Json | undefined,
  type: { new (buffer: ArrayBuffer): T; readonly BYTES_PER_ELEMENT: number },
  { length, what }: { readonly length: number; readonly what: string },
): T {
  const bytes = typeof state === 'string' ? Buffer.from(state, 'base64') : Buffer.alloc(0);
  if (typeof state !== 'string' || bytes.length !== length * type.BYTES_PER_ELEMENT)
    throw new VigiaError('STATE_INVALID', { what });
  return new type(new Uint8Array(bytes).buffer);
}
