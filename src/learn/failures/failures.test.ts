import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../bus/memory-bus.ts';
import type { Event } from '../../model/event.ts';
import type { FailureDefinition } from '../../model/failure-definition.ts';
import type { Frame } from '../../model/frame.ts';
import { internLayout } from '../../model/layout.ts';
import { topics } from '../../model/topics.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createStore } from '../../store/create-store.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import type { Store } from '../../store/store.ts';
import { createFailureStage } from './failure-stage.ts';
import { judgeHistory } from './judge-history.ts';

const STEP = 5000;
const MINUTE = 60_000;
const START = Date.UTC(2026, 4, 20, 9);
const clock: Clock = { ...systemClock, now: () => START + 3_600_000 };
/** A pattern of lines of the log, by its id. */
const DISK_FULL = 'log_pattern_lines_total{level="error",template="8c0f2a"}';
const layout = internLayout(
  ['errors{code="5xx"}', 'load', DISK_FULL].map((name) => ({
    name,
    metric: name,
    labels: {},
    kind: 'level',
    unit: '',
    limit: null,
  })),
);

const definitions: readonly FailureDefinition[] = [
  { kind: 'outage', entityKinds: [], when: { down: 2 * MINUTE } },
  { kind: 'errors', entityKinds: ['host'], when: { feature: 'errors', side: 'above', limit: 10, for: MINUTE } },
  { kind: 'killed', entityKinds: [], when: { event: 'oom_*' } },
  { kind: 'slow', entityKinds: [], when: { alert: 'HighLatency' } },
  {
    kind: 'disk-full',
    entityKinds: [],
    when: { feature: 'log_pattern_lines_total{*template="8c0f2a"*}', side: 'above', limit: 0, for: 0 },
  },
];

const at = (minutes: number): number => START + minutes * MINUTE;

function frame(entity: string, time: number, values: readonly number[], named = layout): Frame {
  const numbers = Float32Array.from(values);
  const fixed = { fleet: 'default', stepMs: STEP, layout: named };
  return { ...fixed, entity, time, values: numbers, derived: numbers, closedAt: time };
}

/** An hour of two hosts: errors for half a minute and for five, a silence of one and of ten minutes, one line of a log. */
function frames(): Frame[] {
  const all: Frame[] = [];
  for (let time = at(0); time < at(60); time += STEP) {
    const minute = (time - START) / MINUTE;
    const errors = (minute >= 10 && minute < 10.5) || (minute >= 20 && minute < 25) ? 50 : 1;
    // A missing value in the middle of it neither ends nor proves anything.
    all.push(frame('host/a', time, [minute >= 22 && minute < 23 ? Number.NaN : errors, 1, Number(minute === 50)]));
    if (!((minute >= 5 && minute < 6) || (minute >= 30 && minute < 40))) all.push(frame('host/b', time, [0, 2, 0]));
  }
  return all;
}

const event = (id: string, minutes: number, over: Partial<Event>): Event => ({
  id,
  time: at(minutes),
  entity: 'host/a',
  fleet: 'default',
  name: 'alert',
  source: 'test',
  severity: 'info',
  text: '',
  labels: {},
  ...over,
});

const events = [
  event('e1', 7, { name: 'oom_kill' }),
  event('e2', 7.5, { name: 'oom_kill' }),
  event('e3', 9, { name: 'deploy' }),
  event('e4', 41, { labels: { alertname: 'HighLatency', status: 'firing' } }),
  event('e5', 42, { labels: { alertname: 'HighLatency', status: 'firing' } }),
  event('e6', 45, { labels: { alertname: 'HighLatency', status: 'resolved' } }),
  event('e7', 46, { labels: { alertname: 'Other' } }),
];

const EXPECTED = [
  ['host/a', 'killed', 7, 7.5],
  ['host/a', 'errors', 20, 25],
  ['host/b', 'outage', 30, 40],
  ['host/a', 'slow', 41, 45],
  ['host/a', 'disk-full', 50, (50 * MINUTE + STEP) / MINUTE],
];

let store: Store;
beforeEach(async () => {
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
});
afterEach(() => store.close());

const said = async () =>
  (await store.failures.list({ limit: 100, cursor: null })).items
    .map(({ id, entity, kind, start, end }) => ({
      id,
      told: [entity, kind, (start - START) / MINUTE, end === null ? null : (end - START) / MINUTE],
    }))
    .toReversed();

function stage(found: readonly FailureDefinition[] = definitions) {
  const bus = createMemoryBus({ clock, log: silentLog, metrics: createMetrics(), deadLetters: async () => undefined });
  const options = { stepMs: STEP, stepsMs: 86_400_000, windowMs: 86_400_000 };
  return {
    bus,
    failures: createFailureStage({
      bus,
      store,
      clock,
      log: silentLog,
      metrics: createMetrics(),
      definitions: found,
      options,
    }),
  };
}

/** In pieces of half a minute, as steps come one after the other. */
const chunks = (all: readonly Frame[]): Frame[][] =>
  Array.from({ length: Math.ceil(all.length / 12) }, (_, i) => all.slice(i * 12, i * 12 + 12));

/** Plays frames and events as they come. */
async function live(from: number, to: number): Promise<void> {
  const { bus, failures } = stage();
  await bus.start();
  await failures.start();
  const now = frames().filter(({ time }) => time >= at(from) && time < at(to));
  const stops = [...events.filter(({ time }) => time >= at(from) && time < at(to)), null];
  let done = 0;
  for (const next of stops) {
    const until = next === null ? now.length : now.findIndex(({ time }) => time + STEP > next.time);
    const part = now.slice(done, until);
    for (const some of chunks(part)) {
      const messages = some.map((value) => ({ key: value.entity, value }));
      await bus.publish(topics.frames, messages, { durable: true });
    }
    done = Math.max(done, until);
    if (next !== null) await bus.publish(topics.events, [{ key: next.entity, value: next }], { durable: true });
  }
  await failures.stop();
  await bus.stop();
  await store.frames.append(now);
}

describe('failures by definition', () => {
  it('live and history give the same, to the id', async () => {
    await live(0, 60);
    const seen = await said();
    expect(seen.map(({ told }) => told)).toEqual(EXPECTED);

    const other = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
    await other.frames.append(frames());
    await other.events.append(events);
    const history = {
      entities: ['host/a', 'host/b'],
      range: { from: at(0), to: at(60) },
      stepsFrom: at(0),
      stepMs: STEP,
    };
    await judgeHistory(other, definitions, { history, signal: new AbortController().signal });
    const again = (await other.failures.list({ limit: 100, cursor: null })).items.map(({ id }) => id).toReversed();
    expect(again).toEqual(seen.map(({ id }) => id));
    await other.close();
  });

  it('a restart in the middle of an outage changes nothing', async () => {
    await live(0, 35);
    expect((await said()).at(-1)?.told).toEqual(['host/b', 'outage', 30, null]);
    await live(35, 60);
    expect((await said()).map(({ told }) => told)).toEqual(EXPECTED);
  });

  it('a target that answers no scrape is down, although other numbers of it still come', async () => {
    const names = ['up{job="node"}', 'load'];
    const scraped = internLayout(
      names.map((name) => ({ name, metric: name, labels: {}, kind: 'level', unit: '', limit: null })),
    );
    const steps = Array.from({ length: 720 }, (_, i) => at(0) + i * STEP);
    const answers = (time: number): number => Number(time < at(12) || time >= at(16));
    await store.frames.append(frames());
    await store.frames.append(steps.map((time) => frame('host/c', time, [answers(time), 1], scraped)));
    const history = { range: { from: at(0), to: at(60) }, stepsFrom: at(0), stepMs: STEP };
    await judgeHistory(store, [definitions[0]!], {
      history: { ...history, entities: ['host/a', 'host/c'] },
      signal: new AbortController().signal,
    });
    expect((await said()).map(({ told }) => told)).toEqual([['host/c', 'outage', 12, 16]]);
  });

  it('when everybody is silent it was Vigía that was off', async () => {
    await live(0, 28);
    await live(41, 60);
    expect((await said()).map(({ told }) => told[1])).not.toContain('outage');
  });

  it('a new definition finds what happened before it, once, and what a person withdrew stays so', async () => {
    await store.frames.append(frames());
    const { failures } = stage([definitions[1]!]);
    await failures.start();
    await expect.poll(said).toMatchObject([{ told: ['host/a', 'errors', 20, 25] }]);
    await failures.stop();
    const [found] = (await store.failures.list({ limit: 1, cursor: null })).items;
    await store.failures.correct({ ...found!, correction: { by: 'ana', time: 1, withdrawn: true } });
    await store.failures.upsert([found!]);
    expect(await said()).toEqual([]);
  });
});
