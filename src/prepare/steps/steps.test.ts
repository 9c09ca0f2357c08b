import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../model/frame.ts';
import { canonicalKey, type Labels } from '../../model/labels.ts';
import type { SeriesShape } from '../../model/preparation.ts';
import type { MetricType, SampleBatch, Series } from '../../model/series.ts';
import { PrepareCore } from '../prepare-core.ts';
import { baseUnit } from './base-units.ts';
import { checkStep } from './check-step.ts';
import { createFilterStep } from './filter-step.ts';
import { loadSteps } from './load-step.ts';
import { createPreparation, type Preparation } from './preparation.ts';
import { unitStep } from './unit-step.ts';

const entity = 'host/web-1';
const fixtures = resolve(import.meta.dirname, '../../../test/fixtures');

const series = (name: string, labels: Labels = {}, type: MetricType = 'gauge', unit = ''): Series => ({
  key: canonicalKey(name, labels),
  name,
  labels,
  type,
  unit,
  entity,
});

const batch = (samples: readonly (readonly [Series, number, number])[], receivedAt: number): SampleBatch => ({
  entity,
  fleet: 'default',
  source: 'push',
  receivedAt,
  series: samples.map(([one]) => one),
  times: Float64Array.from(samples, ([, time]) => time),
  values: Float64Array.from(samples, ([, , value]) => value),
});

function coreWith(preparation?: Preparation): PrepareCore {
  const rules = { stepMs: 1000, latenessMs: 0, featuresPerEntity: 20, limits: [] };
  const core = new PrepareCore({ ...rules, ...(preparation !== undefined && { preparation }) });
  core.admit(entity, { layout: null, newest: Number.NEGATIVE_INFINITY });
  return core;
}

/** The values of the first frame made of two samples of each series, one second apart. */
function framed(all: readonly (readonly [Series, number, number])[], preparation?: Preparation): Frame | undefined {
  const core = coreWith(preparation);
  for (const time of [10_000, 11_000, 12_500])
    core.ingest(
      batch(
        all.map(([one, first, second]) => [one, time, time > 10_000 ? second : first]),
        time,
      ),
      time,
      time,
    );
  return core.outbox.frames.at(-1);
}

const valuesOf = (frame: Frame | undefined): Record<string, number> =>
  Object.fromEntries(frame?.layout.features.map(({ name }, i) => [name, frame.values[i]!]) ?? []);

describe('base units', () => {
  it.each([
    ['ms', 'seconds', 1500, 1.5],
    ['milliseconds', 'seconds', 1500, 1.5],
    ['us', 'seconds', 2e6, 2],
    ['h', 'seconds', 2, 7200],
    ['KiBy', 'bytes', 2, 2048],
    ['KiB', 'bytes', 2, 2048],
    ['megabytes', 'bytes', 2, 2e6],
    ['GBy', 'bytes', 1, 1e9],
    ['bit', 'bytes', 16, 2],
    ['%', 'ratio', 42, 0.42],
    ['percent', 'ratio', 42, 0.42],
    ['K', 'celsius', 300, 26.85],
    ['[degF]', 'celsius', 212, 100],
    ['MHz', 'hertz', 3, 3e6],
    ['KiBy/s', 'bytes_per_second', 1, 1024],
    ['kilobytes_per_minute', 'bytes_per_second', 60, 1000],
    ['{request}/min', 'per_second', 120, 2],
    ['{packet}', '', 7, 7],
  ])('%s becomes %s', (unit, base, value, expected) => {
    const found = baseUnit(unit)!;
    expect(found.unit).toBe(base);
    expect(value * found.scale + found.offset).toBeCloseTo(expected, 9);
  });

  it.each(['', 'widgets', 'dB[W]', 'per_fortnight'])('%j is left as it is', (unit) =>
    expect(baseUnit(unit)).toBeNull(),
  );

  it('a base unit is its own base', () => {
    fc.assert(
      fc.property(fc.constantFrom('ms', 'KiBy', '%', 'bytes', 'days', 'K', 'MBy/s', 'kilowatts'), (unit) => {
        const once = baseUnit(unit)!;
        expect(baseUnit(once.unit)).toMatchObject({ unit: once.unit, scale: 1, offset: 0 });
      }),
    );
  });
});

describe('units of series', () => {
  const preparation = createPreparation([unitStep]);

  it('scale gauges and counters, and name them anew', () => {
    const frame = framed(
      [
        [series('wait_milliseconds', {}, 'gauge', 'milliseconds'), 200, 250],
        [series('sent_kibibytes_total', {}, 'counter', 'kibibytes'), 0, 3],
        [series('cpu_percent', {}, 'gauge', 'percent'), 50, 50],
      ],
      preparation,
    );
    expect(valuesOf(frame)).toEqual({ wait_seconds: 0.25, sent_bytes_total: 3072, cpu_ratio: 0.5 });
    expect(frame?.layout.features.map(({ unit }) => unit)).toEqual(['seconds', 'bytes_per_second', 'ratio']);
  });

  it('scale the bounds of histograms, not their counts', () => {
    const bucket = (le: string): Series => series('wait_milliseconds_bucket', { le }, 'histogram', 'milliseconds');
    const frame = framed(
      [
        [bucket('100'), 0, 50],
        [bucket('500'), 0, 100],
        [bucket('+Inf'), 0, 100],
        [series('wait_milliseconds_count', {}, 'histogram', 'milliseconds'), 0, 100],
        [series('wait_milliseconds_sum', {}, 'histogram', 'milliseconds'), 0, 4000],
      ],
      preparation,
    );
    const values = valuesOf(frame);
    expect(values['wait_seconds{quantile="0.5"}']).toBeCloseTo(0.1, 6);
    expect(values['wait_seconds{quantile="0.99"}']).toBeCloseTo(0.492, 6);
    expect(values['wait_seconds_count']).toBe(100);
    expect(values['wait_seconds_sum']).toBe(4);
  });

  it('are told of', () => {
    const core = coreWith(preparation);
    const wait = series('wait_milliseconds', {}, 'gauge', 'milliseconds');
    core.ingest(batch([[wait, 10_000, 200]], 10_100), 10_100, 0);
    const [quality] = [...core.qualities(20_000)];
    expect(quality).toMatchObject({
      units: [{ metric: 'wait_milliseconds', from: 'milliseconds', to: 'seconds', scale: 0.001 }],
      skewMs: 100,
      series: 1,
      samples: 1,
    });
  });
});

describe('filters', () => {
  const preparation = createPreparation([
    createFilterStep([
      { name: 'wanted', action: 'keep', metric: 'go_goroutines' },
      { name: 'runtime', action: 'drop', metric: 'go_*' },
      { name: 'tmpfs', action: 'drop', labels: { fstype: 'tmpfs' }, entity: 'host/*' },
    ]),
  ]);

  it('keep what the first rule keeps, and count what they leave out by rule', () => {
    const core = coreWith(preparation);
    const all = [
      series('go_goroutines'),
      series('go_memstats_bytes'),
      series('go_threads'),
      series('fs_bytes', { fstype: 'tmpfs' }),
      series('fs_bytes', { fstype: 'ext4' }),
    ];
    for (const time of [10_000, 12_500])
      core.ingest(
        batch(
          all.map((one) => [one, time, 1]),
          time,
        ),
        time,
        time,
      );
    expect(Object.keys(valuesOf(core.outbox.frames[0]))).toEqual(['go_goroutines', 'fs_bytes{fstype="ext4"}']);
    const [quality] = [...core.qualities(20_000)];
    expect(quality?.drops).toEqual({ 'filters/runtime': 4, 'filters/tmpfs': 2 });
    expect(core.counts.leftOut).toBe(6);
  });

  it('are another version when they say something else', () => {
    const rule = { name: 'a', action: 'drop', metric: 'x' } as const;
    const version = (metric: string): string => createPreparation([createFilterStep([{ ...rule, metric }])]).version;
    expect(version('x')).toBe(version('x'));
    expect(version('x')).not.toBe(version('y'));
  });
});

describe('frames', () => {
  const samples = fc.array(fc.tuple(fc.nat(6), fc.integer({ min: 0, max: 60_000 }), fc.double({ noNaN: false })), {
    maxLength: 120,
  });
  const all = [
    ...['a', 'b', 'c'].map((name) => series(name)),
    ...['x_total', 'y_total'].map((name) => series(name, {}, 'counter')),
    series('wait_bucket', { le: '1' }, 'histogram'),
    series('wait_bucket', { le: '+Inf' }, 'histogram'),
  ];

  it('are bit-equal with and without steps that change nothing', () => {
    const idle = createPreparation([
      { name: 'idle', version: '1', prepare: (shape: SeriesShape) => ({ keep: shape }) },
      createFilterStep([{ name: 'never', action: 'drop', metric: 'nothing_like_it' }]),
      unitStep,
    ]);
    fc.assert(
      fc.property(samples, (found) => {
        const [one, other] = [coreWith(), coreWith(idle)].map((core) => {
          for (const [i, time, value] of found) core.ingest(batch([[all[i]!, time, value]], 60_000), 60_000, 60_000);
          core.ingest(batch([[all[0]!, 70_000, 1]], 70_000), 70_000, 70_000);
          return core.outbox.frames.map(({ values, derived, layout }) => [
            Buffer.from(values.buffer).toString('hex'),
            Buffer.from(derived.buffer).toString('hex'),
            layout.id,
          ]);
        });
        expect(one).toEqual(other);
      }),
    );
  });
});

const brought = await loadSteps([{ package: './example-step', options: { label: 'session' } }], fixtures);

describe('a step of a package', () => {
  it('changes series as it says', () => {
    const one = series('requests', { session: '1' });
    const frame = framed([[one, 1, 1]], createPreparation(brought));
    expect(Object.keys(valuesOf(frame))).toEqual(['requests']);
  });

  it('has its options in its version', async () => {
    const [other] = await loadSteps([{ package: './example-step', options: { label: 'user' } }], fixtures);
    expect(other?.version).not.toBe(brought[0]?.version);
  });

  it.each([
    [[{ package: './example-step', options: {} }], /`label` must name a label/],
    [[{ package: './example-executor', options: {} }], /no export `step`/],
    [[{ package: './nothing-there', options: {} }], /nothing-there/],
    [
      [
        { package: './example-step', options: { label: 'a' } },
        { package: './example-step', options: { label: 'b' } },
      ],
      /twice/,
    ],
  ])('is refused with the reason', async (asked, reason) => {
    await expect(loadSteps(asked, fixtures)).rejects.toThrow(reason);
  });
});

describe('the unit step', () => {
  checkStep(() => unitStep);
});
describe('the filter step', () => {
  checkStep(() => createFilterStep([{ name: 'some', action: 'drop', metric: 'a*', labels: { x: '*' } }]));
});
describe('the example step', () => {
  checkStep(() => brought[0]!);
});
