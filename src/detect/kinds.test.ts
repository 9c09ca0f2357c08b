import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { Bus, Subscription } from '../bus/bus.ts';
import { createRandom } from '../ml/random.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Detector, DetectorFactory } from '../model/detector.ts';
import type { FailureDefinition } from '../model/failure-definition.ts';
import type { Feature, Frame } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import { topics } from '../model/topics.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { createText } from '../text/text.ts';
import { createDetectStage, type DetectStage } from './detect-stage.ts';

const STEP = 15_000;
const DAY = 86_400_000;
const HOUR = 3_600_000;
const MINUTE = 60_000;
const CALM = 400;
/** Fixed, so that hours of the day are the same in every run. */
const START = Date.UTC(2026, 4, 20, 6);

const feature = (name: string, rest: Partial<Feature> = {}): Feature => ({
  name,
  metric: name.split('{')[0]!,
  labels: {},
  kind: 'level',
  unit: '',
  limit: null,
  ...rest,
});
const FEATURES = [
  feature('latency'),
  feature('memory_used_bytes', { limit: { side: 'above', value: 9000 } }),
  feature('log_lines{template="a"}', { kind: 'rate', labels: { template: 'a' } }),
  feature('queue_free', { limit: { side: 'below', value: 60 } }),
];
const NEW_PATTERN = feature('log_lines{template="b"}', { kind: 'rate', labels: { template: 'b', level: 'error' } });

type Change = (values: number[], minutes: number) => void;

/** Frames `from` to `to` of one service, the same for everyone, with what a fault makes of them. */
function frames(from: number, to: number, change: Change = () => undefined, features = FEATURES): Frame[] {
  const layout = internLayout(features);
  const random = createRandom(from + 1);
  return Array.from({ length: to - from }, (_, i) => {
    const time = START + (from + i) * STEP;
    const values = [100 + 3 * random.normal(), 5000 + 40 * random.normal(), 8 + random.normal(), 100 + random.normal()];
    while (values.length < features.length) values.push(2 + random.next());
    change(values, (i * STEP) / MINUTE);
    return {
      entity: 'service/orders',
      fleet: 'default',
      time,
      stepMs: STEP,
      layout,
      values: Float32Array.from(values),
      derived: new Float32Array(0),
      closedAt: time + STEP,
    };
  });
}

/** A course that comes again every hour, and a detector that knows it. */
const high = (minutes: number): number => 100 + 40 * Math.sin((2 * Math.PI * minutes) / 60);
const tideOf = (): Detector => ({
  kind: 'tide',
  fit: () => undefined,
  learn: () => undefined,
  toJSON: () => ({}),
  score: (frame) => {
    const each = (of: (f: number) => number): Float32Array => Float32Array.from(frame.values, (_, f) => of(f));
    const usual = high((frame.time - START) / MINUTE);
    const off = Math.abs(frame.values[0]! - usual) > 10 ? 1 : 0;
    return {
      ready: true,
      score: 30 * off,
      features: each((f) => (f === 0 ? 30 * off : 0)),
      expected: each((f) => (f === 0 ? usual : frame.values[f]!)),
      low: each((f) => (f === 0 ? usual - 5 : frame.values[f]! - 1)),
      high: each((f) => (f === 0 ? usual + 5 : frame.values[f]! + 1)),
      hints: { seasonBreak: each((f) => (f === 0 ? off : 0)) },
    };
  },
});
const tide: DetectorFactory = { kind: 'tide', create: tideOf, fromJSON: tideOf };

let now = 0;
const clock: Clock = { ...systemClock, now: () => now, monotonic: () => now };
let store: Store;
let bus: Bus;
let stage: DetectStage;
let heard: Anomaly[];
let hearing: Subscription;

beforeEach(async () => {
  now = START + 7 * HOUR;
  heard = [];
  const metrics = createMetrics();
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  hearing = await bus.subscribe(topics.anomalies, 'test', async (batch) => {
    heard.push(...batch.map(({ value }) => value));
  });
  await begin(STEP);
});
afterEach(async () => {
  await stage.stop();
  await bus.stop(100);
  await store.close();
});

interface Given {
  readonly detector?: DetectorFactory;
  readonly failures?: readonly FailureDefinition[];
}

async function begin(stepMs: number, { detector, failures = [] }: Given = {}): Promise<void> {
  const options = {
    stepMs,
    settingsOf: () => ({ warmUp: 120, minimumDurationMs: 30_000, mute: false }),
    alertBudget: () => ({ pages: { count: 2, windowMs: DAY }, warnings: { count: 20, windowMs: DAY } }),
    adoptMs: HOUR,
    failures,
    ...(detector && { detector: () => detector }),
  };
  stage = createDetectStage({ bus, store, clock, log: silentLog, metrics: createMetrics(), options });
  await stage.start();
}

/** Publishes frames and waits until they are worked on and what was found of them is heard. */
async function feed(some: readonly Frame[]): Promise<void> {
  await bus.publish(
    topics.frames,
    some.map((frame) => ({ key: frame.entity, value: frame })),
    { durable: true },
  );
  await expect.poll(() => stage.current('service/orders')?.time).toBe(some.at(-1)?.time);
  await allHeard();
}

/** What was told is on its way over the bus until nothing is behind any more. */
const allHeard = (): Promise<void> => expect.poll(() => hearing.lag()).toBe(0);

const english = createText()('en');
const spanish = createText()('es');

/** What was last said of the anomaly that a feature drives. */
const last = (name: string): Anomaly | undefined =>
  heard.findLast(({ contributions }) => contributions[0]?.feature === name);

const courses: readonly [string, string, number, Change][] = [
  ['spike', 'latency', 4, (values) => (values[0] = values[0]! + 60)],
  ['dip', 'latency', 4, (values) => (values[0] = values[0]! - 60)],
  ['level_shift', 'latency', 40, (values) => (values[0] = values[0]! + 60)],
  ['trend', 'latency', 40, (values, minutes) => (values[0] = values[0]! + 8 + 20 * minutes)],
  ['variance', 'latency', 40, (values) => (values[0] = 100 + 25 * (values[0]! - 100))],
  ['flatline', 'latency', 80, (values) => (values[0] = 100)],
  ['rate_change', FEATURES[2]!.name, 40, (values) => (values[2] = values[2]! + 40)],
  ['missing', 'latency', 60, (values) => (values[0] = Number.NaN)],
];

describe('the kind of an anomaly, and its reason', () => {
  it.each(courses)('%s', async (kind, name, count, change) => {
    await feed(frames(0, CALM));
    expect(heard).toEqual([]);
    await feed(frames(CALM, CALM + count, change));
    const found = last(name);
    expect(found).toMatchObject({ kind, entity: 'service/orders', ending: null });
    for (const words of [english, spanish]) {
      const reason = words.phrase(found!.kindReason!);
      expect(reason).toContain(name);
      expect(reason).not.toMatch(/\{\{|detect\./);
    }
  });

  it('seasonality_break, where the detector says that a usual course did not come', async () => {
    await stage.stop();
    await begin(STEP, { detector: tide });
    await feed(frames(0, CALM, (values, minutes) => (values[0] = minutes > 80 ? 100 : high(minutes))));
    expect(last('latency')).toMatchObject({
      kind: 'seasonality_break',
      kindReason: { values: { feature: 'latency' } },
    });
  });

  it('missing, for an entity of which nothing comes', async () => {
    await feed(frames(0, 100));
    now += 120_000;
    await expect.poll(() => heard.map(({ kind }) => kind)).toEqual(['missing']);
    expect(heard[0]).toMatchObject({ contributions: [], kindReason: { key: 'detect.kindMissing' } });
    await feed(frames(110, 111));
    expect(heard.at(-1)).toMatchObject({ ending: { by: 'calm', reason: { key: 'detect.endBack' } } });
  });

  it('new_log_pattern, for a pattern that an entity has never shown; a grave one warns', async () => {
    await feed(frames(0, CALM));
    await feed(frames(CALM, CALM + 10, undefined, [...FEATURES, NEW_PATTERN]));
    expect(heard).toMatchObject([{ kind: 'new_log_pattern', severity: 'warning' }]);
    expect(heard[0]?.contributions.map(({ feature: name }) => name)).toEqual([NEW_PATTERN.name]);
    await feed(frames(CALM + 10, CALM + 80, undefined, [...FEATURES, NEW_PATTERN]));
    expect(heard.at(-1)).toMatchObject({ kind: 'new_log_pattern', ending: { by: 'calm' } });
  });

  it('vanished_log_pattern, for one that came steadily; one that comes now and then is not missed', async () => {
    const seldom: Change = (values, minutes) => {
      if (Math.round(minutes * 4) % 40 > 3) values[4] = 0;
    };
    const features = [...FEATURES, NEW_PATTERN];
    await feed(frames(0, CALM, seldom, features));
    await feed(frames(CALM, CALM + 60, (values) => (values[2] = values[4] = Number.NaN), features));
    const mine = heard.filter(({ kind }) => kind === 'vanished_log_pattern');
    expect(mine).toMatchObject([
      { start: START + CALM * STEP, severity: 'info', end: null, kindReason: { key: 'detect.kindVanishedLogPattern' } },
    ]);
    expect(mine[0]?.contributions.map(({ feature: name }) => name)).toEqual([FEATURES[2]!.name]);
    await feed(frames(CALM + 60, CALM + 62, undefined, features));
    expect(heard.at(-1)).toMatchObject({ kind: 'vanished_log_pattern', ending: { by: 'calm' } });
  });
});

describe('features that go missing', () => {
  const gone: Change = (values) => (values[0] = Number.NaN);

  it('are one anomaly, which ends when they come again', async () => {
    await feed(frames(0, CALM));
    await feed(frames(CALM, CALM + 60, (values) => (values[0] = values[3] = Number.NaN)));
    expect(new Set(heard.map(({ id }) => id)).size).toBe(1);
    expect(heard.at(-1)).toMatchObject({ start: START + CALM * STEP, severity: 'warning', end: null });
    expect(heard.at(-1)?.contributions.map(({ share }) => share)).toEqual([0.5, 0.5]);
    await feed(frames(CALM + 60, CALM + 61));
    expect(heard.at(-1)).toMatchObject({ end: START + (CALM + 60) * STEP, ending: { by: 'calm' } });
  });

  it('are given up after a while, and not told again', async () => {
    await feed(frames(0, CALM));
    await feed(frames(CALM, CALM + 300, gone));
    expect(heard.at(-1)).toMatchObject({ kind: 'missing', ending: { by: 'gone' } });
    const told = heard.length;
    await feed(frames(CALM + 300, CALM + 400, gone));
    expect(heard).toHaveLength(told);
  });

  it('that have always come now and then are not missed', async () => {
    const seldom: Change = (values, minutes) => {
      if (Math.round(minutes * 4) % 20 !== 0) values[0] = Number.NaN;
    };
    await feed(frames(0, 600, seldom));
    await feed(frames(600, 640, (values) => (values[0] = Number.NaN)));
    expect(heard.filter(({ kind }) => kind === 'missing')).toEqual([]);
  });
});

describe('severity', () => {
  it('is critical near what the owner calls a failure, from above and from below', async () => {
    // An anomaly is believed to be as rare as there is history, and no rarer.
    await feed(frames(0, 1500));
    await feed(frames(1500, 1560, (values) => (values[1] = 8800 + values[1]! / 100)));
    expect(last('memory_used_bytes')).toMatchObject({
      severity: 'critical',
      severityReason: { key: 'detect.criticalNearLimit' },
    });
    await feed(frames(1600, 1660, (values) => (values[3] = 61)));
    expect(last('queue_free')).toMatchObject({ severity: 'critical' });
  });

  it.each([
    ['service', 'critical'],
    ['host', 'warning'],
  ])('near a bound that the owner defined as a failure of a %s is %s', async (kind, severity) => {
    const when = { feature: 'latency*', side: 'above', limit: 200, for: 60_000 } as const;
    await stage.stop();
    await begin(STEP, { failures: [{ kind: 'slow', entityKinds: [kind], when }] });
    await feed(frames(0, 1500));
    await feed(frames(1500, 1560, (values) => (values[0] = 196 + values[0]! / 100)));
    const found = last('latency')!;
    expect(found.severity).toBe(severity);
    if (severity !== 'critical') return;
    expect(found.severityReason).toMatchObject({ key: 'detect.criticalNearFailure', values: { failure: 'slow' } });
    expect(english.phrase(found.severityReason)).toMatch(/9\d\s?% of what counts as the failure slow\.$/);
    expect(spanish.phrase(found.severityReason)).toContain('lo que se considera el fallo slow');
  });
});

describe('a shift that lasts', () => {
  const shift: Change = (values) => (values[0] = values[0]! + 60);
  const mine = () => heard.filter(({ contributions }) => contributions[0]?.feature === 'latency');

  it('becomes the new normal after the time for it, with a note, and is not told again', async () => {
    await feed(frames(0, CALM));
    await feed(frames(CALM, CALM + 241 + 5, shift));
    expect(mine().at(-1)).toMatchObject({ ending: { by: 'adopted', reason: { key: 'detect.endAdopted' } } });
    const told = mine().length;
    await feed(frames(CALM + 246, CALM + 1200, shift));
    expect(mine()).toHaveLength(told);
    // What is normal has been learnt: going back is news.
    await feed(frames(CALM + 1200, CALM + 1240));
    expect(mine().length).toBeGreaterThan(told);
  });

  it('is adopted at once when a person says so, while something stronger is still told', async () => {
    await feed(frames(0, CALM));
    await feed(frames(CALM, CALM + 40, shift));
    const open = mine().at(-1)!;
    const adopted = await stage.adopt(open.id, 'ana');
    expect(adopted).toMatchObject({
      id: open.id,
      ending: { by: 'adopted', reason: { key: 'detect.endAdoptedBy', values: { by: 'ana' } } },
    });
    expect(await store.anomalies.get(open.id)).toEqual(adopted);
    expect(await stage.adopt(open.id, 'ana')).toBeNull();
    await allHeard();
    const told = mine().length;
    await feed(frames(CALM + 40, CALM + 100, shift));
    expect(mine()).toHaveLength(told);
    await feed(frames(CALM + 100, CALM + 140, (values) => (values[0] = values[0]! + 600)));
    expect(mine().at(-1)?.id).not.toBe(open.id);
  });

  it('is not learnt at full weight before: back to the old level within the time, nothing is told of that level', async () => {
    await feed(frames(0, CALM));
    await feed(frames(CALM, CALM + 200, shift));
    const [first] = mine();
    await feed(frames(CALM + 200, CALM + 260));
    expect(new Set(mine().map(({ id }) => id))).toEqual(new Set([first!.id]));
    expect(mine().at(-1)).toMatchObject({ ending: { by: 'calm' } });
  });
});
