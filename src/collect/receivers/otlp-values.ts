import { type BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { eachField, endOfMessage } from '../../runtime/wire.ts';

/** How deep lists and maps may stand in each other. */
const MAX_DEPTH = 8;

const TOO_DEEP = 'a value is nested too deep';

/** Plain JSON of any depth, from a body. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** Reads an `opentelemetry.proto.common.v1.AnyValue`. Bytes become base64. */
export function readAnyValue(reader: BinaryReader, depth = 0): Plain {
  if (depth > MAX_DEPTH) throw new RangeError(TOO_DEEP);
  let value: Plain = null;
  eachField(reader, endOfMessage(reader), (field, wire) => {
    if (field === 1) value = reader.string();
    else if (field === 2) value = reader.bool();
    else if (field === 3) value = Number(reader.int64());
    else if (field === 4) value = reader.double();
    else if (field === 5 && wire === WireType.LengthDelimited) value = readList(reader, depth + 1);
    else if (field === 6 && wire === WireType.LengthDelimited) value = Object.fromEntries(readPairs(reader, depth + 1));
    else if (field === 7) value = Buffer.from(reader.bytes()).toString('base64');
    else return false;
    return true;
  });
  return value;
}

function readList(reader: BinaryReader, depth: number): readonly Plain[] {
  const list: Plain[] = [];
  eachField(reader, endOfMessage(reader), (field) => {
    if (field !== 1) return false;
    list.push(readAnyValue(reader, depth));
    return true;
  });
  return list;
}

function readPairs(reader: BinaryReader, depth: number): readonly (readonly [string, Plain])[] {
  const pairs: (readonly [string, Plain])[] = [];
  eachField(reader, endOfMessage(reader), (field) => {
    if (field !== 1) return false;
    pairs.push(readKeyValue(reader, endOfMessage(reader), depth));
    return true;
  });
  return pairs;
}

/** Reads a `KeyValue` that ends at `end`. */
export function readKeyValue(reader: BinaryReader, end: number, depth = 0): readonly [string, Plain] {
  let key = '';
  let value: Plain = null;
  eachField(reader, end, (field) => {
    if (field === 1) key = reader.string();
    else if (field === 2) value = readAnyValue(reader, depth);
    else return false;
    return true;
  });
  return [key, value];
}

/** A value as the text of a label or of a line of log. */
export const plainText = (value: Plain): string =>
  typeof value === 'string'
    ? value
    : value === null
      ? ''
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);

/** The same `AnyValue` as it stands in OTLP's JSON. */
export function plainOf(value: unknown, depth = 0): Plain {
  if (depth > MAX_DEPTH) throw new RangeError(TOO_DEEP);
  const [found] = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (found === undefined) return null;
  const [kind, told] = found as [string, unknown];
  if (typeof told === 'string' || typeof told === 'boolean' || typeof told === 'number') return told;
  const { values } = (told ?? {}) as { readonly values?: unknown };
  if (!Array.isArray(values)) return null;
  return kind === 'arrayValue'
    ? values.map((item) => plainOf(item, depth + 1))
    : Object.fromEntries(pairsOfJson(values, depth + 1));
}

/** Attributes as they stand in OTLP's JSON. */
export function pairsOfJson(value: unknown, depth = 0): readonly (readonly [string, Plain])[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null) return [];
    const { key, value: any } = item as { readonly key?: unknown; readonly value?: unknown };
    return typeof key === 'string' ? [[key, plainOf(any, depth)] as const] : [];
  });
}
