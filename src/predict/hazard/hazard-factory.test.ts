import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import { averagePrecision } from '../../ml/ranking-metrics.ts';
import type { EntityHistory, FailurePredictor, FleetHistory, PredictorOptions } from '../../model/predictor.ts';
import { createText } from '../../text/text.ts';
import { generatedFleet } from './check-fleet.ts';
import { createHazardFactory } from './hazard-factory.ts';

const OPTIONS: PredictorOptions = { horizons: [5, 10, 20], unitMs: null, asked: 'others', seed: 1, budgetMs: 60_000 };
const factory = createHazardFactory();
const text = createText();

async function trained(fleet: FleetHistory, options = OPTIONS): Promise<FailurePredictor> {
  const outcome = await factory.fit(fleet, options);
  if (!outcome.ready) throw new Error(outcome.missing.key);
  return outcome.predictor;
}

const whole = (history: EntityHistory) => ({ history, from: 0, to: history.times.length });

/** The history as it stood at a row. */
function truncated(history: EntityHistory, rows: number): EntityHistory {
  const width = history.values.length / history.times.length;
  const now = history.times[rows - 1]!;
  return {
    ...history,
    times: history.times.slice(0, rows),
    values: history.values.slice(0, rows * width),
    failures: history.failures.filter(({ time }) => time <= now),
    events: history.events.filter(({ time }) => time <= now),
    observedTo: now,
  };
}

describe('a predictor trained on runs to failure with six regimes', () => {
  const learnt = generatedFleet({ entities: 40, seed: 1, regimes: 6 });
  const fresh = generatedFleet({ entities: 40, seed: 2, regimes: 6, cut: true });
  const { columns } = learnt.fleet;
  let predictor: FailurePredictor;
  beforeAll(async () => {
    predictor = await trained(learnt.fleet);
  }, 120_000);

  test('finds the regimes and ranks the rows of other runs', () => {
    expect(predictor.facts.regimes).toBe(6);
    expect(predictor.facts.failures).toBe(40);
    const { probabilities, expected } = predictor.predict(fresh.fleet.entities.map(whole), columns);
    const labels: number[] = [];
    let error = 0;
    for (const [e, { times }] of fresh.fleet.entities.entries()) {
      for (const time of times) {
        error += Math.abs(expected[labels.length]! - Math.min(20, fresh.ends[e]! - time));
        labels.push(fresh.ends[e]! - time <= 10 ? 1 : 0);
      }
    }
    expect(
      averagePrecision(
        labels,
        Float64Array.from(labels, (_, i) => probabilities[3 * i + 1]!),
      ),
    ).toBeGreaterThan(0.8);
    expect(error / labels.length).toBeLessThan(2.5);
  });

  test('chances grow with the horizon, and the interval holds the expectation', () => {
    const { rows, probabilities, expected, low, high } = predictor.predict(fresh.fleet.entities.map(whole), columns);
    for (let i = 0; i < rows; i++) {
      const [a, b, c] = probabilities.subarray(3 * i, 3 * i + 3);
      expect(a! >= 0 && a! <= b! && b! <= c! && c! <= 1).toBe(true);
      expect(low[i]! <= high[i]! && expected[i]! >= 0 && expected[i]! <= 20).toBe(true);
    }
  });

  test('a row knows nothing of later rows, failures and events', () => {
    const history = { ...learnt.fleet.entities[3]!, events: [{ time: 20, name: 'restart', value: 1 }] };
    const all = predictor.predict([whole(history)], columns);
    for (const rows of [1, 2, 7, 19, 30]) {
      const short = truncated(history, rows);
      const last = predictor.predict([{ history: short, from: rows - 1, to: rows }], columns);
      expect([...last.probabilities]).toEqual([...all.probabilities.subarray(3 * (rows - 1), 3 * rows)]);
      expect(last.expected[0]).toBe(all.expected[rows - 1]);
    }
  });

  test('says the same alone and among others, before and after saving', () => {
    const queries = fresh.fleet.entities.map(whole);
    const among = predictor.predict(queries, columns);
    const loaded = factory.load(Buffer.from(predictor.toBytes()));
    expect(loaded.predict(queries, columns)).toEqual(among);
    expect(loaded.facts).toEqual(predictor.facts);
    const alone = predictor.predict([queries[0]!], columns);
    expect([...alone.probabilities]).toEqual([...among.probabilities.subarray(0, alone.probabilities.length)]);
  });

  test('damaged bytes are refused', () => {
    const bytes = predictor.toBytes();
    bytes[bytes.length >> 1]! ^= 4;
    expect(() => factory.load(bytes)).toThrow(expect.objectContaining({ code: 'ML_CHECKSUM' }));
    expect(() => factory.load(bytes.slice(0, 100))).toThrow(expect.objectContaining({ code: 'ML_FORMAT' }));
  });

  test('columns are matched by name: a new one is passed over, one that is gone counts as missing', () => {
    const history = fresh.fleet.entities[0]!;
    const rows = history.times.length;
    const wider = new Float32Array(rows * 5);
    const narrower = new Float32Array(rows * 3);
    for (let r = 0; r < rows; r++) {
      const [load, heat, pressure, noise] = history.values.subarray(4 * r, 4 * r + 4);
      wider.set([77, noise!, pressure!, heat!, load!], 5 * r);
      narrower.set([load!, heat!, noise!], 3 * r);
    }
    const usual = predictor.predict([whole(history)], columns);
    const moved = predictor.predict(
      [whole({ ...history, values: wider })],
      ['new', 'noise', 'pressure', 'heat', 'load'],
    );
    expect(moved).toEqual(usual);
    const less = predictor.predict([whole({ ...history, values: narrower })], ['load', 'heat', 'noise']);
    expect(less.probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
    const none = predictor.predict([whole({ ...history, values: new Float32Array(0) })], []);
    expect([...none.probabilities, ...none.expected].every(Number.isFinite)).toBe(true);
  });

  test('drivers add up to one, raise the risk of a worn unit, and have words in both languages', () => {
    const history = truncated(learnt.fleet.entities[0]!, learnt.ends[0]! - 3);
    const { drivers, kinds } = predictor.explain(history, history.times.length - 1, columns);
    expect(drivers.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(['heat', 'pressure']).toContain(drivers[0]!.feature);
    expect(drivers[0]!.raises).toBe(true);
    for (const { reason, feature } of drivers.filter(({ feature: name }) => name !== '')) {
      expect(text('en').phrase(reason)).toContain(feature);
      expect(text('es').phrase(reason)).toContain(feature);
    }
    expect(new Set(kinds.map(({ kind }) => kind))).toEqual(new Set(['pump', 'fan']));
    expect(kinds.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
  });
});

describe('what it learns from', () => {
  const later: PredictorOptions = { ...OPTIONS, asked: 'later' };

  /** Entities over one stretch of time: a counter climbs for 15 rows, then the entity fails, again and again. */
  function relapsing(change: (history: EntityHistory) => Partial<EntityHistory> = () => ({})): FleetHistory {
    const entities = Array.from({ length: 12 }, (_, e): EntityHistory => {
      const times = Float64Array.from({ length: 150 }, (_row, r) => r);
      const values = Float32Array.from(times, (t) => Math.max(0, ((t + 5 * e) % 40) - 25) + ((t * 7 + e) % 3) / 10);
      const failures = [...times].filter((t) => (t + 5 * e) % 40 === 0 && t > 0).map((time) => ({ time, kind: '' }));
      const plain = { entity: `host/${e}`, times, values, failures, events: [], observedFrom: 0, observedTo: 149 };
      return { ...plain, ...change(plain) };
    });
    return { columns: ['queue'], entities };
  }

  /** Chance within 10 of each of the 12 entities when the counter has climbed for 9 rows, and long before. */
  function chances(predictor: FailurePredictor): readonly [climbing: number, calm: number] {
    const { entities, columns } = relapsing();
    const at = (phase: number) =>
      entities.map((history, e) => {
        const row = history.times.findIndex((t) => t > 80 && (t + 5 * e) % 40 === phase);
        return { history, from: row, to: row + 1 };
      });
    const mean = (phase: number): number => {
      const { probabilities, rows } = predictor.predict(at(phase), columns);
      return Array.from({ length: rows }, (_, i) => probabilities[3 * i + 1]! / rows).reduce((a, b) => a + b, 0);
    };
    return [mean(34), mean(5)];
  }

  test('later rows of the same entities: judged on later time only', async () => {
    const [climbing, calm] = chances(await trained(relapsing(), later));
    expect(climbing).toBeGreaterThan(0.8);
    expect(calm).toBeLessThan(0.1);
  }, 120_000);

  test('what was acted upon is censored, not taken for safe', async () => {
    const random = createRandom(4);
    // Two thirds of the failures, at random, were prevented when the counter had climbed for some rows.
    const prevented = (history: EntityHistory): Partial<EntityHistory> => {
      const saved = history.failures.filter(() => random.next() < 2 / 3);
      const near = (t: number): number => saved.find(({ time }) => time > t && time - t <= 5)?.time ?? Number.NaN;
      return {
        failures: history.failures.filter((failure) => !saved.includes(failure)),
        actedAt: history.times.map((t) => (Number.isNaN(near(t)) ? Number.NaN : t)),
      };
    };
    const acted = relapsing(prevented);
    const [climbing] = chances(await trained(acted, later));
    const naive = acted.entities.map((history) => ({ ...history, actedAt: history.times.map(() => Number.NaN) }));
    const [naively] = chances(await trained({ ...acted, entities: naive }, later));
    expect(climbing).toBeGreaterThan(0.9);
    expect(naively).toBeLessThan(0.7);
  }, 120_000);

  test('no column at all, only past failures', async () => {
    const bare = relapsing(() => ({ values: new Float32Array(0) }));
    const predictor = await trained({ ...bare, columns: [] }, later);
    const { entities } = bare;
    const soon = predictor.predict(
      entities.map((history, e) => ({
        history,
        from: 119 - ((119 + 5 * e) % 40) + 39 - 5,
        to: 119 - ((119 + 5 * e) % 40) + 39 - 4,
      })),
      [],
    );
    const late = predictor.predict(
      entities.map((history, e) => ({
        history,
        from: 119 - ((119 + 5 * e) % 40) + 3,
        to: 119 - ((119 + 5 * e) % 40) + 4,
      })),
      [],
    );
    const mean = (values: Float64Array): number => values.reduce((sum, x) => sum + x / values.length, 0);
    expect(mean(soon.expected)).toBeLessThan(mean(late.expected) - 5);
  }, 120_000);

  test.each<[string, (history: EntityHistory, e: number) => Partial<EntityHistory>, PredictorOptions['asked']]>([
    ['hazard.missingFailures', () => ({ failures: [] }), 'others'],
    ['hazard.fewFailures', ({ failures }, e) => ({ failures: e === 3 ? failures.slice(0, 1) : [] }), 'others'],
    [
      'hazard.oneEntity',
      (_, e) => ({ failures: e === 3 ? [20, 40, 60, 80, 99].map((time) => ({ time, kind: '' })) : [] }),
      'later',
    ],
    ['hazard.allAtOnce', () => ({ failures: [{ time: 100, kind: '' }] }), 'later'],
    ['hazard.missingRows', () => ({ times: new Float64Array(0), values: new Float32Array(0), failures: [] }), 'later'],
  ])('says what is missing: %s', async (key, change, asked) => {
    const fleet = relapsing();
    const entities = fleet.entities.map((history, e) => ({ ...history, ...change(history, e) }));
    const outcome = await factory.fit({ ...fleet, entities }, { ...OPTIONS, asked });
    expect(outcome.ready ? 'ready' : outcome.missing.key).toBe(key);
    expect(text('es').phrase(outcome.ready ? { key, values: {} } : outcome.missing)).not.toContain('hazard.');
  });

  test('all failing at one moment, constant, missing and infinite values are no reason to throw', async () => {
    const change = (history: EntityHistory): Partial<EntityHistory> => ({
      failures: [{ time: 149, kind: '' }],
      values: history.values.map((x, i) => (i % 7 === 0 ? Number.NaN : i % 11 === 0 ? Infinity : x)),
    });
    const predictor = await trained(relapsing(change));
    const { probabilities } = predictor.predict(relapsing(change).entities.map(whole), ['queue']);
    expect(probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
  }, 120_000);

  test('two rows for one time, overlapping failures, a column that never moves and one without a value cost nothing', async () => {
    const twice = ({ times, values, failures }: EntityHistory): Partial<EntityHistory> => {
      const rows = [...times.keys()].flatMap((row) => (row % 10 === 3 ? [row, row] : [row]));
      return {
        times: Float64Array.from(rows, (row) => times[row]!),
        values: Float32Array.from(rows.flatMap((row) => [values[row]!, 7, Number.NaN])),
        failures: failures.flatMap(({ time }) => [0, 0, 0.3].map((later) => ({ time: time + later, kind: '' }))),
      };
    };
    const columns = ['queue', 'constant', 'missing'];
    const { entities } = relapsing(twice);
    const predictor = await trained({ columns, entities }, later);
    const said = predictor.predict(entities.map(whole), columns);
    expect(said.rows).toBe(12 * 165);
    expect([...said.probabilities, ...said.expected, ...said.low, ...said.high].every(Number.isFinite)).toBe(true);
    const [climbing, calm] = chances(predictor);
    expect(climbing).toBeGreaterThan(0.8);
    expect(calm).toBeLessThan(0.1);
  }, 120_000);

  test('ends when the signal is raised', async () => {
    const signal = AbortSignal.abort();
    await expect(factory.fit(relapsing(), { ...later, signal })).rejects.toMatchObject({ code: 'ML_CANCELLED' });
  });
});
