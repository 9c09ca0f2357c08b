import { crc32 } from './crc32.ts';
import { MlError } from './ml-error.ts';

/**
 * The container that every model of `ml` is saved in. Little-endian:
 *
 *     0   8 bytes   magic 0x89 "MLM" CR LF 0x1A LF (a text-mode copy damages it visibly, as in PNG)
 *     8   u32       version of the container (1)
 *     12  u32       length of the whole file in bytes
 *     16  u32       length of the directory in bytes
 *     20  u32       CRC-32 of everything from byte 24
 *     24            directory: JSON {kind, version, header, sections: [[name, type, length], …]}
 *                   then each section in order, every one starting at a multiple of 8
 *
 * Decoding copies at most as many bytes as it was given, runs nothing, and checks lengths before it allocates.
 */
const MAGIC = [0x89, 0x4d, 0x4c, 0x4d, 0x0d, 0x0a, 0x1a, 0x0a] as const;
const CONTAINER_VERSION = 1;
const PREFIX_BYTES = 24;
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;
const MAX_DIRECTORY_BYTES = 16 * 1024 * 1024;
const MAX_SECTIONS = 4096;

type SectionTypes = {
  u8: Uint8Array;
  i8: Int8Array;
  u16: Uint16Array;
  i16: Int16Array;
  u32: Uint32Array;
  i32: Int32Array;
  f32: Float32Array;
  f64: Float64Array;
};
export type SectionType = keyof SectionTypes;
export type SectionArray = SectionTypes[SectionType];

const ARRAYS = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

/** Small facts of a model: options, sizes, names. Whatever is long goes to a section. */
export type ModelHeader = { readonly [key: string]: unknown };

export type DecodeLimits = {
  /** Refuse longer input (`ML_TOO_LARGE`). Default 256 MiB. */
  readonly maxBytes?: number;
};

/** A decoded container. Its accessors check before they hand out, so a loader needs no checks of shape of its own. */
export type DecodedModel = {
  readonly kind: string;
  readonly version: number;
  readonly header: ModelHeader;
  /** The section of that name; `ML_FORMAT` when it is absent, of another type, or (if given) of another length. */
  section<T extends SectionType>(name: string, type: T, length?: number): SectionTypes[T];
  /** A finite number of the header, within [min, max]; `ML_FORMAT` otherwise. */
  number(key: string, min?: number, max?: number): number;
  /** A whole number of the header, within [min, max]; `ML_FORMAT` otherwise. */
  integer(key: string, min: number, max: number): number;
  /** A text of the header that is one of `allowed`; `ML_FORMAT` otherwise. */
  choice<T extends string>(key: string, allowed: readonly T[]): T;
};

type DirectoryEntry = readonly [name: string, type: SectionType, length: number];

/**
 * Packs a model. `kind` names the algorithm, `version` its layout; raise the version when a section changes meaning.
 * Same input, same bytes. The header must survive JSON (no NaN or Infinity: put such numbers into a section).
 */
export function encodeModel(
  kind: string,
  version: number,
  header: ModelHeader,
  sections: Readonly<Record<string, SectionArray>>,
): Uint8Array {
  const entries = Object.entries(sections);
  const directory = new TextEncoder().encode(
    JSON.stringify({
      kind,
      version,
      header,
      sections: entries.map(([name, array]) => [name, typeOf(array), array.length]),
    }),
  );
  let total = align(PREFIX_BYTES + directory.length);
  for (const [, array] of entries) total = align(total + array.byteLength);
  const bytes = new Uint8Array(total);
  bytes.set(MAGIC);
  bytes.set(directory, PREFIX_BYTES);
  let offset = align(PREFIX_BYTES + directory.length);
  for (const [, array] of entries) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
    offset = align(offset + array.byteLength);
  }
  const view = new DataView(bytes.buffer);
  view.setUint32(8, CONTAINER_VERSION, true);
  view.setUint32(12, total, true);
  view.setUint32(16, directory.length, true);
  view.setUint32(20, crc32(bytes.subarray(PREFIX_BYTES)), true);
  return bytes;
}

/** Unpacks and checks a container. Throws `ML_FORMAT`, `ML_CHECKSUM`, `ML_VERSION` or `ML_TOO_LARGE`. */
export function decodeModel(bytes: Uint8Array, limits: DecodeLimits = {}): DecodedModel {
  const directoryLength = checkPrefix(bytes, limits.maxBytes ?? DEFAULT_MAX_BYTES);
  const directory = parseDirectory(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + directoryLength));
  const sections = readSections(bytes, align(PREFIX_BYTES + directoryLength), directory.sections);
  return accessors(directory.kind, directory.version, directory.header, sections);
}

/** Throws `ML_KIND` or `ML_VERSION` unless the container holds that kind, at a version from 1 to `newest`. */
export function requireKind(model: DecodedModel, kind: string, newest: number): void {
  if (model.kind !== kind) throw new MlError('ML_KIND', `expected a model of kind ${kind}, got ${model.kind}`);
  if (!(model.version >= 1 && model.version <= newest)) {
    throw new MlError(
      'ML_VERSION',
      `version ${model.version} of ${kind} is unknown, this release reads up to ${newest}`,
    );
  }
}

function align(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}

function typeOf(array: SectionArray): SectionType {
  for (const type of Object.keys(ARRAYS) as SectionType[]) if (array instanceof ARRAYS[type]) return type;
  throw new MlError('ML_FORMAT', 'a section must be a typed array of numbers');
}

function checkPrefix(bytes: Uint8Array, maxBytes: number): number {
  if (bytes.length > maxBytes) {
    throw new MlError('ML_TOO_LARGE', `a model of ${bytes.length} bytes is over the limit of ${maxBytes}`);
  }
  if (bytes.length < PREFIX_BYTES) throw new MlError('ML_FORMAT', `truncated: only ${bytes.length} bytes`);
  if (MAGIC.some((byte, index) => bytes[index] !== byte))
    throw new MlError('ML_FORMAT', 'not a model: wrong magic bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== CONTAINER_VERSION) throw new MlError('ML_VERSION', `container version ${version} is unknown`);
  const total = view.getUint32(12, true);
  if (total !== bytes.length)
    throw new MlError('ML_FORMAT', `truncated or extended: ${bytes.length} bytes of ${total}`);
  if (view.getUint32(20, true) !== crc32(bytes.subarray(PREFIX_BYTES))) {
    throw new MlError('ML_CHECKSUM', 'the checksum does not match: the model was damaged');
  }
  const directoryLength = view.getUint32(16, true);
  if (directoryLength > Math.min(MAX_DIRECTORY_BYTES, bytes.length - PREFIX_BYTES)) {
    throw new MlError('ML_FORMAT', `a directory of ${directoryLength} bytes does not fit`);
  }
  return directoryLength;
}

type Directory = { kind: string; version: number; header: ModelHeader; sections: DirectoryEntry[] };

function parseDirectory(bytes: Uint8Array): Directory {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new MlError('ML_FORMAT', 'the directory is not JSON');
  }
  if (!isRecord(value)) throw new MlError('ML_FORMAT', 'the directory is not an object');
  const { kind, version, header, sections } = value;
  if (typeof kind !== 'string' || !Number.isInteger(version) || !isRecord(header) || !Array.isArray(sections)) {
    throw new MlError('ML_FORMAT', 'the directory lacks kind, version, header or sections');
  }
  if (sections.length > MAX_SECTIONS) throw new MlError('ML_FORMAT', `more than ${MAX_SECTIONS} sections`);
  return { kind, version: version as number, header, sections: sections.map(parseEntry) };
}

function parseEntry(value: unknown): DirectoryEntry {
  if (!Array.isArray(value)) throw new MlError('ML_FORMAT', 'a section must be [name, type, length]');
  const [name, type, length] = value as unknown[];
  const sound = typeof name === 'string' && typeof type === 'string' && Object.hasOwn(ARRAYS, type);
  if (!sound || !Number.isSafeInteger(length) || (length as number) < 0) {
    throw new MlError('ML_FORMAT', 'a section must be [name, type, length]');
  }
  return [name, type as SectionType, length as number];
}

function readSections(bytes: Uint8Array, start: number, entries: readonly DirectoryEntry[]): Map<string, SectionArray> {
  const sections = new Map<string, SectionArray>();
  let offset = start;
  for (const [name, type, length] of entries) {
    const byteLength = length * ARRAYS[type].BYTES_PER_ELEMENT;
    if (offset + byteLength > bytes.length) throw new MlError('ML_FORMAT', `section ${name} is cut off`);
    if (sections.has(name)) throw new MlError('ML_FORMAT', `section ${name} appears twice`);
    // A copy, so that the array is aligned and does not keep the whole file alive; `slice` of a Node.js Buffer makes none.
    sections.set(name, new ARRAYS[type](new Uint8Array(bytes.subarray(offset, offset + byteLength)).buffer));
    offset = align(offset + byteLength);
  }
  if (offset !== bytes.length) throw new MlError('ML_FORMAT', 'bytes are left over after the last section');
  return sections;
}

function accessors(
  kind: string,
  version: number,
  header: ModelHeader,
  sections: ReadonlyMap<string, SectionArray>,
): DecodedModel {
  const number = (key: string, min = -Number.MAX_VALUE, max = Number.MAX_VALUE): number => {
    const value = Object.hasOwn(header, key) ? header[key] : undefined;
    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      throw new MlError('ML_FORMAT', `header ${key} must be a number from ${min} to ${max}`);
    }
    return value;
  };
  return {
    kind,
    version,
    header,
    number,
    section: <T extends SectionType>(name: string, type: T, length?: number) => {
      const array = sections.get(name);
      if (array === undefined) throw new MlError('ML_FORMAT', `section ${name} is missing`);
      if (!(array instanceof ARRAYS[type])) throw new MlError('ML_FORMAT', `section ${name} is not ${type}`);
      if (length !== undefined && array.length !== length) {
        throw new MlError('ML_FORMAT', `section ${name} has ${array.length} values, expected ${length}`);
      }
      return array as SectionTypes[T];
    },
    integer: (key, min, max) => {
      const value = number(key, min, max);
      if (!Number.isInteger(value)) throw new MlError('ML_FORMAT', `header ${key} must be a whole number`);
      return value;
    },
    choice: (key, allowed) => {
      const value = Object.hasOwn(header, key) ? header[key] : undefined;
      const found = allowed.find((candidate) => candidate === value);
      if (found === undefined) throw new MlError('ML_FORMAT', `header ${key} must be one of ${allowed.join(', ')}`);
      return found;
    },
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
