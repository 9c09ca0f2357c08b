import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fitSequenceModel, loadSequenceModel } from '../ml/sequence-model.ts';
import type { Anomaly } from '../model/anomaly.ts';
import { eventOf, JOINED_PATTERNS, type LogSequence, SEQUENCE_ARTEFACT } from '../model/log-sequence.ts';
import { phrase } from '../model/phrase.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { SequenceTraining } from './sequence-training.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 4, 20, 9);
const [OPEN, READ, CLOSE, ODD] = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb', 'cccccccccccc', 'dddddddddddd'] as const;

let store: Store;
let now = START;
let fits = 0;
let served = 0;
const clock: Clock = { ...systemClock, now: () => now };
beforeEach(async () => {
  [now, fits, served] = [START, 0, 0];
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
});
afterEach(() => store.close());

/** So many sessions of an entity, ten seconds apart; time goes on with them. */
async function sessions(entity: string, count: number, templates: readonly string[] = [OPEN, READ, CLOSE]) {
  const from = now;
  now += count * 10_000;
  await store.logs.keepSequences(
    Array.from({ length: count }, (_, at): LogSequence => ({
      id: `${entity} ${from} ${at}`,
      entity,
      fleet: 'default',
      start: from + at * 10_000,
      end: from + at * 10_000 + 3000,
      templates: at % 5 === 0 ? [...templates.slice(0, -1), READ, templates.at(-1)!] : [...templates],
      sampled: true,
      pValue: null,
      model: null,
      position: null,
      expected: [],
    })),
  );
}

const begin = (): SequenceTraining =>
  new SequenceTraining({
    store,
    clock,
    log: silentLog,
    metrics: createMetrics(),
    trainer: {
      fit: async (all) => {
        fits += 1;
        return fitSequenceModel(all).toBytes();
      },
      close: async () => undefined,
    },
    options: { windowMs: 14 * DAY, retrainMs: DAY },
    onTrained: () => void (served += 1),
  });
const round = (training = begin()): Promise<number> => training.round(new AbortController().signal);

const models = async () => (await store.models.list({ limit: 100, cursor: null, kind: SEQUENCE_ARTEFACT })).items;
async function champion(scope: string) {
  const model = (await models()).find((one) => one.scope === scope && one.state === 'champion');
  return model === undefined ? null : loadSequenceModel((await store.models.artefact(model.id))!);
}

describe('learning the order of log lines', () => {
  test('waits until there are enough sessions, then has a model of the entity', async () => {
    await sessions('service/shop', 400);
    expect(await round()).toBe(0);
    await sessions('service/shop', 200);
    expect(await round()).toBe(1);
    expect([fits, served]).toEqual([1, 1]);
    expect(await models()).toMatchObject([
      { scope: 'service/shop', state: 'champion', reason: 'first', metrics: { sessions: 600, held: 120, patterns: 3 } },
    ]);
    const model = (await champion('service/shop'))!;
    const score = (ids: readonly string[]): number => model.score(ids.map(eventOf)).pValue;
    expect(score([OPEN, READ, CLOSE])).toBeGreaterThan(0.1);
    expect(score([READ, OPEN, CLOSE])).toBeLessThan(0.01);
  });

  test('an entity that is new has that of its kind, as soon as several have written', async () => {
    await sessions('service/a', 300);
    await sessions('service/b', 300);
    await sessions('host/a', 300);
    expect(await round()).toBe(1);
    expect((await models()).map(({ scope }) => scope)).toEqual(['service']);
  });

  test('is trained anew when there is twice as much, after a day, and not before', async () => {
    const training = begin();
    await sessions('service/shop', 600);
    expect(await round(training)).toBe(1);
    await sessions('service/shop', 300);
    expect(await round(training)).toBe(0);
    await sessions('service/shop', 300);
    expect(await round(training)).toBe(1);
    now += DAY;
    expect(await round(training)).toBe(1);
    expect((await models()).map(({ state, reason }) => [state, reason])).toEqual([
      ['champion', 'schedule'],
      ['retired', 'schedule'],
      ['retired', 'first'],
    ]);
  });

  test('is trained anew when patterns that it knows were joined, by the ids that they have now', async () => {
    const training = begin();
    await sessions('service/shop', 300, [OPEN, READ, ODD]);
    await sessions('service/shop', 300);
    expect(await round(training)).toBe(1);
    await store.checkpoints.save([{ ...JOINED_PATTERNS, position: now, state: [[ODD, CLOSE]] }]);
    now += 60_000;
    expect(await round(training)).toBe(1);
    now += 60_000;
    expect(await round(training)).toBe(0);
    expect([...(await champion('service/shop'))!.events].toSorted((a, b) => a - b)).toEqual(
      [OPEN, READ, CLOSE].map(eventOf),
    );
  });

  test('sessions at which something was abnormal are not learnt, unless it became normal', async () => {
    await sessions('service/shop', 600);
    const start = now;
    await sessions('service/shop', 200, [OPEN, ODD, CLOSE]);
    const anomaly: Anomaly = {
      id: 'a1',
      entity: 'service/shop',
      fleet: 'default',
      start,
      end: now,
      openedAt: start,
      kind: 'log_sequence',
      severity: 'warning',
      severityReason: phrase('x'),
      score: 1,
      pValue: 0,
      frames: 9,
      contributions: [],
      provisional: false,
      heldBack: null,
      updatedAt: now,
    };
    await store.anomalies.upsert([anomaly]);
    await sessions('service/shop', 100);
    expect(await round()).toBe(1);
    expect((await champion('service/shop'))!.events.has(eventOf(ODD))).toBe(false);
    const ending = { by: 'adopted', reason: phrase('x') } as const;
    await store.anomalies.upsert([{ ...anomaly, ending, updatedAt: now + 1 }]);
    now += DAY;
    expect(await round()).toBe(1);
    expect((await champion('service/shop'))!.events.has(eventOf(ODD))).toBe(true);
  });
});
