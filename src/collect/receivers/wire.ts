import type { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { toError, VigiaError } from '../../runtime/errors.ts';

/** Runs a reader over bytes from outside: whatever it stumbles over becomes `BODY_INVALID`. */
export async function readingWire<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof VigiaError) throw thrown;
    throw new VigiaError('BODY_INVALID', { detail: toError(thrown).message }, thrown);
  }
}

/** Goes through the fields of the message that ends at `end`; a field that `take` does not take is skipped. */
export function eachField(
  reader: BinaryReader,
  end: number,
  take: (field: number, wire: WireType) => boolean | undefined,
): void {
  if (end > reader.len) throw new RangeError('a message ends after the body');
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (take(field, wire) !== true) reader.skip(wire, field);
  }
  if (reader.pos !== end) throw new RangeError('a field ends after its message');
}

/** Reads the length that stands before a message: where that message ends. */
export const endOfMessage = (reader: BinaryReader): number => {
  const length = reader.uint32();
  return reader.pos + length;
};

/** Most numbers of one list, such as the buckets of a histogram: more is a broken sender. */
export const MAX_PACKED = 4096;

/** Reads a list of numbers that stand one after the other. */
export function readPacked(reader: BinaryReader, into: number[], read: () => number): true {
  const end = endOfMessage(reader);
  if (end > reader.len) throw new RangeError('a list ends after the body');
  while (reader.pos < end) {
    if (into.length >= MAX_PACKED) throw new RangeError('a list has too many numbers');
    into.push(read());
  }
  return true;
}

/** Lets other work have its turn. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
