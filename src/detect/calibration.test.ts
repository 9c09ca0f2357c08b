import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../ml/random.ts';
import { Calibration } from './calibration.ts';

const STEP = 15_000;

function learnt(scores: number, seed = 1, scale = 1): Calibration {
  const random = createRandom(seed);
  const made = new Calibration(STEP, 20);
  for (let i = 0; i < scores; i++) made.learn(scale * random.exponential());
  return made;
}

describe('calibration', () => {
  it('never rises with the score, and stays within (0, 1]', () => {
    const made = learnt(3000);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 60, noNaN: true }), fc.double({ min: 0, max: 60, noNaN: true }), (a, b) => {
        const [low, high] = [made.probability(Math.min(a, b)), made.probability(Math.max(a, b))];
        expect(low + 1e-9 >= high && high > 0 && low <= 1).toBe(true);
      }),
    );
  });

  it('says of new scores about how often they come, on the safe side', () => {
    const made = learnt(20_000);
    const random = createRandom(2);
    const fresh = Array.from({ length: 20_000 }, () => random.exponential());
    for (const score of [6, 7, 8]) {
      const share = fresh.filter((one) => one >= score).length / fresh.length;
      expect(made.probability(score)).toBeGreaterThan(share / 2);
    }
  });

  it('follows a restless history: what comes often is not improbable', () => {
    expect(learnt(5000, 1, 5).probability(15)).toBeGreaterThan(20 * learnt(5000).probability(15));
  });

  it('believes nothing that it cannot know yet', () => {
    expect(new Calibration(STEP, 20).probability(1e9)).toBeGreaterThan(1e-4);
    expect(new Calibration(STEP, 20).provisional).toBe(true);
    expect(learnt(5761).provisional).toBe(false);
  });

  it('goes on alike from a saved state', () => {
    const made = learnt(5000);
    const restored = Calibration.fromJSON(JSON.parse(JSON.stringify(made.toJSON())), STEP);
    for (let score = 0; score < 30; score += 0.7) {
      expect(restored.probability(score)).toBe(made.probability(score));
      restored.learn(score);
      made.learn(score);
    }
  });
});
