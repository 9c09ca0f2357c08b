import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Labels } from '../../model/labels.ts';

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

export function writeLabels(to: BinaryWriter, field: number, labels: Labels): void {
  for (const [name, value] of Object.entries(labels)) {
    const label = new BinaryWriter();
    writeText(label, 1, name);
    writeText(label, 2, value);
    writeBytes(to, field, label.finish());
  }
}

/** Copied, as a view on numbers must begin at a multiple of their size. */
export const doubles = (bytes: Uint8Array): Float64Array => new Float64Array(aligned(bytes, 8));
export const floats = (bytes: Uint8Array): Float32Array => new Float32Array(aligned(bytes, 4));

function aligned(bytes: Uint8Array, size: number): ArrayBuffer {
  if (bytes.length % size !== 0) throw new Error('packed numbers are cut off');
  // Of a Buffer, `slice` would be a view on what it is part of.
  return new Uint8Array(bytes).buffer;
}

/** Goes through the fields of a message; what `read` does not know (it returns false) is skipped. */
export function readFields(
  bytes: Uint8Array,
  read: (field: number, reader: BinaryReader, type: WireType) => boolean | void,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (read(field, reader, type) === false) reader.skip(type, field);
  }
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
