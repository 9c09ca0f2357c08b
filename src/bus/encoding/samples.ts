import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { canonicalKey, type Labels } from '../../model/labels.ts';
import type { MetricType, SampleBatch, Series } from '../../model/series.ts';
import { BoundedCache } from './bounded-cache.ts';
import { isTime } from './is-time.ts';
import {
  doubles,
  readFields,
  readLabel,
  writeBytes,
  writeDouble,
  writeEnum,
  writeLabels,
  writeNumbers,
  writeText,
} from '../../runtime/wire.ts';

/** By the numbers of `MetricType` in proto/vigia/v1/samples.proto. */
const TYPES: readonly MetricType[] = ['unknown', 'gauge', 'counter', 'histogram', 'summary', 'stateset', 'info'];

/** Series remembered by a reader, so that one series is one object as long as it is heard of. */
const SERIES_KEPT = 400_000;

/** Series are one object each in `collect`, so each is written out once. */
const written = new WeakMap<Series, Uint8Array>();

function seriesBytes(series: Series): Uint8Array {
  let bytes = written.get(series);
  if (bytes === undefined) {
    const to = new BinaryWriter();
    writeText(to, 1, series.name);
    writeLabels(to, 2, series.labels);
    writeEnum(to, 3, TYPES.indexOf(series.type));
    writeText(to, 4, series.unit);
    writeText(to, 5, series.entity);
    // A copy in memory that many share: a buffer of its own takes several times what is in it.
    bytes = Buffer.from(to.finish());
    written.set(series, bytes);
  }
  return bytes;
}

/** Most texts are in many series: each is kept once. */
const texts = new BoundedCache<string>(SERIES_KEPT);

/** In one piece: what is put together of pieces keeps all of them alive. */
const flat = (text: string): string => Buffer.from(text).toString();

function kept(text: string): string {
  let own = texts.get(text);
  if (own === undefined) {
    own = flat(text);
    texts.set(own, own);
  }
  return own;
}

/** The series of an entity have mostly the same labels. */
const labelSets = new BoundedCache<Labels>(SERIES_KEPT);

function sharedLabels(labels: readonly (readonly [string, string])[]): Labels {
  const id = JSON.stringify(labels);
  let shared = labelSets.get(id);
  if (shared === undefined) {
    shared = Object.fromEntries(labels.map(([name, value]) => [kept(name), kept(value)]));
    labelSets.set(id, shared);
  }
  return shared;
}

function parseSeries(bytes: Uint8Array): Series {
  const labels: (readonly [string, string])[] = [];
  const text = ['', '', ''];
  let type = 0;
  readFields(bytes, (field, reader) => {
    if (field === 1) text[0] = kept(reader.string());
    else if (field === 2) labels.push(readLabel(reader.bytes()));
    else if (field === 3) type = reader.int32();
    else if (field === 4) text[1] = kept(reader.string());
    else if (field === 5) text[2] = kept(reader.string());
    else return false;
    return true;
  });
  const [name, unit, entity] = text as [string, string, string];
  const pairs = sharedLabels(labels);
  return { key: flat(canonicalKey(name, pairs)), name, labels: pairs, type: TYPES[type] ?? 'unknown', unit, entity };
}

const known = new BoundedCache<Series>(SERIES_KEPT);

function seriesOf(bytes: Uint8Array): Series {
  // The bytes are the identity; latin1 spells them one character each, without a hash.
  const spelling = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  let series = known.get(spelling);
  if (series === undefined) {
    series = parseSeries(bytes);
    known.set(spelling, series);
  }
  return series;
}

export function encodeSamples(batch: SampleBatch): Uint8Array {
  const to = new BinaryWriter();
  writeText(to, 1, batch.entity);
  writeText(to, 2, batch.fleet);
  writeText(to, 3, batch.source);
  writeDouble(to, 4, batch.receivedAt);
  for (const series of batch.series) writeBytes(to, 5, seriesBytes(series));
  writeNumbers(to, 6, batch.times);
  writeNumbers(to, 7, batch.values);
  return to.finish();
}

/** Throws when it is not a batch of samples. */
export function decodeSamples(bytes: Uint8Array): SampleBatch {
  const text = ['', '', ''];
  const series: Series[] = [];
  let receivedAt = 0;
  let times = new Float64Array(0);
  let values = new Float64Array(0);
  readFields(bytes, (field, reader) => {
    if (field >= 1 && field <= 3) text[field - 1] = reader.string();
    else if (field === 4) receivedAt = reader.double();
    else if (field === 5) series.push(seriesOf(reader.bytes()));
    else if (field === 6) times = doubles(reader.bytes());
    else if (field === 7) values = doubles(reader.bytes());
    else return false;
    return true;
  });
  const [entity, fleet, source] = text as [string, string, string];
  if (entity === '' || times.length !== series.length || values.length !== series.length) {
    throw new Error(`${series.length} series, ${times.length} times and ${values.length} values of "${entity}"`);
  }
  if (!isTime(receivedAt) || !times.every(isTime)) throw new Error(`times of "${entity}" that are none`);
  return { entity, fleet, source, receivedAt, series, times, values };
}
