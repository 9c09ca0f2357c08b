import { type BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { msOfNanos } from '../nanoseconds.ts';
import type { MetricHead } from './otlp-names.ts';
import type { PointExemplar } from './otlp-series.ts';
import { plainText, readKeyValue } from './otlp-values.ts';
import { eachField, endOfMessage, MAX_PACKED, readPacked } from '../../runtime/wire.ts';

/** Everything that a point of any kind can have. */
export interface FoundPoint {
  time: number;
  flags: number;
  value: number;
  count: number;
  sum: number | null;
  below: number;
  scale: number;
  offset: number;
  readonly bounds: number[];
  readonly counts: number[];
  readonly quantiles: { quantile: number; value: number }[];
  readonly exemplars: PointExemplar[];
}

/** Exemplars of one point that are looked at. */
const MAX_EXEMPLARS = 16;

export const newPoint = (): FoundPoint => ({
  time: 0,
  flags: 0,
  value: 0,
  count: 0,
  sum: null,
  below: 0,
  scale: 0,
  offset: 0,
  bounds: [],
  counts: [],
  quantiles: [],
  exemplars: [],
});

type ReadField = (reader: BinaryReader, field: number, found: FoundPoint) => boolean;

const wide = (reader: BinaryReader): number => {
  const low = reader.fixed32();
  return reader.fixed32() * 4_294_967_296 + low;
};

const number: ReadField = (reader, field, found) => {
  if (field === 4) found.value = reader.double();
  else if (field === 6) found.value = Number(reader.sfixed64());
  else if (field === 5) readExemplar(reader, found);
  else return false;
  return true;
};

/** What each kind of point has beside time, attributes and flags. */
export const FIELDS: Readonly<Record<MetricHead['kind'], ReadField>> = {
  gauge: number,
  sum: number,
  histogram: (reader, field, found) => {
    if (field === 4) found.count = wide(reader);
    else if (field === 5) found.sum = reader.double();
    else if (field === 6) readPacked(reader, found.counts, () => wide(reader));
    else if (field === 7) readPacked(reader, found.bounds, () => reader.double());
    else if (field === 8) readExemplar(reader, found);
    else return false;
    return true;
  },
  exponential: (reader, field, found) => {
    if (field === 4) found.count = wide(reader);
    else if (field === 5) found.sum = reader.double();
    else if (field === 6) found.scale = reader.sint32();
    else if (field === 7) found.below += wide(reader);
    else if (field === 8) found.offset = readBuckets(reader, found.counts);
    else if (field === 9) found.below += total(reader);
    else if (field === 11) readExemplar(reader, found);
    else return false;
    return true;
  },
  summary: (reader, field, found) => {
    if (field === 4) found.count = wide(reader);
    else if (field === 5) found.sum = reader.double();
    else if (field === 6) readQuantile(reader, found);
    else return false;
    return true;
  },
};

/** An `opentelemetry.proto.metrics.v1.Exemplar`. */
function readExemplar(reader: BinaryReader, { exemplars }: FoundPoint): void {
  const labels: [string, string][] = [];
  const found = { value: Number.NaN, time: 0 };
  eachField(reader, endOfMessage(reader), (field) => {
    if (field === 2) found.time = msOfNanos(wide(reader));
    else if (field === 3) found.value = reader.double();
    else if (field === 6) found.value = Number(reader.sfixed64());
    else if (field === 4) labels.push(['span_id', hex(reader.bytes())]);
    else if (field === 5) labels.push(['trace_id', hex(reader.bytes())]);
    else if (field === 7) {
      const [name, value] = readKeyValue(reader, endOfMessage(reader));
      labels.push([name, plainText(value)]);
    } else return false;
    return true;
  });
  if (exemplars.length < MAX_EXEMPLARS) exemplars.push({ ...found, labels: Object.fromEntries(labels) });
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function readBuckets(reader: BinaryReader, counts: number[]): number {
  let offset = 0;
  eachField(reader, endOfMessage(reader), (field, wire) => {
    if (field === 1 && wire === WireType.Varint) offset = reader.sint32();
    else if (field === 2 && wire === WireType.LengthDelimited)
      readPacked(reader, counts, () => Number(reader.uint64()));
    else return false;
    return true;
  });
  return offset;
}

function total(reader: BinaryReader): number {
  const counts: number[] = [];
  readBuckets(reader, counts);
  return counts.reduce((sum, count) => sum + count, 0);
}

function readQuantile(reader: BinaryReader, { quantiles }: FoundPoint): void {
  if (quantiles.length >= MAX_PACKED) throw new RangeError('a point has too many quantiles');
  const found = { quantile: 0, value: 0 };
  eachField(reader, endOfMessage(reader), (field) => {
    if (field === 1) found.quantile = reader.double();
    else if (field === 2) found.value = reader.double();
    else return false;
    return true;
  });
  quantiles.push(found);
}
