import { describe, expect, test } from 'vitest';
import { createRandom } from './random.ts';
import { averagePrecision } from './ranking-metrics.ts';
import { fitSequenceModel, loadSequenceModel } from './sequence-model.ts';

const random = createRandom(5);
/** Opens, some reads with their answers, closes; now and then a retry. */
const normal = (): number[] => {
  const session = [1, 2];
  for (let reads = 1 + random.int(4); reads > 0; reads--) session.push(3, ...(random.next() < 0.1 ? [9, 3] : []), 4);
  return [...session, 5, 6];
};
const history = Array.from({ length: 1000 }, normal);
const model = fitSequenceModel(history);
const precision = (odd: (session: number[]) => number[]): number => {
  const quiet = Array.from({ length: 970 }, normal);
  const wrong = Array.from({ length: 30 }, () => odd(normal()));
  const labels = [...quiet.map(() => 0), ...wrong.map(() => 1)];
  return averagePrecision(
    labels,
    [...quiet, ...wrong].map((session) => model.score(session).score),
  );
};

describe('sequence model', () => {
  test.each([
    ['cut short', (session: number[]) => session.slice(0, -2)],
    ['an event that was never seen', (session: number[]) => [...session.slice(0, 3), 77, ...session.slice(3)]],
    ['wrong order, same counts', (session: number[]) => random.shuffle([...session])],
    ['too many retries', (session: number[]) => [...session.slice(0, 3), 9, 3, 9, 3, 9, 3, 9, 3, ...session.slice(3)]],
  ])('finds: %s', (_, odd) => {
    expect(precision(odd)).toBeGreaterThan(0.9);
  });

  test('says where and what', () => {
    expect(model.score([1, 2, 3, 4, 5])).toMatchObject({ position: 5, event: 6 });
    expect(model.score([1, 2, 8, 3, 4, 5, 6])).toMatchObject({ position: 2, event: 8 });
  });

  test('says what was expected instead, and how rare it is', () => {
    const cut = model.score([1, 2, 3, 4]);
    expect(cut.pValue).toBeLessThan(0.02);
    const [first, second] = model.expected([1, 2, 3, 4], cut.position, 3);
    expect(new Set([first?.event, second?.event])).toEqual(new Set([3, 5]));
    expect(first!.probability + second!.probability).toBeGreaterThan(0.9);
    expect(model.expected([1, 2, 3, 4, 5, 6], 6, 3)[0]).toMatchObject({ event: null });
  });

  test('p-values of normal sessions that it has not seen are what they say', () => {
    const fresh = Array.from({ length: 4000 }, () => model.score(normal()).pValue);
    for (const level of [0.05, 0.2]) {
      const share = fresh.filter((p) => p <= level).length / fresh.length;
      expect(share).toBeGreaterThan(level / 3);
      expect(share).toBeLessThan(2 * level);
    }
  });

  test('saved and loaded it scores the same to the bit', () => {
    const loaded = loadSequenceModel(model.toBytes());
    for (const session of [...history.slice(0, 50), [], [99], [6, 5, 4]])
      expect(loaded.score(session)).toEqual(model.score(session));
    expect(loaded.contexts).toBe(model.contexts);
  });

  test('sessions that are all alike, and none', () => {
    const same = fitSequenceModel(Array.from({ length: 20 }, () => [1, 2]));
    expect(same.score([1, 2]).score).toBeLessThan(same.score([2, 1]).score);
    expect(Number.isFinite(same.score([]).score)).toBe(true);
    expect(() => fitSequenceModel([[1]])).toThrow('needs at least 20 sessions');
  });
});
