import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../model/frame.ts';
import { canonicalKey, type Labels } from '../model/labels.ts';
import type { MetricType, SampleBatch, Series } from '../model/series.ts';
import { featureSource } from './feature-source.ts';
import { bucketQuantile } from './histogram.ts';
import { withLimits } from './limits.ts';
import { PrepareCore } from './prepare-core.ts';

const entity = 'host/web-1';
const known = new Map<string, Series>();

function series(name: string, labels: Labels = {}, type: MetricType = 'gauge', unit = ''): Series {
  const key = canonicalKey(name, labels);
  const made = known.get(key) ?? { key, name, labels, type, unit, entity };
  known.set(key, made);
  return made;
}

type Sample = readonly [Series, number, number];

const batch = (samples: readonly Sample[], receivedAt = Math.max(...samples.map(([, time]) => time))): SampleBatch => ({
  entity,
  fleet: 'default',
  source: 'push',
  receivedAt,
  series: samples.map(([one]) => one),
  times: Float64Array.from(samples, ([, time]) => time),
  values: Float64Array.from(samples, ([, , value]) => value),
});

const rules = { stepMs: 1000, latenessMs: 500, featuresPerEntity: 100, limits: [] };

function core(newest = Number.NEGATIVE_INFINITY, over: Partial<typeof rules> = {}): PrepareCore {
  const made = new PrepareCore({ ...rules, ...over });
  made.admit(entity, { layout: null, newest });
  return made;
}

function feed(into: PrepareCore, ...batches: readonly SampleBatch[]): readonly Frame[] {
  for (const one of batches) into.ingest(one, one.receivedAt, one.receivedAt);
  return into.outbox.frames;
}

const close = (into: PrepareCore, monotonic: number): void => void [...into.passTime(monotonic, monotonic, 0)];

const value = (frame: Frame | undefined, name: string): number | undefined => {
  const at = frame?.layout.features.findIndex((feature) => feature.name === name) ?? -1;
  return at < 0 ? undefined : frame?.values[at];
};

describe('frames of a step', () => {
  it('hold the mean of a gauge over the step', () => {
    const load = series('load1');
    const frames = feed(
      core(),
      batch([
        [load, 10_100, 1],
        [load, 10_600, 3],
        [load, 11_700, 9],
      ]),
    );
    expect(frames.map(({ time }) => time)).toEqual([10_000]);
    expect(value(frames[0], 'load1')).toBe(2);
  });

  it('close when event time passes end and lateness, not before', () => {
    const load = series('load1');
    const into = core();
    expect(feed(into, batch([[load, 10_100, 1]]), batch([[load, 11_499, 1]]))).toHaveLength(0);
    expect(feed(into, batch([[load, 11_500, 1]]))).toHaveLength(1);
  });

  it('close by the clock when nothing comes any more, but not while samples wait in the queue', () => {
    const into = core();
    feed(into, batch([[series('load1'), 10_100, 1]]));
    close(into, 11_499);
    expect(into.outbox.frames).toHaveLength(0);
    expect([...into.passTime(11_600, 11_600, 400)]).toHaveLength(1);
    expect(into.outbox.frames).toHaveLength(0);
    close(into, 11_500);
    expect(into.outbox.frames).toHaveLength(1);
  });

  it('take a slower source within the lateness, and count what is later', () => {
    const into = core();
    const [fast, slow] = [series('fast'), series('slow')];
    feed(into, batch([[fast, 10_100, 1]]), batch([[fast, 11_400, 1]]), batch([[slow, 10_200, 5]], 11_450));
    feed(into, batch([[fast, 12_600, 1]]), batch([[slow, 10_900, 7]], 12_700));
    expect(value(into.outbox.frames[0], 'slow')).toBe(5);
    expect(into.counts.late).toBe(1);
  });

  it('are the same when a batch is repeated or not in order of time', () => {
    const load = series('load1');
    const samples: Sample[] = [
      [load, 10_700, 3],
      [load, 10_100, 1],
      [load, 11_800, 9],
    ];
    const into = core();
    const frames = feed(into, batch(samples), batch(samples));
    expect(frames).toHaveLength(1);
    expect(value(frames[0], 'load1')).toBe(2);
    expect(into.counts.repeated).toBe(3);
  });

  it('hold every series when batches are of unlike length and order', () => {
    fc.assert(
      fc.property(fc.array(fc.subarray([0, 1, 2, 3, 4, 5, 6, 7]), { minLength: 1, maxLength: 20 }), (picks) => {
        const into = core();
        picks.forEach((pick, step) => {
          const samples = pick.map((i): Sample => [series(`m${i}`), 10_000 + step * 1000, 100 * i + step]);
          if (samples.length > 0) feed(into, batch(samples));
        });
        feed(into, batch([[series('m0'), 90_000, 1]]));
        expect(into.counts.repeated + into.counts.late).toBe(0);
        for (const frame of into.outbox.frames) {
          const step = (frame.time - 10_000) / 1000;
          const found = picks[step]?.map((i) => value(frame, `m${i}`));
          expect(found).toEqual(picks[step]?.map((i) => 100 * i + step));
        }
      }),
    );
  });

  it('leave out samples far in the future, so that they close nothing', () => {
    const into = core();
    const load = series('load1');
    feed(into, batch([[load, 10_100, 1]], 10_100), batch([[load, 9e12, 1]], 10_200));
    expect(into.outbox.frames).toHaveLength(0);
    expect(into.counts.future).toBe(1);
  });

  it('are NaN where a feature is missing, and the layout only grows', () => {
    const [a, b] = [series('a'), series('b')];
    const frames = feed(core(), batch([[a, 10_100, 1]]), batch([[b, 12_000, 2]]), batch([[a, 14_000, 3]]));
    expect(frames.map((frame) => [...frame.values])).toEqual([
      [1, Number.NaN],
      [Number.NaN, 2],
    ]);
    expect(frames[1]?.layout.features[0]).toEqual(frames[0]?.layout.features[0]);
  });

  it('keep to the feature budget and count what is turned away', () => {
    const into = core(Number.NEGATIVE_INFINITY, { featuresPerEntity: 3 });
    const samples = Array.from({ length: 10 }, (_, i): Sample => [series(`m${i}`), 10_000, i]);
    const frames = feed(into, batch(samples), batch([[series('m0'), 12_000, 1]]));
    expect(frames[0]?.layout.features.map(({ name }) => name)).toEqual(['m0', 'm1', 'm2']);
    expect(into.counts.turnedAway).toBe(7);
  });

  it('share one layout object among entities with the same features', () => {
    const into = core();
    into.admit('host/web-2', { layout: null, newest: Number.NEGATIVE_INFINITY });
    const one = batch([
      [series('load1'), 10_000, 1],
      [series('load1'), 12_000, 1],
    ]);
    feed(into, one, { ...one, entity: 'host/web-2' });
    const [first, second] = into.outbox.frames;
    expect(first?.entity).not.toBe(second?.entity);
    expect(first?.layout).toBe(second?.layout);
  });

  it('that are stored already are not made again', () => {
    const load = series('load1');
    const frames = feed(
      core(11_000),
      batch([10_100, 11_100, 12_100, 13_600].map((time): Sample => [load, time, time])),
    );
    expect(frames.map(({ time }) => time)).toEqual([12_000]);
  });
});

describe('rates', () => {
  const requests = series('requests_total', {}, 'counter');
  const rateOf = (...values: readonly number[]): readonly (number | undefined)[] =>
    feed(
      core(),
      batch([...values, 0].map((one, i): Sample => [requests, 10_000 + i * 1000, one])),
      batch([[requests, 10_000 + (values.length + 2) * 1000, 0]]),
    )
      .slice(0, values.length - 1)
      .map((frame) => value(frame, 'requests_total'));

  it('are the increase per second', () => {
    expect(rateOf(100, 110, 130)).toEqual([10, 20]);
  });

  it('begin at zero after a restart of the counter', () => {
    expect(rateOf(1000, 1010, 4, 9)).toEqual([10, 4, 5]);
  });

  it('take a small step back for a correction', () => {
    expect(rateOf(1000, 1010, 1009, 1019)).toEqual([10, 0, 10]);
  });

  it('are never negative, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e15, noNaN: true }), { minLength: 2, maxLength: 40 }),
        (values) => {
          for (const rate of rateOf(...values)) expect(rate ?? 0).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  it('of CPU seconds are shares of a core', () => {
    const source = featureSource(series('cpu_seconds_total', { mode: 'user' }, 'counter', 'seconds'));
    expect(source).toMatchObject({ role: 'rate', feature: { unit: 'ratio', name: 'cpu_seconds_total{mode="user"}' } });
  });
});

describe('features of a series', () => {
  it('have names without the labels that name the entity', () => {
    const source = featureSource(series('load1', { instance: 'web-1:9100', host: 'web-1', zone: 'a' }));
    expect(source).toMatchObject({ feature: { name: 'load1{zone="a"}' } });
  });

  it.each(['process_start_time_seconds', 'foo_created', 'node_time_seconds', 'last_backup_timestamp_seconds'])(
    'are not made of the clock: %s',
    (name) => {
      expect(featureSource(series(name)).role).toBe('ignore');
    },
  );

  it('of a histogram are its quantiles', () => {
    const bucket = (le: string): Series => series('latency_seconds_bucket', { le }, 'histogram', 'seconds');
    const at = (time: number, counts: readonly number[]): SampleBatch =>
      batch(['0.1', '0.5', '+Inf'].map((le, i): Sample => [bucket(le), time, counts[i] ?? 0]));
    const frames = feed(core(), at(10_000, [0, 0, 0]), at(11_000, [50, 100, 100]), at(13_000, [50, 100, 100]));
    expect(value(frames[0], 'latency_seconds{quantile="0.5"}')).toBeCloseTo(0.1, 6);
    expect(value(frames[0], 'latency_seconds{quantile="0.99"}')).toBeCloseTo(0.492, 6);
  });
});

describe('quantiles of buckets', () => {
  const uppers = [1, 2, 4, Number.POSITIVE_INFINITY];

  it('grow with q and stay within the bounds', () => {
    const counts = fc.array(fc.nat(100), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(counts, fc.double({ min: 0.01, max: 0.99 }), fc.double({ min: 0.01, max: 0.99 }), (each, a, b) => {
        const cumulative = each.map((_, i) => each.slice(0, i + 1).reduce((sum, one) => sum + one, 0));
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((q) => bucketQuantile(q, uppers, cumulative));
        expect(cumulative[3] === 0 ? Number.isNaN(low) : low! <= high! && low! >= 0 && high! <= 4).toBe(true);
      }),
    );
  });

  it('are unknown without observations or without the last bucket', () => {
    expect(bucketQuantile(0.5, uppers, [0, 0, 0, 0])).toBeNaN();
    expect(bucketQuantile(0.5, [1, 2], [1, 2])).toBeNaN();
  });
});

describe('limits', () => {
  const feature = (name: string, labels: Labels = {}) => ({
    name: canonicalKey(name, labels),
    metric: name,
    labels,
    kind: 'level' as const,
    unit: '',
    limit: null,
  });
  const data = { mountpoint: '/data' };

  it('are found among the features of the same resource', () => {
    const [used] = withLimits([feature('filesystem_used_bytes', data), feature('filesystem_size_bytes', data)], []);
    expect(used?.limit).toEqual({ side: 'above', value: { feature: 'filesystem_size_bytes{mountpoint="/data"}' } });
  });

  it.each([
    ['memory_used_bytes', 'memory_total_bytes'],
    ['swap_used_bytes', 'swap_total_bytes'],
    ['filesystem_inodes_used', 'filesystem_inodes_total'],
    ['process_open_fds', 'process_max_fds'],
    ['node_filefd_allocated', 'node_filefd_maximum'],
  ])('%s may not pass %s', (used, total) => {
    expect(withLimits([feature(used), feature(total)], [])[0]?.limit).toEqual({
      side: 'above',
      value: { feature: total },
    });
  });

  it('of what is left are zero, unless what is used is there too', () => {
    const left = feature('node_filesystem_avail_bytes', data);
    expect(withLimits([left], [])[0]?.limit).toEqual({ side: 'below', value: 0 });
    expect(withLimits([left, feature('node_filesystem_used_bytes', data)], [])[0]?.limit).toBeNull();
  });

  it('in the configuration win', () => {
    const rule = { metric: 'queue_*', labels: { name: 'mail' }, side: 'above' as const, value: 1000 };
    const features = [feature('queue_length', { name: 'mail' }), feature('queue_length', { name: 'other' })];
    expect(withLimits(features, [rule]).map(({ limit }) => limit)).toEqual([{ side: 'above', value: 1000 }, null]);
  });
});

describe('minutes', () => {
  it('hold mean, lowest and highest of their frames', () => {
    const load = series('load1');
    const into = core();
    feed(into, batch(Array.from({ length: 63 }, (_, i): Sample => [load, 60_000 + i * 1000, i])));
    const [minute] = into.outbox.rollups;
    expect(minute).toMatchObject({ time: 60_000, stepMs: 60_000 });
    expect([minute?.mean[0], minute?.low[0], minute?.high[0]]).toEqual([29.5, 0, 59]);
  });

  it('are finished with the stored frames of the minute after a restart', () => {
    const load = series('load1');
    const into = core(90_000);
    feed(into, batch(Array.from({ length: 80 }, (_, i): Sample => [load, 50_000 + i * 1000, i])));
    expect(into.outbox.rollups[0]).toMatchObject({ time: 60_000, low: Float32Array.of(10), high: Float32Array.of(69) });
    expect(into.outbox.frames[0]?.time).toBe(91_000);
  });
});

describe('derived features', () => {
  it('follow mean, deviation and slope', () => {
    const load = series('load1');
    const frames = feed(core(), batch(Array.from({ length: 400 }, (_, i): Sample => [load, i * 1000, 5 + 2 * i])));
    const [shortMean, , , , slope] = frames.at(-1)?.derived ?? [];
    expect(slope).toBeCloseTo(2, 1);
    expect(Math.abs((shortMean ?? 0) - (5 + 2 * 397))).toBeLessThan(30);
  });
});
