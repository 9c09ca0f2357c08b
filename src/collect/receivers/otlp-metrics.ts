import { setImmediate as turn } from 'node:timers/promises';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { msOfNanos } from '../nanoseconds.ts';
import type { SamplePage } from '../sample-page.ts';
import type { MetricHead } from './otlp-names.ts';
import type { OtlpSeries, Point } from './otlp-series.ts';
import { FIELDS, type FoundPoint, newPoint } from './otlp-points.ts';
import { type Plain, readKeyValue } from './otlp-values.ts';
import { eachField, endOfMessage, readingWire } from '../../runtime/wire.ts';

/** Samples read in one go before other work gets its turn; some ms. */
const SAMPLES_A_TURN = 5000;
/** The point says that there is no value. */
const NO_VALUE = 1;
const DELTA = 1;

const KINDS: Readonly<Record<number, MetricHead['kind']>> = {
  5: 'gauge',
  7: 'sum',
  9: 'histogram',
  10: 'exponential',
  11: 'summary',
};
/** The field that holds the attributes of a point, by kind. */
const ATTRIBUTES: Readonly<Record<MetricHead['kind'], number>> = {
  gauge: 7,
  sum: 7,
  histogram: 9,
  exponential: 1,
  summary: 7,
};
const FLAGS: Readonly<Record<MetricHead['kind'], number>> = {
  gauge: 8,
  sum: 8,
  histogram: 10,
  exponential: 10,
  summary: 8,
};

/** Where a message stands among the bytes. */
interface Extent {
  readonly from: number;
  readonly to: number;
}

const msIn = (reader: BinaryReader): number => {
  const low = reader.fixed32();
  return msOfNanos(reader.fixed32() * 4_294_967_296 + low);
};

const skipOver = (reader: BinaryReader): Extent => {
  const to = endOfMessage(reader);
  const from = reader.pos;
  if (to > reader.len) throw new RangeError('a message ends after the body');
  reader.pos = to;
  return { from, to };
};

/** Reads the bodies of OTLP's metrics (`ExportMetricsServiceRequest`). Attributes are read once per series. */
export class OtlpMetricsReader {
  readonly #series: OtlpSeries;

  constructor(series: OtlpSeries) {
    this.#series = series;
  }

  /** Throws `BODY_INVALID` when it is no such message. */
  read(body: Uint8Array, now: number): Promise<SamplePage> {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const page = this.#series.begin(now, Math.ceil(body.length / 64));
    const reader = new BinaryReader(bytes);
    return readingWire(async () => {
      const work = { reader, bytes, page, pause: SAMPLES_A_TURN };
      while (reader.pos < reader.len) {
        const [field, wire] = reader.tag();
        if (field === 1 && wire === WireType.LengthDelimited) await this.#readResource(work);
        else reader.skip(wire, field);
      }
      return page;
    });
  }

  async #readResource(work: Work): Promise<void> {
    const { reader } = work;
    const end = endOfMessage(reader);
    const scopes: Extent[] = [];
    const attributes: (readonly [string, Plain])[] = [];
    eachField(reader, end, (field, wire) => {
      if (wire !== WireType.LengthDelimited) return false;
      if (field === 1) return readResourceAttributes(reader, attributes);
      if (field !== 2) return false;
      scopes.push(skipOver(reader));
      return true;
    });
    this.#series.resource(attributes);
    for (const scope of scopes) await this.#readScope(work, scope);
    reader.pos = end;
  }

  async #readScope(work: Work, { from, to }: Extent): Promise<void> {
    const { reader, page } = work;
    reader.pos = from;
    while (reader.pos < to) {
      const [field, wire] = reader.tag();
      if (field === 2 && wire === WireType.LengthDelimited) this.#readMetric(work);
      else reader.skip(wire, field);
      if (page.count < work.pause) continue;
      work.pause = page.count + SAMPLES_A_TURN;
      await turn();
    }
  }

  #readMetric(work: Work): void {
    const { reader } = work;
    const end = endOfMessage(reader);
    const found = { name: '', unit: '' };
    const data: { readonly kind: MetricHead['kind']; readonly extent: Extent }[] = [];
    eachField(reader, end, (field, wire) => {
      if (wire !== WireType.LengthDelimited) return false;
      const kind = KINDS[field];
      if (field === 1) found.name = reader.string();
      else if (field === 3) found.unit = reader.string();
      else if (kind !== undefined) data.push({ kind, extent: skipOver(reader) });
      else return false;
      return true;
    });
    for (const { kind, extent } of data) this.#readData(work, { ...found, kind }, extent);
    reader.pos = end;
  }

  #readData(work: Work, named: Pick<MetricHead, 'name' | 'unit' | 'kind'>, { from, to }: Extent): void {
    const { reader } = work;
    const points: Extent[] = [];
    const told = { delta: false, monotonic: false };
    reader.pos = from;
    eachField(reader, to, (field, wire) => {
      if (field === 1 && wire === WireType.LengthDelimited) points.push(skipOver(reader));
      else if (field === 2 && wire === WireType.Varint) told.delta = reader.uint32() === DELTA;
      else if (field === 3 && wire === WireType.Varint) told.monotonic = reader.bool();
      else return false;
      return true;
    });
    const head = { ...named, ...told };
    for (const point of points) this.#readPoint(work, head, point);
  }

  #readPoint({ reader, bytes, page }: Work, head: MetricHead, { from, to }: Extent): void {
    const { kind } = head;
    const attributes: Extent[] = [];
    const found = newPoint();
    const fields = FIELDS[kind];
    reader.pos = from;
    eachField(reader, to, (field, wire) => {
      if (field === ATTRIBUTES[kind] && wire === WireType.LengthDelimited) attributes.push(skipOver(reader));
      else if (field === 3 && wire === WireType.Bit64) found.time = msIn(reader);
      else if (field === FLAGS[kind] && wire === WireType.Varint) found.flags = reader.uint32();
      else return fields(reader, field, found);
      return true;
    });
    if ((found.flags & NO_VALUE) !== 0) return;
    const key = attributes.map((extent) => bytes.toString('latin1', extent.from, extent.to)).join('\u0002');
    const { time, exemplars } = found;
    this.#put(page, head, found, { key, time, exemplars, attributes: () => pairsOf(bytes, attributes) });
  }

  // oxlint-disable-next-line eslint/max-params -- what was read, of what, and where to
  #put(page: SamplePage, head: MetricHead, found: FoundPoint, point: Point): void {
    const { count, sum, below, bounds, counts, quantiles } = found;
    if (head.kind === 'gauge' || head.kind === 'sum') this.#series.number(page, head, { ...point, value: found.value });
    else if (head.kind === 'histogram')
      this.#series.histogram(page, head, { ...point, of: { count, sum, bounds, counts } });
    else if (head.kind === 'summary')
      this.#series.summary(page, head, { ...point, of: { count, sum: sum ?? 0, quantiles } });
    else {
      const buckets = { schema: found.scale, offset: found.offset, counts };
      this.#series.exponential(page, head, { ...point, of: { count, sum, below, buckets } });
    }
  }
}

interface Work {
  readonly reader: BinaryReader;
  readonly bytes: Buffer;
  readonly page: SamplePage;
  pause: number;
}

/** Reads the attributes of a `Resource` that begins here. */
export function readResourceAttributes(reader: BinaryReader, into: (readonly [string, Plain])[]): true {
  eachField(reader, endOfMessage(reader), (field, wire) => {
    if (field !== 1 || wire !== WireType.LengthDelimited) return false;
    into.push(readKeyValue(reader, endOfMessage(reader)));
    return true;
  });
  return true;
}

/** The key-value pairs that stand at these places. */
const pairsOf = (bytes: Buffer, extents: readonly Extent[]): readonly (readonly [string, Plain])[] =>
  extents.map(({ from, to }) => readKeyValue(new BinaryReader(bytes.subarray(from, to)), to - from));
