import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Json } from '../model/detector.ts';
import { VigiaError } from '../runtime/errors.ts';

const WHAT = 'detection';
/** A state is some ten KB; what unpacks to more than this is none. */
const MOST_BYTES = 16 << 20;

/** A state as it is kept: about half as long. Takes a millisecond for thirty features. */
export const packed = (state: Json): Json => ({ packed: deflateRawSync(JSON.stringify(state)).toString('base64') });

/** What `packed` was given; a state of an earlier version is as it is. Throws `STATE_INVALID`. */
export function unpacked(state: Json): Json {
  const text = (state as { readonly packed?: Json } | null)?.packed;
  if (typeof text !== 'string') return state;
  try {
    const bytes = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: MOST_BYTES });
    return JSON.parse(bytes.toString()) as Json;
  } catch (cause) {
    throw new VigiaError('STATE_INVALID', { what: WHAT }, { cause });
  }
}
