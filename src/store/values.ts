import { type RawBuilder, sql } from 'kysely';

/**
 * How values go into statements and come back, the same for both engines. Bulk columns travel as PostgreSQL's binary
 * arrays: one parameter a column, no text to parse. Format: https://www.postgresql.org/docs/15/protocol-overview.html
 * and `array_recv` in PostgreSQL's source (dimensions, null flag, element oid, length, lower bound, then each element
 * with its size in front).
 */

/** PostgreSQL's type numbers, see `pg_type.dat`. */
export const OID = {
  bytea: 17,
  int8: 20,
  int4: 23,
  float4: 700,
  float8: 701,
  timestamptz: 1184,
  numeric: 1700,
} as const;
const HEADER_BYTES = 20;
/** PostgreSQL counts microseconds from 2000-01-01. */
const POSTGRES_EPOCH_MS = 946_684_800_000;
const TWO_32 = 4_294_967_296;

/** What PostgreSQL cannot hold in text: NUL and halves of a surrogate pair. */
const UNSTORABLE = /\p{Surrogate}|\0/gu;
const ESCAPED_UNSTORABLE = /\\u(?:0000|d[89a-f][0-9a-f]{2})/i;

/** The text with what PostgreSQL cannot hold replaced by U+FFFD. */
export const storable = (text: string): string => text.replace(UNSTORABLE, '\uFFFD');

/** The JSON text of a value, safe for `json` and `jsonb`. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  if (!ESCAPED_UNSTORABLE.test(text)) return text;
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'string') return storable(item);
    if (item === null || typeof item !== 'object' || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).map(([name, inner]) => [storable(name), inner as unknown]));
  });
}

/** Unix ms as a `timestamptz` parameter. */
export const timestamp = (ms: number): RawBuilder<number> => sql`${new Date(ms).toISOString()}::timestamptz`;

export const jsonb = (value: unknown): RawBuilder<unknown> => sql`${jsonText(value)}::jsonb`;

export const textArray = (values: readonly string[]): RawBuilder<string[]> => sql`${values.map(storable)}::text[]`;

/** Reads what the engines print for a `timestamptz` in UTC: `2026-11-22 15:26:34.123+00`. */
export const parseTimestamp = (text: string): number => Date.parse(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`);

interface Encoder {
  readonly oid: number;
  readonly bytes: number;
  readonly put: (view: DataView, at: number, value: number) => void;
}

const encoders = {
  int4: { oid: OID.int4, bytes: 4, put: (view, at, value) => view.setInt32(at, value) },
  float4: { oid: OID.float4, bytes: 4, put: (view, at, value) => view.setFloat32(at, value) },
  float8: { oid: OID.float8, bytes: 8, put: (view, at, value) => view.setFloat64(at, value) },
  timestamptz: {
    oid: OID.timestamptz,
    bytes: 8,
    put: (view, at, ms) => {
      const micros = (Math.round(ms) - POSTGRES_EPOCH_MS) * 1000;
      const high = Math.floor(micros / TWO_32);
      view.setInt32(at, high);
      view.setUint32(at + 4, micros - high * TWO_32);
    },
  },
} as const satisfies Record<string, Encoder>;

function encode(encoder: Encoder, values: ArrayLike<number>): Uint8Array {
  const { length } = values;
  const bytes = Buffer.alloc(length === 0 ? 12 : HEADER_BYTES + length * (4 + encoder.bytes));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setInt32(8, encoder.oid);
  if (length === 0) return bytes;
  view.setInt32(0, 1);
  view.setInt32(12, length);
  view.setInt32(16, 1);
  let at = HEADER_BYTES;
  for (let i = 0; i < length; i++) {
    view.setInt32(at, encoder.bytes);
    encoder.put(view, at + 4, values[i]!);
    at += 4 + encoder.bytes;
  }
  return bytes;
}

export const int4Array = (values: ArrayLike<number>): RawBuilder<unknown> =>
  sql`${encode(encoders.int4, values)}::int4[]`;
export const float4Array = (values: ArrayLike<number>): RawBuilder<unknown> =>
  sql`${encode(encoders.float4, values)}::float4[]`;
export const float8Array = (values: ArrayLike<number>): RawBuilder<unknown> =>
  sql`${encode(encoders.float8, values)}::float8[]`;
/** Unix ms as `timestamptz[]`. */
export const timestampArray = (values: ArrayLike<number>): RawBuilder<unknown> =>
  sql`${encode(encoders.timestamptz, values)}::timestamptz[]`;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Number of elements of what `array_send` made; a NULL array counts as empty. */
const lengthOf = (bytes: Uint8Array | null): number =>
  bytes === null || bytes.byteLength < HEADER_BYTES ? 0 : viewOf(bytes).getInt32(12);

/** Calls `take` for each element that is not NULL, with where its bytes begin. */
function eachElement(bytes: Uint8Array, take: (view: DataView, at: number, index: number) => void): void {
  const view = viewOf(bytes);
  const length = lengthOf(bytes);
  let at = HEADER_BYTES;
  for (let i = 0; i < length; i++) {
    const size = view.getInt32(at);
    at += 4;
    if (size < 0) continue;
    take(view, at, i);
    at += size;
  }
}

/** Decodes `array_send(real[])`; NULL elements become `NaN`. */
export function float4Values(bytes: Uint8Array | null): Float32Array {
  const values = new Float32Array(lengthOf(bytes)).fill(Number.NaN);
  if (bytes) eachElement(bytes, (view, at, i) => (values[i] = view.getFloat32(at)));
  return values;
}

/** Decodes `array_send(float8[])`; NULL elements become `NaN`. */
export function float8Values(bytes: Uint8Array | null): Float64Array {
  const values = new Float64Array(lengthOf(bytes)).fill(Number.NaN);
  if (bytes) eachElement(bytes, (view, at, i) => (values[i] = view.getFloat64(at)));
  return values;
}

/** Decodes `array_send(int4[])`; NULL elements become 0. */
export function int4Values(bytes: Uint8Array | null): Int32Array {
  const values = new Int32Array(lengthOf(bytes));
  if (bytes) eachElement(bytes, (view, at, i) => (values[i] = view.getInt32(at)));
  return values;
}

/** Decodes `array_send(timestamptz[])` to Unix ms; NULL elements become `NaN`. */
export function timestampValues(bytes: Uint8Array | null): Float64Array {
  const values = new Float64Array(lengthOf(bytes)).fill(Number.NaN);
  if (bytes) {
    eachElement(bytes, (view, at, i) => {
      const micros = view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
      values[i] = Math.round(micros / 1000) + POSTGRES_EPOCH_MS;
    });
  }
  return values;
}
