import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DERIVED, type Feature, type Frame } from '../../model/frame.ts';
import { canonicalKey } from '../../model/labels.ts';
import { internLayout } from '../../model/layout.ts';
import type { MetricType, SampleBatch } from '../../model/series.ts';
import { topics } from '../../model/topics.ts';
import { encodingOf, readValue, VERSION } from './encoding.ts';

const text = fc.string({ maxLength: 12, unit: 'grapheme' });
const labels = fc.dictionary(fc.string({ minLength: 1, maxLength: 6 }), fc.string({ minLength: 1, maxLength: 6 }));
const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
const type = fc.constantFrom<MetricType>('gauge', 'counter', 'histogram', 'summary', 'stateset', 'info', 'unknown');

const series = fc
  .record({ name: fc.string({ minLength: 1, maxLength: 12 }), labels, type, unit: text, entity: fc.constant('host/a') })
  .map((one) => Object.assign(one, { key: canonicalKey(one.name, one.labels) }));

const batch: fc.Arbitrary<SampleBatch> = fc
  .record({ fleet: text, source: text, receivedAt: time, samples: fc.array(fc.tuple(series, time, fc.double())) })
  .map(({ samples, fleet, source, receivedAt }) => ({
    fleet,
    source,
    receivedAt,
    entity: 'host/a',
    series: samples.map(([one]) => one),
    times: Float64Array.from(samples, ([, at]) => at),
    values: Float64Array.from(samples, ([, , value]) => value),
  }));

const limit = fc.option(
  fc.record({
    side: fc.constantFrom('above' as const, 'below' as const),
    value: fc.oneof(fc.double({ noNaN: true }), fc.record({ feature: text })),
  }),
);
const feature: fc.Arbitrary<Feature> = fc.record({
  name: fc.string({ minLength: 1 }),
  metric: text,
  labels,
  kind: fc.constantFrom('level' as const, 'rate' as const, 'quantile' as const),
  unit: text,
  limit,
});
const float = fc.float();
const frame: fc.Arbitrary<Frame> = fc.array(feature, { maxLength: 8 }).chain((features) =>
  fc.record({
    entity: fc.constant('host/a'),
    fleet: text,
    time,
    stepMs: fc.constantFrom(1000, 5000),
    layout: fc.constant(internLayout(features)),
    values: fc
      .array(float, { minLength: features.length, maxLength: features.length })
      .map((values) => Float32Array.from(values)),
    derived: fc
      .array(float, { minLength: features.length * DERIVED.length, maxLength: features.length * DERIVED.length })
      .map((values) => Float32Array.from(values)),
    closedAt: time,
  }),
);

const there = <T>(topic: string, value: T): T => encodingOf(topic).decode(encodingOf(topic).encode(value)) as T;

describe('encoding', () => {
  it('brings samples back bit for bit, and one series as one object', () => {
    fc.assert(
      fc.property(batch, (sent) => {
        const come = there('samples', sent);
        expect(come).toEqual(sent);
        expect(new BigUint64Array(come.values.buffer)).toEqual(new BigUint64Array(sent.values.buffer));
        come.series.forEach((one, i) => expect(there('samples', sent).series[i]).toBe(one));
      }),
    );
  });

  it('brings frames back bit for bit, with the layout of this process', () => {
    fc.assert(
      fc.property(frame, (sent) => {
        const come = there('frames', sent);
        expect(come).toEqual(sent);
        expect(come.layout).toBe(sent.layout);
      }),
    );
  });

  it('refuses what it cannot read and says why, whatever the bytes are', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('samples', 'frames', 'incidents'),
        fc.uint8Array({ maxLength: 60 }),
        (topic, bytes) => {
          const { refusal, value } = readValue(topic, 'k', VERSION, Buffer.from(bytes));
          const shown = { base64: Buffer.from(bytes).toString('base64') };
          expect(refusal === undefined || JSON.stringify(value) === JSON.stringify(shown)).toBe(true);
        },
      ),
    );
    expect(readValue('frames', 'k', '2', Buffer.from('x')).refusal).toMatch(/version 2 is not known/);
    expect(readValue('frames', 'k', undefined, Buffer.from('x')).refusal).toMatch(/version none/);
    expect(readValue('events', 'k', VERSION, null).refusal).toMatch(/without a value/);
    expect(readValue('events', 'k', VERSION, Buffer.from('{')).refusal).toMatch(/not a value/);
  });

  it('refuses on every topic what has no value, an empty one, noise, or another shape', () => {
    const misfits = [null, '', '\u0000\u0001 neither protobuf nor JSON', '{"entity":"host/under-load"}'];
    for (const { name } of Object.values(topics)) {
      for (const misfit of misfits) {
        const bytes = misfit === null ? null : Buffer.from(misfit);
        expect(readValue(name, 'k', VERSION, bytes).refusal, `${name}: ${misfit}`).toBeDefined();
      }
    }
  });

  it('refuses times that are none', () => {
    const none = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300];
    const refusalOf = (topic: string, value: unknown) =>
      readValue(topic, 'k', VERSION, Buffer.from(encodingOf(topic).encode(value))).refusal;
    const one = { key: 'a', name: 'a', labels: {}, type: 'gauge', unit: '', entity: 'host/a' } as const;
    const samples = { entity: 'host/a', fleet: 'f', source: 's', receivedAt: 1, series: [one, one] };
    const columns = { times: Float64Array.of(1, 2), values: Float64Array.of(Number.NaN, 1e300) };
    expect(refusalOf('samples', { ...samples, ...columns })).toBeUndefined();
    const layout = internLayout([]);
    const arrays = { layout, values: new Float32Array(0), derived: new Float32Array(0) };
    const good = { entity: 'host/a', fleet: 'f', time: 1, stepMs: 1000, closedAt: 2, ...arrays };
    expect(refusalOf('frames', good)).toBeUndefined();
    for (const time of none) {
      expect(refusalOf('samples', { ...samples, ...columns, receivedAt: time })).toMatch(/host\/a/);
      expect(refusalOf('samples', { ...samples, ...columns, times: Float64Array.of(1, time) })).toMatch(/host\/a/);
      expect(refusalOf('frames', { ...good, time })).toMatch(/host\/a/);
      expect(refusalOf('frames', { ...good, closedAt: time })).toMatch(/host\/a/);
    }
    for (const stepMs of [...none, 0, -1000]) expect(refusalOf('frames', { ...good, stepMs })).toMatch(/host\/a/);
  });

  it('checks JSON against what travels on its topic, names what is wrong, and lets fields pass that it does not know', () => {
    const labels = { stage: 'prod' };
    const event = {
      id: 'e1',
      time: 1,
      entity: 'host/a',
      fleet: 'default',
      name: 'deploy',
      source: 's',
      text: '',
      labels,
    };
    const read = (value: object) => readValue('events', 'k', VERSION, Buffer.from(JSON.stringify(value)));
    const good = { ...event, severity: 'info', since: 'a later version' };
    expect(read(good)).toEqual({ key: 'k', value: good });
    expect(read(event).refusal).toMatch(/not a value of this topic: .*severity/);
    expect(read({ ...good, entity: 'nobody' }).refusal).toMatch(/entity/);
    expect(read({ ...good, time: '2026' }).refusal).toMatch(/time must be integer/);
    expect(read([]).refusal).toMatch(/must be object/);
    for (const topic of ['logs', 'anomalies', 'predictions', 'incidents', 'recommendations', 'outcomes'])
      expect(readValue(topic, 'k', VERSION, Buffer.from('{}')).refusal, topic).toMatch(/must have required property/);
  });
});
