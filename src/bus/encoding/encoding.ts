import type { Frame } from '../../model/frame.ts';
import type { SampleBatch } from '../../model/series.ts';
import { topics } from '../../model/topics.ts';
import { decodeFrame, encodeFrame } from './frames.ts';
import { decodeJson, encodeJson } from './json.ts';
import { decodeSamples, encodeSamples } from './samples.ts';

/** What the record header `vigia` says of values written by this program. It rises when an old reader would misread. */
export const VERSION = '1';
/** What this program reads: its own version, and those before it as long as programs that write them may still run. */
const READS: readonly string[] = [VERSION];

interface Encoding {
  readonly encode: (value: unknown) => Uint8Array;
  /** Throws when the bytes are not what they should be. */
  readonly decode: (bytes: Uint8Array) => unknown;
}

/** Binary where there is much of it; JSON, which anybody can read, for the rest. */
const binary = new Map<string, Encoding>([
  [topics.samples.name, { encode: (value) => encodeSamples(value as SampleBatch), decode: decodeSamples }],
  [topics.frames.name, { encode: (value) => encodeFrame(value as Frame), decode: decodeFrame }],
]);

export const encodingOf = (topic: string): Encoding =>
  binary.get(topic) ?? { encode: encodeJson, decode: (bytes) => decodeJson(topic, bytes) };

/** A record's key and value, or why the value cannot be read. */
export interface Encoded {
  readonly key: string;
  readonly value: unknown;
  readonly refusal?: string;
}

/** What cannot be read is shown by its first bytes. */
const SHOWN_BYTES = 2048;

/** Reads a value by the topic and by what the record's header says of its version; never throws. */
export function readValue(topic: string, key: string, version: string | undefined, bytes: Buffer | null): Encoded {
  const unread = (refusal: string): Encoded => ({
    key,
    value: { base64: (bytes ?? Buffer.alloc(0)).subarray(0, SHOWN_BYTES).toString('base64') },
    refusal,
  });
  if (version === undefined || !READS.includes(version)) {
    return unread(`version ${version ?? 'none'} is not known; this program reads ${READS.join(', ')}`);
  }
  if (bytes === null) return unread('a record without a value');
  try {
    return { key, value: encodingOf(topic).decode(bytes) };
  } catch (thrown) {
    return unread(`not a value of this topic: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}
