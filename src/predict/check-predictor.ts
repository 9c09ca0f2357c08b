import { beforeAll, describe, expect, it } from 'vitest';
import type { EntityHistory, FailurePredictor, FailurePredictorFactory, PredictorOptions } from '../model/predictor.ts';
import { generatedFleet } from './hazard/check-fleet.ts';

const OPTIONS: PredictorOptions = { horizons: [5, 10, 20], unitMs: null, asked: 'others', seed: 1, budgetMs: 20_000 };
/** What it says is its own affair. */
const ANY_REASON = /./;
const WIDTH = OPTIONS.horizons.length;

const whole = (history: EntityHistory) => ({ history, from: 0, to: history.times.length });

/** The history as it stood at a row. */
function upTo(history: EntityHistory, rows: number): EntityHistory {
  const width = history.values.length / history.times.length;
  const now = history.times[rows - 1]!;
  const past = <T extends { readonly time: number }>(all: readonly T[]): T[] => all.filter(({ time }) => time <= now);
  return {
    ...history,
    times: history.times.slice(0, rows),
    values: history.values.slice(0, rows * width),
    failures: past(history.failures),
    events: past(history.events),
    observedTo: now,
  };
}

/** What every predictor must do, whatever it is made of. */
export function checkPredictor(factory: FailurePredictorFactory): void {
  describe(`predictor ${factory.kind}`, () => {
    const learnt = generatedFleet({ entities: 24, seed: 1 }).fleet;
    const fresh = generatedFleet({ entities: 12, seed: 2, cut: true }).fleet;
    const { columns } = learnt;
    const fit = async (): Promise<FailurePredictor> => {
      const outcome = await factory.fit(learnt, OPTIONS);
      if (!outcome.ready) throw new Error(outcome.missing.key);
      return outcome.predictor;
    };
    let predictor: FailurePredictor;
    beforeAll(async () => {
      predictor = await fit();
    }, 120_000);

    it('says which kind it is and what it learnt from', () => {
      expect(predictor).toMatchObject({ kind: factory.kind, horizons: OPTIONS.horizons });
      expect(predictor.facts).toMatchObject({ entities: 24, failures: 24 });
    });

    it('gives finite chances that grow with the horizon, and an interval of times up to the largest', () => {
      const { rows, probabilities, expected, low, high } = predictor.predict(fresh.entities.map(whole), columns);
      expect(rows).toBe(fresh.entities.reduce((sum, { times }) => sum + times.length, 0));
      for (let row = 0; row < rows; row++) {
        const own = [0, ...probabilities.subarray(row * WIDTH, (row + 1) * WIDTH), 1];
        expect(own.every((chance, h) => h === 0 || chance >= own[h - 1]!)).toBe(true);
        const times = [low[row]!, high[row]!, expected[row]!];
        expect(times.every((time) => time >= 0 && time <= 20) && times[0]! <= times[1]!).toBe(true);
      }
    });

    it('knows nothing of later rows, failures and events', () => {
      const history = { ...learnt.entities[3]!, events: [{ time: 20, name: 'restart', value: 1 }] };
      const all = predictor.predict([whole(history)], columns).probabilities;
      for (const rows of [1, 2, 19, 30]) {
        const last = predictor.predict([{ history: upTo(history, rows), from: rows - 1, to: rows }], columns);
        expect([...last.probabilities]).toEqual([...all.subarray((rows - 1) * WIDTH, rows * WIDTH)]);
      }
    });

    it('trains the same from the same, and says the same alone, among others, and after saving', async () => {
      const queries = fresh.entities.map(whole);
      const among = predictor.predict(queries, columns);
      expect((await fit()).predict(queries, columns)).toEqual(among);
      const saved = factory.load(predictor.toBytes());
      expect(saved.predict(queries, columns)).toEqual(among);
      expect(saved.facts).toEqual(predictor.facts);
      const alone = predictor.predict([queries[0]!], columns).probabilities;
      expect([...alone]).toEqual([...among.probabilities.subarray(0, alone.length)]);
    }, 120_000);

    it('refuses bytes that it did not write', () => {
      const bytes = predictor.toBytes();
      expect(() => factory.load(bytes.slice(0, bytes.length >> 1))).toThrow(ANY_REASON);
      expect(() => factory.load(new Uint8Array(0))).toThrow(ANY_REASON);
      expect(() => factory.load(new TextEncoder().encode('{"a":1}'))).toThrow(ANY_REASON);
    });

    it('takes columns by name: a new one is passed over, without its own it still answers', () => {
      const history = fresh.entities[0]!;
      const { times, values } = history;
      const wide = Float32Array.from({ length: times.length * 5 }, (_, i) =>
        i % 5 === 0 ? 77 : values[Math.floor(i / 5) * 4 + 4 - (i % 5)]!,
      );
      const turned = ['new', ...columns.toReversed()];
      const same = predictor.predict([whole({ ...history, values: wide })], turned);
      expect(same).toEqual(predictor.predict([whole(history)], columns));
      const none = predictor.predict([whole({ ...history, values: new Float32Array(0) })], []);
      expect([...none.probabilities].every(Number.isFinite)).toBe(true);
    });

    it('says what is missing rather than fail', async () => {
      const entities = learnt.entities.map((history) => ({ ...history, failures: [] }));
      const outcome = await factory.fit({ columns, entities }, OPTIONS);
      expect(outcome.ready || outcome.missing.key.length > 0).toBe(true);
    });

    it('ends when it is no longer wanted', async () => {
      const signal = AbortSignal.abort();
      await expect(factory.fit(learnt, { ...OPTIONS, signal })).rejects.toThrow(ANY_REASON);
    });

    it('explains by shares that add up to 1', () => {
      const history = fresh.entities[0]!;
      const { drivers, kinds } = predictor.explain(history, history.times.length - 1, columns);
      for (const shares of [drivers, kinds].filter(({ length }) => length > 0))
        expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    });
  });
}
