import { type BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { PowerBuckets } from './power-buckets.ts';
import { eachField, endOfMessage, MAX_PACKED, readPacked } from '../../runtime/wire.ts';

/** A native histogram of Prometheus, in the terms of exponential buckets. */
export interface NativeHistogram {
  readonly time: number;
  readonly count: number;
  readonly sum: number;
  /** Observations at zero and below. */
  readonly below: number;
  readonly buckets: PowerBuckets;
  /** Says that the series has ended. */
  readonly stale: boolean;
}

interface Span {
  readonly offset: number;
  readonly length: number;
}

interface Side {
  readonly spans: Span[];
  readonly deltas: number[];
  readonly counts: number[];
}

const newSide = (): Side => ({ spans: [], deltas: [], counts: [] });

function readSpan(reader: BinaryReader): Span {
  let offset = 0;
  let length = 0;
  eachField(reader, endOfMessage(reader), (field, wire) => {
    if (wire !== WireType.Varint) return false;
    if (field === 1) offset = reader.sint32();
    else if (field === 2) length = reader.uint32();
    else return false;
    return true;
  });
  return { offset, length };
}

/** Spans and differences as counts from the first index. Prometheus' index i ends at base^i, the other at base^(i+1). */
function spread({ spans, deltas, counts }: Side): { readonly offset: number; readonly counts: readonly number[] } {
  const first = spans[0];
  if (first === undefined) return { offset: 0, counts: [] };
  const result: number[] = [];
  let next = 0;
  let running = 0;
  for (const [i, { offset, length }] of spans.entries()) {
    if (result.length + (i === 0 ? 0 : offset) + length > MAX_PACKED) throw new RangeError('a histogram is too wide');
    if (i > 0) for (let gap = 0; gap < offset; gap += 1) result.push(0);
    for (let k = 0; k < length; k += 1) {
      running += deltas[next] ?? 0;
      result.push(counts.length > 0 ? (counts[next] ?? 0) : running);
      next += 1;
    }
  }
  return { offset: first.offset - 1, counts: result };
}

/** Reads a `prometheus.Histogram` of remote write, integer or float. */
export function readNativeHistogram(reader: BinaryReader): NativeHistogram {
  const negative = newSide();
  const positive = newSide();
  const found = { time: 0, count: 0, sum: 0, zero: 0, schema: 0 };
  const wide = (): number => Number(reader.uint64());
  const signed = (): number => Number(reader.sint64());
  const readers: Readonly<Record<number, () => unknown>> = {
    1: () => (found.count = wide()),
    2: () => (found.count = reader.double()),
    3: () => (found.sum = reader.double()),
    4: () => (found.schema = reader.sint32()),
    6: () => (found.zero = wide()),
    7: () => (found.zero = reader.double()),
    8: () => negative.spans.push(readSpan(reader)),
    9: () => readPacked(reader, negative.deltas, signed),
    10: () => readPacked(reader, negative.counts, () => reader.double()),
    11: () => positive.spans.push(readSpan(reader)),
    12: () => readPacked(reader, positive.deltas, signed),
    13: () => readPacked(reader, positive.counts, () => reader.double()),
    15: () => (found.time = Number(reader.int64())),
  };
  eachField(reader, endOfMessage(reader), (field) => {
    const read = readers[field];
    read?.();
    return read !== undefined;
  });
  const { counts, offset } = spread(positive);
  const under = spread(negative).counts.reduce((sum, count) => sum + count, 0);
  const { time, count, sum, schema } = found;
  const stale = Number.isNaN(sum) && count === 0 && counts.length === 0;
  return { time, count, sum, below: found.zero + under, buckets: { schema, offset, counts }, stale };
}
