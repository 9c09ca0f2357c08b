import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Bus } from './bus/bus.ts';
import { createMemoryBus } from './bus/memory-bus.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from './collect/entity-rules.ts';
import { createLogIntake } from './collect/logs/log-intake.ts';
import { createDetectStage } from './detect/detect-stage.ts';
import { FleetModels } from './detect/fleet-models.ts';
import { SequenceTraining } from './learn/sequence-training.ts';
import { createRandom, type Random } from './ml/random.ts';
import { fitSequenceModel } from './ml/sequence-model.ts';
import type { Anomaly } from './model/anomaly.ts';
import type { Frame } from './model/frame.ts';
import type { LogRecord } from './model/log-record.ts';
import { SEQUENCE_ARTEFACT } from './model/log-sequence.ts';
import type { Service } from './model/service.ts';
import { topics } from './model/topics.ts';
import { createLogStage } from './prepare/log-stage.ts';
import { createPrepareStage } from './prepare/prepare-stage.ts';
import { loadSequences, type ServingSequences } from './prepare/sequences/session-judge.ts';
import { type Clock, systemClock } from './runtime/clock.ts';
import { silentLog } from './runtime/log.ts';
import { createMetrics } from './runtime/metrics.ts';
import { inOrder } from './runtime/start-stop.ts';
import { createStore } from './store/create-store.ts';
import { openMemoryDatabase } from './store/memory-database.ts';
import type { Store } from './store/store.ts';

const STEP = 60_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Fixed, so that hours of the day are the same in every run. */
const START = Date.UTC(2026, 4, 20, 9);
/** Sessions a minute of each entity. */
const A_MINUTE = 6;
const ENTITIES: readonly string[] = ['service/shop', 'service/till'];

let now = START;
const clock: Clock = { ...systemClock, now: () => now, monotonic: () => now - START };

/** What a request writes: reads as many as it takes, and now and then asks to be paid twice. */
function normal(random: Random): string[] {
  const reads = Array.from({ length: 1 + random.int(3) }, () => 'Article was read');
  const payment = random.next() < 0.05 ? ['Payment was refused', 'Payment was asked for'] : [];
  return [
    'Request came in',
    'Basket was opened',
    ...reads,
    'Payment was asked for',
    ...payment,
    'Money was taken',
    'Mail was queued',
    'Request is done',
  ];
}

/** The same lines, but the mail goes out and the request ends before the money was taken. */
function wrongOrder(random: Random): string[] {
  const lines = normal(random).filter((line) => line !== 'Money was taken');
  return [...lines, 'Money was taken'];
}

interface Minute {
  readonly at: number;
  readonly faulty?: readonly string[];
}

const intake = createLogIntake({
  metrics: createMetrics(),
  assign: createEntityRules(DEFAULT_ENTITY_RULES, 'service/push'),
  limits: { lineBytes: 65_536, aheadMs: DAY, behindMs: 30 * DAY },
});

/** What an entity writes in a minute, as lines of JSON, in the order of time. */
function bodyOf(entity: string, { at, faulty = [] }: Minute): string {
  const random = createRandom(2 * at + ENTITIES.indexOf(entity));
  const lines: { readonly time: number; readonly msg: string; readonly traceId: string }[] = [];
  for (let session = 0; session < A_MINUTE; session++) {
    let time = START + at * MINUTE + random.int(30_000);
    for (const msg of faulty.includes(entity) && session % 3 > 0 ? wrongOrder(random) : normal(random))
      lines.push({ time: (time += 1 + random.int(2000)), msg, traceId: `4bf92f3577b34da6-${entity}-${at}-${session}` });
  }
  return lines
    .toSorted((a, b) => a.time - b.time)
    .map((line) => JSON.stringify({ ...line, time: new Date(line.time).toISOString(), level: 'info' }))
    .join('\n');
}

/** Taken in as `POST /api/v1/logs` takes them. */
const linesOf = (minute: Minute): readonly LogRecord[] =>
  ENTITIES.flatMap((entity) =>
    intake.records(Buffer.from(bodyOf(entity, minute)), { source: 'logs/push', labels: { entity } }, now),
  );

interface Running {
  readonly bus: Bus;
  readonly all: Service;
  readonly heard: Anomaly[];
  readonly frames: Frame[];
  readonly models: FleetModels<ServingSequences>;
}

async function begin(store: Store): Promise<Running> {
  const metrics = createMetrics();
  const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  const [heard, frames]: [Anomaly[], Frame[]] = [[], []];
  await bus.start();
  await bus.subscribe(topics.anomalies, 'test', async (batch) => void heard.push(...batch.map(({ value }) => value)));
  await bus.subscribe(topics.frames, 'test', async (batch) => void frames.push(...batch.map(({ value }) => value)));
  const deps = { bus, store, clock, log: silentLog, metrics };
  const models = new FleetModels({ ...deps, kind: SEQUENCE_ARTEFACT, load: loadSequences });
  const rules = { stepMs: STEP, latenessMs: 2000, featuresPerEntity: 400, limits: [] };
  const all = inOrder(
    'all',
    [
      createDetectStage({
        ...deps,
        options: {
          stepMs: STEP,
          settingsOf: () => ({ warmUp: 60, minimumDurationMs: 2 * MINUTE, mute: false }),
          alertBudget: () => ({ pages: { count: 2, windowMs: DAY }, warnings: { count: 20, windowMs: DAY } }),
        },
      }),
      createPrepareStage({ ...deps, rules }),
      createLogStage({
        ...deps,
        sequences: {
          timing: { idleMs: 30_000, latenessMs: 10_000, stepMs: STEP },
          key: { automatic: true, keys: [] },
          keep: (sequences) => store.logs.keepSequences(sequences),
          models,
        },
      }),
    ],
    silentLog,
  );
  await all.start();
  return { bus, all, heard, frames, models };
}

const end = async ({ all, bus }: Running): Promise<void> => {
  await all.stop();
  await bus.stop(1000);
};

async function send({ bus }: Running, records: readonly LogRecord[]): Promise<void> {
  const messages = records.map((value) => ({ key: value.entity, value }));
  await bus.publish(topics.logs, messages, { durable: true });
}

async function play(running: Running, from: number, to: number, faulty: readonly string[] = []): Promise<void> {
  for (let at = from; at < to; at++) {
    now = START + (at + 1) * MINUTE;
    await send(running, linesOf({ at, faulty }));
  }
}

/** Waits until every frame that can be has been judged. */
async function settle({ frames }: Running, to: number): Promise<void> {
  await expect
    .poll(() => frames.at(-1)?.time ?? 0, { timeout: 60_000 })
    .toBeGreaterThanOrEqual(START + (to - 4) * MINUTE);
}

const train = (store: Store, models: FleetModels<ServingSequences>) =>
  new SequenceTraining({
    store,
    clock,
    log: silentLog,
    metrics: createMetrics(),
    trainer: { fit: async (sessions) => fitSequenceModel(sessions).toBytes(), close: async () => undefined },
    options: { windowMs: DAY, retrainMs: DAY },
    onTrained: () => models.expire(),
  }).round(new AbortController().signal);

const sequencesIn = (heard: readonly Anomaly[]): readonly Anomaly[] =>
  heard.filter(({ kind }) => kind === 'log_sequence');

const LEARNT = 120;
const SETTLED = 210;

describe('the order of log lines', () => {
  let store: Store;
  let running: Running;
  beforeEach(async () => {
    now = START;
    store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
    running = await begin(store);
  });
  afterEach(async () => {
    await end(running);
    await store.close();
  });

  test(
    'a fault that only changes it is found, on its entity, with what was expected instead',
    { timeout: 300_000 },
    async () => {
      await play(running, 0, LEARNT);
      expect(await train(store, running.models)).toBe(3);
      await running.models.refresh();
      await play(running, LEARNT, SETTLED);
      // Killed and begun again: what was open goes on.
      await end(running);
      running = await begin(store);
      await play(running, SETTLED, SETTLED + 60);
      await settle(running, SETTLED + 60);
      expect(sequencesIn(running.heard)).toEqual([]);
      await play(running, SETTLED + 60, SETTLED + 75, ['service/shop']);
      await settle(running, SETTLED + 75);
      await expect.poll(() => sequencesIn(running.heard).length, { timeout: 60_000 }).toBeGreaterThan(0);
      const [found] = sequencesIn(running.heard);
      expect(sequencesIn(running.heard).every(({ entity }) => entity === 'service/shop')).toBe(true);
      expect(found).toMatchObject({ kind: 'log_sequence', kindReason: { key: 'detect.kindLogSequence' }, end: null });
      const { items } = await store.logs.listSequences({
        limit: 10,
        cursor: null,
        entity: 'service/shop',
        atMost: 0.01,
        range: { from: START + (SETTLED + 60) * MINUTE, to: now },
      });
      const patterns = await store.logs.listPatterns({ limit: 100, cursor: null });
      const textOf = new Map(patterns.items.map(({ id, text }) => [id, text]));
      expect(items.length).toBeGreaterThan(0);
      const said = items.map(({ templates, position, expected }) => ({
        text: textOf.get(templates[position!]!),
        usually: expected.map(({ template }) => (template === null ? null : textOf.get(template))),
      }));
      // The request was over, where its end should have been money was taken.
      const late = said.filter(({ text }) => text === 'Money was taken');
      expect(late.length).toBeGreaterThan(said.length / 2);
      expect(late.every(({ usually }) => usually.length === 1 && usually[0] === null)).toBe(true);
      // It ends when the order is right again.
      await play(running, SETTLED + 75, SETTLED + 100);
      await settle(running, SETTLED + 100);
      await expect.poll(() => sequencesIn(running.heard).at(-1)?.end ?? null, { timeout: 60_000 }).not.toBeNull();
    },
  );
});
