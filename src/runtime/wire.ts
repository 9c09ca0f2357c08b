import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { toError, VigiaError } from './errors.ts';

/** Fields of protobuf messages, written as `proto/` declares them: what holds the default is left out. */
export function writeText(to: BinaryWriter, field: number, text: string): void {
  if (text !== '') to.tag(field, WireType.LengthDelimited).string(text);
}

export function writeDouble(to: BinaryWriter, field: number, value: number): void {
  if (value !== 0) to.tag(field, WireType.Bit64).double(value);
}

export function writeEnum(to: BinaryWriter, field: number, value: number): void {
  if (value !== 0) to.tag(field, WireType.Varint).int32(value);
}

export function writeBytes(to: BinaryWriter, field: number, bytes: Uint8Array): void {
  to.tag(field, WireType.LengthDelimited).bytes(bytes);
}

/** Packed doubles or floats. The machines that Node runs on keep numbers in the order of the wire. */
export function writeNumbers(to: BinaryWriter, field: number, numbers: Float64Array | Float32Array): void {
  if (numbers.length === 0) return;
  writeBytes(to, field, new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
}

export function writeLabels(to: BinaryWriter, field: number, labels: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(labels)) {
    const label = new BinaryWriter();
    writeText(label, 1, name);
    writeText(label, 2, value);
    writeBytes(to, field, label.finish());
  }
}

/** Copied, as a view on numbers must begin at a multiple of their size. */
export const doubles = (bytes: Uint8Array): Float64Array<ArrayBuffer> => new Float64Array(aligned(bytes, 8));
export const floats = (bytes: Uint8Array): Float32Array<ArrayBuffer> => new Float32Array(aligned(bytes, 4));

function aligned(bytes: Uint8Array, size: number): ArrayBuffer {
  if (bytes.length % size !== 0) throw new RangeError('packed numbers are cut off');
  // Of a Buffer, `slice` would be a view on what it is part of.
  return new Uint8Array(bytes).buffer;
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

/** The same of a message that is all there is. */
export function readFields(bytes: Uint8Array, take: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  eachField(reader, reader.len, (field) => take(field, reader));
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

export function readLabel(bytes: Uint8Array): readonly [string, string] {
  let name = '';
  let value = '';
  readFields(bytes, (field, reader) => {
    if (field === 1) name = reader.string();
    else if (field === 2) value = reader.string();
    else return false;
    return true;
  });
  return [name, value];
}

/** Runs a reader over bytes from outside: whatever it stumbles over becomes `BODY_INVALID`. */
export async function readingWire<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof VigiaError) throw thrown;
    throw new VigiaError('BODY_INVALID', { detail: toError(thrown).message }, thrown);
  }
}
