import { setImmediate as turn } from 'node:timers/promises';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { Metadata } from '../metadata.ts';
import {
  addExemplar,
  addSample,
  createPage,
  drop,
  type PageLimits,
  type Sample,
  type SamplePage,
} from '../sample-page.ts';
import { type DropReason, isDropReason, type SeriesRegistry, type Slot } from '../series-registry.ts';
import { type NativeHistogram, readNativeHistogram } from './native-histogram.ts';
import { toClassicBuckets } from './power-buckets.ts';
import { eachField, endOfMessage, readingWire } from '../../runtime/wire.ts';

/** Prometheus' numbers of types in metadata, as words. */
const TYPES = ['unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset'];

/** Samples read in one go before other work gets its turn; some ms. */
const SAMPLES_A_TURN = 10_000;
/** `labels` of a time series, the first field of a message: field 1, with a length. */
const LABEL_TAG = 0x0a;
/** The halves of the NaN by which Prometheus says that a series has ended. */
const STALE_HIGH = 0x7ff00000;
const STALE_LOW = 2;

type Place = Slot | DropReason;

/**
 * Reads the bodies of Prometheus' remote write 1.0 (after snappy). Made for senders that send the same series again and
 * again: the bytes of the labels are the key to the series, so that labels are read once per series.
 */
export class RemoteWriteReader {
  readonly #registry: SeriesRegistry;
  readonly #limits: PageLimits;
  readonly #metadata: Metadata;
  readonly #known = new Map<string, Place>();
  readonly #sample: Sample = { time: 0, value: 0 };

  constructor(registry: SeriesRegistry, limits: PageLimits) {
    this.#registry = registry;
    this.#limits = limits;
    this.#metadata = new Metadata(registry.limit);
  }

  /** Throws `BODY_INVALID` when it is not a `prometheus.WriteRequest`, or has labels after samples. */
  read(body: Uint8Array, now: number): Promise<SamplePage> {
    const number = this.#registry.nextPage();
    const page = createPage(this.#limits, { now, number, capacity: Math.ceil(body.length / 96) });
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const reader = new BinaryReader(bytes);
    return readingWire(async () => {
      let pause = SAMPLES_A_TURN;
      while (reader.pos < reader.len) {
        const [field, wire] = reader.tag();
        if (field === 1 && wire === WireType.LengthDelimited) this.#readSeries(reader, bytes, page);
        else if (field === 3 && wire === WireType.LengthDelimited) this.#readMetadata(reader);
        else reader.skip(wire, field);
        if (page.count < pause) continue;
        pause = page.count + SAMPLES_A_TURN;
        await turn();
      }
      return page;
    });
  }

  /** Forgets series that the registry has forgotten, and gives those that were refused another chance. */
  sweep(): void {
    for (const [raw, place] of this.#known) {
      if (typeof place === 'string' || !this.#registry.holds(place)) this.#known.delete(raw);
    }
  }

  #readSeries(reader: BinaryReader, bytes: Buffer, page: SamplePage): void {
    const end = endOfMessage(reader);
    const from = reader.pos;
    while (reader.pos < end && bytes[reader.pos] === LABEL_TAG) {
      reader.pos += 1;
      reader.pos = endOfMessage(reader);
    }
    if (reader.pos > end) throw new RangeError('a label ends after its series');
    const raw = bytes.toString('latin1', from, reader.pos);
    const place = this.#known.get(raw) ?? this.#meet(raw, bytes.subarray(from, reader.pos));
    eachField(reader, end, (field, wire) => {
      if (field === 1) throw new RangeError('labels stand before samples');
      if (wire !== WireType.LengthDelimited) return false;
      if (field === 2) return this.#readSample(reader, page, place);
      if (field === 3) return this.#readExemplar(reader, bytes, { page, place });
      return field === 4 && this.#readHistogram(reader, page, place);
    });
  }

  #meet(raw: string, labelBytes: Uint8Array): Place {
    const labels = readLabels(labelBytes);
    const { __name__: name, ...rest } = labels;
    const place = name === undefined ? 'malformed' : this.#slot(name, rest);
    if (this.#known.size < this.#registry.limit) this.#known.set(raw, place);
    return place;
  }

  #slot(name: string, labels: Readonly<Record<string, string>>): Place {
    const { type, unit } = this.#metadata.lookup(name);
    return this.#registry.slot({ name, labels }, type, unit);
  }

  #readSample(reader: BinaryReader, page: SamplePage, place: Place): true {
    const sample = this.#sample;
    sample.value = 0;
    sample.time = 0;
    let stale = false;
    eachField(reader, endOfMessage(reader), (field, wire) => {
      if (field === 1 && wire === WireType.Bit64) {
        sample.value = reader.double();
        stale = Number.isNaN(sample.value) && isStale(reader);
        return true;
      }
      if (field !== 2 || wire !== WireType.Varint) return false;
      sample.time = Number(reader.int64());
      return true;
    });
    // The end of a series is no value of it.
    if (!stale) put(page, place, sample);
    return true;
  }

  #readExemplar(reader: BinaryReader, bytes: Buffer, { page, place }: { page: SamplePage; place: Place }): true {
    const end = endOfMessage(reader);
    const from = reader.pos;
    let [value, time] = [0, 0];
    eachField(reader, end, (field, wire) => {
      if (field === 2 && wire === WireType.Bit64) value = reader.double();
      else if (field === 3 && wire === WireType.Varint) time = Number(reader.int64());
      else return false;
      return true;
    });
    // Labels of an exemplar are written as those of a series.
    const labels = readLabels(bytes.subarray(from, end));
    if (typeof place !== 'string') addExemplar(page, { slot: place, labels, value, time });
    return true;
  }

  #readHistogram(reader: BinaryReader, page: SamplePage, place: Place): true {
    const histogram = readNativeHistogram(reader);
    if (typeof place === 'string') drop(page, place);
    else if (!histogram.stale) this.#addHistogram(page, place, histogram);
    return true;
  }

  #addHistogram(page: SamplePage, { series }: Slot, { time, count, sum, below, buckets }: NativeHistogram): void {
    const add = (ending: string, value: number, le?: string): void => {
      const labels = le === undefined ? series.labels : { ...series.labels, le };
      const place = this.#registry.slot({ name: `${series.name}${ending}`, labels }, 'histogram', series.unit);
      put(page, place, { time, value });
    };
    for (const { le, count: upTo } of toClassicBuckets(buckets, below)) add('_bucket', upTo, String(le));
    add('_bucket', count, '+Inf');
    add('_count', count);
    add('_sum', sum);
  }

  #readMetadata(reader: BinaryReader): void {
    let type = 0;
    let family = '';
    let unit = '';
    eachField(reader, endOfMessage(reader), (field, wire) => {
      if (field === 1 && wire === WireType.Varint) type = reader.uint32();
      else if (field === 2 && wire === WireType.LengthDelimited) family = reader.string();
      else if (field === 5 && wire === WireType.LengthDelimited) unit = reader.string();
      else return false;
      return true;
    });
    const word = TYPES[type];
    if (family === '' || word === undefined) return;
    if (unit !== '') this.#metadata.declare(`# UNIT ${JSON.stringify(family)} ${unit}`);
    // A type that was not known when the series was met: it is looked up again.
    if (this.#metadata.declare(`# TYPE ${JSON.stringify(family)} ${word}`) === 'changed') this.#known.clear();
  }
}

function put(page: SamplePage, place: Place, sample: Sample): void {
  if (typeof place === 'string' && isDropReason(place)) drop(page, place);
  else if (typeof place !== 'string') addSample(page, place, sample);
}

/** Whether the NaN that has just been read is Prometheus' mark of an end. */
function isStale(reader: BinaryReader): boolean {
  reader.pos -= 8;
  const low = reader.fixed32();
  return reader.fixed32() === STALE_HIGH && low === STALE_LOW;
}

function readLabels(bytes: Uint8Array): Record<string, string> {
  const pairs: [string, string][] = [];
  const reader = new BinaryReader(bytes);
  eachField(reader, bytes.length, (label, wire) => {
    if (label !== 1 || wire !== WireType.LengthDelimited) return false;
    let name = '';
    let value = '';
    eachField(reader, endOfMessage(reader), (field, wire) => {
      if (wire !== WireType.LengthDelimited) return false;
      if (field === 1) name = reader.string();
      else if (field === 2) value = reader.string();
      else return false;
      return true;
    });
    // An empty value is the same as no label.
    if (value !== '') pairs.push([name, value]);
    return true;
  });
  return Object.fromEntries(pairs);
}
