import { afterEach, describe, expect, test } from 'vitest';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { LogRecord } from '../model/log-record.ts';
import type { SampleBatch } from '../model/series.ts';
import { topics } from '../model/topics.ts';
import { systemClock } from '../runtime/clock.ts';
import { VigiaError } from '../runtime/errors.ts';
import { stableId } from '../runtime/ids.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import { createStore } from '../store/create-store.ts';
import { createLogStage } from './log-stage.ts';

const HOUR = 3_600_000;
const NOW = Math.floor(Date.now() / HOUR) * HOUR;
const line = (at: number, text: string, more: Partial<LogRecord> = {}): LogRecord => ({
  id: `l${at}`,
  entity: 'service/shop',
  fleet: 'default',
  time: NOW - 1000 + at,
  level: 'info',
  text,
  attributes: {},
  source: 'test',
  ...more,
});

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function start() {
  const metrics = createMetrics();
  const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  const store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
  const samples: SampleBatch[] = [];
  await bus.start();
  await bus.subscribe(topics.samples, 'test', async (batch) => void samples.push(...batch.map(({ value }) => value)));
  const stage = createLogStage({ bus, store, clock: systemClock, log: silentLog, metrics });
  await stage.start();
  open.push(
    () => store.close(),
    () => bus.stop(),
    () => stage.stop(),
  );
  const send = (records: readonly LogRecord[]): Promise<void> =>
    bus.publish(
      topics.logs,
      records.map((value) => ({ key: value.entity, value })),
      { durable: true },
    );
  return { bus, store, samples, send, stage };
}

const newest = (samples: readonly SampleBatch[]): Record<string, number> =>
  Object.fromEntries(samples.flatMap(({ series, values }) => series.map(({ key }, at) => [key, values[at]!])));

describe('the stage for lines of log', () => {
  test('lines become counters by level and pattern; a line that comes again counts once', async () => {
    const { samples, send } = await start();
    await send([line(1, 'user 1 left'), line(2, 'user 2 left'), line(3, 'no disk', { level: 'error' })]);
    await send([line(3, 'no disk', { level: 'error' }), line(4, 'user 9 left')]);
    await expect.poll(() => newest(samples)['log_lines_total{entity="service/shop",level="info"}']).toBe(3);
    const counts = newest(samples);
    expect(counts['log_lines_total{entity="service/shop",level="error"}']).toBe(1);
    expect(Object.entries(counts).filter(([key]) => key.startsWith('log_pattern_lines_total'))).toHaveLength(2);
    expect(samples.every(({ times }) => times.every((time) => time >= NOW - 1000 && time <= NOW))).toBe(true);
  });

  test('patterns are known and lines are evidence, a few of each', async () => {
    const { store, send } = await start();
    await send(Array.from({ length: 300 }, (_, at) => line(at, `user ${at} left after ${at} s`)));
    await send([line(900, 'Disk is full', { level: 'fatal', entity: 'host/a' })]);
    const patterns = await store.logs.listPatterns({ limit: 10, cursor: null });
    expect(patterns.items.map(({ text, level }) => [text, level])).toEqual([
      ['Disk is full', 'fatal'],
      ['user <*> left after <*> s', 'info'],
    ]);
    const own = await store.logs.listPatterns({ limit: 10, cursor: null, entity: 'host/a' });
    expect(own.items.map(({ text }) => text)).toEqual(['Disk is full']);
    const all = await store.logs.listExamples({ limit: 100, cursor: null });
    expect(all.items).toHaveLength(6);
    const found = await store.logs.listExamples({ limit: 100, cursor: null, search: 'disk IS', atLeast: 'error' });
    expect(found.items.map(({ entity, template }) => [entity, template])).toEqual([['host/a', patterns.items[0]!.id]]);
    // Not only the first lines: any has the same chance.
    expect(all.items.some(({ time }) => time > NOW - 1000 + 20)).toBe(true);
  });

  test('what could not be kept is handed on with the next try', async () => {
    const { store, samples, send } = await start();
    const kept = store.logs.examples.bind(store.logs);
    let failures = 1;
    Object.assign(store.logs, {
      examples: (given: Parameters<typeof kept>[0]) =>
        failures-- > 0 ? Promise.reject(new VigiaError('STORE_UNAVAILABLE', { detail: 'test' })) : kept(given),
    });
    await send([line(1, 'user 1 left'), line(2, 'user 2 left')]);
    expect(newest(samples)['log_lines_total{entity="service/shop",level="info"}']).toBe(2);
    expect((await store.logs.listExamples({ limit: 10, cursor: null })).items).toHaveLength(2);
  });

  test('after a restart patterns keep their ids', async () => {
    const { bus, store, send, stage } = await start();
    await send([line(1, 'user ann left'), line(2, 'disk sda is full')]);
    const before = await store.logs.listPatterns({ limit: 10, cursor: null });
    await stage.stop();
    const again = createLogStage({ bus, store, clock: systemClock, log: silentLog, metrics: createMetrics() });
    await again.start();
    open.push(() => again.stop());
    await send([line(5, 'disk sda is full')]);
    const after = await store.logs.listPatterns({ limit: 10, cursor: null });
    expect(new Set(after.items.map(({ id }) => id))).toEqual(new Set(before.items.map(({ id }) => id)));
    expect(after.items.find(({ text }) => text.startsWith('disk'))?.firstSeen).toBe(NOW - 998);
  });

  test('a process that died is gone on from: counters go on, and lines that come again are known', async () => {
    const { bus, samples, send, stage, store } = await start();
    const placed = Array.from({ length: 20 }, (_, at) => line(at, `user ${at} left`, { place: { stream: 'a', at } }));
    const named = Array.from({ length: 600 }, (_, at) =>
      line(at, `disk ${at} is full`, { id: stableId('line', at), level: 'warn', sentAgain: 'any' }),
    );
    await send([...placed, ...named]);
    // Nothing is told when it stops: it is as if it had been killed.
    await stage.stop();
    samples.length = 0;
    const metrics = createMetrics();
    const again = createLogStage({ bus, store, clock: systemClock, log: silentLog, metrics });
    await again.start();
    open.push(() => again.stop());
    // What may not have been told is told, before any line comes.
    await expect.poll(() => newest(samples)['log_lines_total{entity="service/shop",level="info"}']).toBe(20);
    const more = line(20, 'user 20 left', { place: { stream: 'a', at: 20 } });
    await send([...placed.slice(5), more, ...named, line(1, 'user 1 left', { place: { stream: 'b', at: 0 } })]);
    expect(newest(samples)['log_lines_total{entity="service/shop",level="info"}']).toBe(22);
    expect(newest(samples)['log_lines_total{entity="service/shop",level="warn"}']).toBe(600);
    expect((await metrics.expose()).text).toContain('vigia_prepare_log_lines_repeated_total 615');
  });

  test('what a sender says after a restart again is known, what it says twice before is twice', async () => {
    const { bus, samples, send, stage, store } = await start();
    const said = (stream: string, at: number, text: string) =>
      line(at, text, { id: stableId('line', text), sentAgain: 'afterRestart', place: { stream, at } });
    const info = (): number | undefined => newest(samples)['log_lines_total{entity="service/shop",level="info"}'];
    await send([said('one', 0, 'a'), said('one', 1, 'a'), said('two', 0, 'a'), said('one', 2, 'b')]);
    expect(info()).toBe(4);
    await stage.stop();
    const again = createLogStage({ bus, store, clock: systemClock, log: silentLog, metrics: createMetrics() });
    await again.start();
    open.push(() => again.stop());
    await send([said('three', 0, 'b'), said('three', 1, 'c'), said('three', 2, 'c')]);
    expect(info()).toBe(6);
  });

  test('many patterns of one entity are counted together beyond a bound', async () => {
    const { samples, send } = await start();
    const word = (at: number): string => String(at).replaceAll(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!);
    await send(Array.from({ length: 300 }, (_, at) => line(at, `${word(at)} ${word(at + 7)} went ${word(at * 3)}`)));
    await expect.poll(() => Object.keys(newest(samples)).length).toBeGreaterThan(90);
    const keys = Object.keys(newest(samples));
    expect(keys.length).toBeLessThan(120);
    expect(keys.some((key) => key.includes('template="others"'))).toBe(true);
  });

  test('processes that met the lines of a pattern in different orders come to one id, and so do counts and evidence', async () => {
    const one = await start();
    const store = one.store;
    await one.stage.stop();
    const names = ['ann', 'bob', 'eve', 'joe', 'kim', 'lou', 'max', 'sue'];
    const opened = (order: readonly string[], entity: string, from: number): LogRecord[] =>
      order.flatMap((name, at) => [
        line(from + 2 * at, `session opened for user ${name}`, { entity, id: `${entity}${from} ${name}` }),
        line(from + 2 * at + 1, `door ${name} of the house was closed`, { entity, id: `${entity}${from} d ${name}` }),
      ]);
    const process = async () => {
      const metrics = createMetrics();
      const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
      await bus.start();
      const samples: SampleBatch[] = [];
      await bus.subscribe(
        topics.samples,
        'test',
        async (batch) => void samples.push(...batch.map(({ value }) => value)),
      );
      const paces = { joinMs: 20, settleMs: 50 };
      const stage = createLogStage({ bus, store, clock: systemClock, log: silentLog, metrics, paces });
      await stage.start();
      open.push(
        () => bus.stop(),
        () => stage.stop(),
      );
      return {
        samples,
        stage,
        send: (records: readonly LogRecord[]) =>
          bus.publish(
            topics.logs,
            records.map((value) => ({ key: value.entity, value })),
            { durable: true },
          ),
      };
    };
    const [a, b] = [await process(), await process()];
    await a.send(opened(names, 'service/a', 0));
    await b.send(opened(names.toReversed(), 'service/b', 0));
    const texts = ['door <*> of the house was closed', 'session opened for user <*>'];
    const found = async () => (await store.logs.listPatterns({ limit: 100, cursor: null })).items;
    await expect
      .poll(async () => (await found()).map(({ text }) => text).toSorted(), { timeout: 60_000 })
      .toEqual(texts);
    await a.send(opened(['zoe', 'rex'], 'service/a', 100));
    await b.send(opened(['rex', 'ida'], 'service/b', 100));
    // A third that comes later, and meets others first.
    const c = await process();
    await c.send(opened(['ida', 'rex', 'ann'], 'service/c', 100));
    await expect
      .poll(async () => (await found()).map(({ text }) => text).toSorted(), { timeout: 60_000 })
      .toEqual(texts);
    const counted = ({ samples }: { readonly samples: readonly SampleBatch[] }, ids: readonly string[]): number[] =>
      ids.map((id) => newest(samples)[seriesOf(samples, id)] ?? 0);
    const seriesOf = (samples: readonly SampleBatch[], id: string): string =>
      samples.flatMap(({ series }) => series).find(({ labels }) => labels['template'] === id)?.key ?? '';
    const state = async () => {
      const ids = (await found()).toSorted((p, q) => (p.text < q.text ? -1 : 1)).map(({ id }) => id);
      const examples = (await store.logs.listExamples({ limit: 500, cursor: null })).items;
      const ofOthers = examples.filter(({ template }) => !ids.includes(template)).length;
      return { counts: [a, b, c].map((one) => counted(one, ids).every((lines) => lines > 0)), ofOthers };
    };
    await expect.poll(state, { timeout: 60_000 }).toEqual({ counts: [true, true, true], ofOthers: 0 });
    expect((await found()).every(({ firstSeen }) => firstSeen <= NOW - 1000 + 16)).toBe(true);
  }, 120_000);
});
