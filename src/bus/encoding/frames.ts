import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  DERIVED,
  type Feature,
  type FeatureKind,
  type FeatureLimit,
  type Frame,
  type FrameLayout,
} from '../../model/frame.ts';
import { internLayout } from '../../model/layout.ts';
import { BoundedCache } from './bounded-cache.ts';
import { isTime } from './is-time.ts';
import {
  floats,
  readFields,
  readLabel,
  writeBytes,
  writeDouble,
  writeEnum,
  writeLabels,
  writeNumbers,
  writeText,
} from '../../runtime/wire.ts';

/** By the numbers of `FeatureKind` in proto/vigia/v1/frames.proto. */
const KINDS: readonly FeatureKind[] = ['level', 'rate', 'quantile'];

const LAYOUTS_KEPT = 20_000;

const written = new WeakMap<FrameLayout, Uint8Array>();
const known = new BoundedCache<FrameLayout>(LAYOUTS_KEPT);

function writeLimit(to: BinaryWriter, { side, value }: FeatureLimit): void {
  const limit = new BinaryWriter();
  if (side === 'below') limit.tag(1, WireType.Varint).bool(true);
  // A member of a oneof is written even when it is the default.
  if (typeof value === 'number') limit.tag(2, WireType.Bit64).double(value);
  else limit.tag(3, WireType.LengthDelimited).string(value.feature);
  writeBytes(to, 6, limit.finish());
}

function featureBytes(feature: Feature): Uint8Array {
  const to = new BinaryWriter();
  writeText(to, 1, feature.name);
  writeText(to, 2, feature.metric);
  writeLabels(to, 3, feature.labels);
  writeEnum(to, 4, KINDS.indexOf(feature.kind));
  writeText(to, 5, feature.unit);
  if (feature.limit !== null) writeLimit(to, feature.limit);
  return to.finish();
}

function layoutBytes(layout: FrameLayout): Uint8Array {
  let bytes = written.get(layout);
  if (bytes === undefined) {
    const to = new BinaryWriter();
    for (const feature of layout.features) writeBytes(to, 1, featureBytes(feature));
    bytes = to.finish();
    written.set(layout, bytes);
  }
  return bytes;
}

function parseLimit(bytes: Uint8Array): FeatureLimit {
  let side: FeatureLimit['side'] = 'above';
  let value: FeatureLimit['value'] = 0;
  readFields(bytes, (field, reader) => {
    if (field === 1) side = reader.bool() ? 'below' : 'above';
    else if (field === 2) value = reader.double();
    else if (field === 3) value = { feature: reader.string() };
    else return false;
    return true;
  });
  return { side, value };
}

function parseFeature(bytes: Uint8Array): Feature {
  const labels: [string, string][] = [];
  const text = { name: '', metric: '', unit: '' };
  let kind = 0;
  let limit: FeatureLimit | null = null;
  readFields(bytes, (field, reader) => {
    if (field === 1) text.name = reader.string();
    else if (field === 2) text.metric = reader.string();
    else if (field === 3) labels.push([...readLabel(reader.bytes())]);
    else if (field === 4) kind = reader.int32();
    else if (field === 5) text.unit = reader.string();
    else if (field === 6) limit = parseLimit(reader.bytes());
    else return false;
    return true;
  });
  return { ...text, labels: Object.fromEntries(labels), kind: KINDS[kind] ?? 'level', limit };
}

function layoutOf(id: string, bytes: Uint8Array): FrameLayout {
  let layout = known.get(id);
  if (layout === undefined) {
    const features: Feature[] = [];
    readFields(bytes, (field, reader) => {
      if (field !== 1) return false;
      features.push(parseFeature(reader.bytes()));
      return true;
    });
    layout = internLayout(features);
    if (layout.id !== id) throw new Error(`the layout is ${layout.id} and calls itself ${id}`);
    known.set(id, layout);
  }
  return layout;
}

export function encodeFrame(frame: Frame): Uint8Array {
  const to = new BinaryWriter();
  writeText(to, 1, frame.entity);
  writeText(to, 2, frame.fleet);
  writeDouble(to, 3, frame.time);
  writeDouble(to, 4, frame.stepMs);
  writeText(to, 5, frame.layout.id);
  writeBytes(to, 6, layoutBytes(frame.layout));
  writeNumbers(to, 7, frame.values);
  writeNumbers(to, 8, frame.derived);
  writeDouble(to, 9, frame.closedAt);
  return to.finish();
}

/** Throws when it is not a frame. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const text = { entity: '', fleet: '', layout: '' };
  const numbers = { time: 0, stepMs: 0, closedAt: 0 };
  const arrays = { layout: new Uint8Array(0) as Uint8Array, values: new Float32Array(0), derived: new Float32Array(0) };
  readFields(bytes, (field, reader) => {
    if (field === 1) text.entity = reader.string();
    else if (field === 2) text.fleet = reader.string();
    else if (field === 3) numbers.time = reader.double();
    else if (field === 4) numbers.stepMs = reader.double();
    else if (field === 5) text.layout = reader.string();
    else if (field === 6) arrays.layout = reader.bytes();
    else if (field === 7) arrays.values = floats(reader.bytes());
    else if (field === 8) arrays.derived = floats(reader.bytes());
    else if (field === 9) numbers.closedAt = reader.double();
    else return false;
    return true;
  });
  const { values, derived } = arrays;
  if (!isTime(numbers.time) || !isTime(numbers.closedAt) || !(isTime(numbers.stepMs) && numbers.stepMs > 0))
    throw new Error(`a frame of "${text.entity}" at ${numbers.time} over ${numbers.stepMs} ms`);
  const layout = layoutOf(text.layout, arrays.layout);
  const features = layout.features.length;
  if (text.entity === '' || values.length !== features || derived.length !== features * DERIVED.length) {
    throw new Error(`${features} features, ${values.length} values and ${derived.length} derived of "${text.entity}"`);
  }
  return { entity: text.entity, fleet: text.fleet, ...numbers, layout, values, derived };
}
