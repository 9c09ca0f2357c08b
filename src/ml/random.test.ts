import { describe, expect, it } from 'vitest';
import { createRandom } from './random.ts';

function moments(count: number, draw: () => number): { mean: number; variance: number } {
  let mean = 0;
  let m2 = 0;
  for (let i = 1; i <= count; i++) {
    const x = draw();
    const delta = x - mean;
    mean += delta / i;
    m2 += delta * (x - mean);
  }
  return { mean, variance: m2 / count };
}

describe('createRandom', () => {
  it('gives the same stream for the same seed and another one for another seed', () => {
    const draw = (seed: number): number[] => {
      const random = createRandom(seed);
      return Array.from({ length: 8 }, () => random.uint32());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(0.1)).not.toEqual(draw(0.2));
    expect(draw(-0)).toEqual(draw(0));
  });

  it('keeps its stream between releases', () => {
    const random = createRandom(42);
    expect([random.uint32(), random.uint32(), random.uint32()]).toMatchInlineSnapshot(`
      [
        3585401644,
        513687870,
        1088914557,
      ]
    `);
  });

  it('refuses a seed that is not a number', () => {
    expect(() => createRandom(Number.NaN)).toThrowError(expect.objectContaining({ code: 'ML_PARAMETER' }));
  });

  it('draws uniform numbers in [0, 1)', () => {
    const random = createRandom(1);
    let low = 1;
    let high = 0;
    const { mean, variance } = moments(100_000, () => {
      const x = random.next();
      low = Math.min(low, x);
      high = Math.max(high, x);
      return x;
    });
    expect(low).toBeGreaterThanOrEqual(0);
    expect(high).toBeLessThan(1);
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
  });

  it('draws integers without bias (chi-square at 1e-4)', () => {
    const random = createRandom(2);
    const counts = new Float64Array(10);
    for (let i = 0; i < 100_000; i++) counts[random.int(10)]! += 1;
    let chi = 0;
    for (const count of counts) chi += (count - 10_000) ** 2 / 10_000;
    expect(chi).toBeLessThan(33.7);
    expect(() => random.int(0)).toThrowError(expect.objectContaining({ code: 'ML_PARAMETER' }));
  });

  it.each([
    ['normal', 0, 1],
    ['exponential', 1, 1],
  ] as const)('draws %s numbers with the right mean and variance', (name, mean, variance) => {
    const random = createRandom(3);
    const got = moments(200_000, () => random[name]());
    expect(Math.abs(got.mean - mean)).toBeLessThan(0.01);
    expect(Math.abs(got.variance - variance)).toBeLessThan(0.03);
  });

  it.each([0.05, 0.7, 1, 3.5, 100])('draws gamma numbers of shape %f', (shape) => {
    const random = createRandom(4);
    const got = moments(200_000, () => random.gamma(shape));
    expect(Math.abs(got.mean / shape - 1)).toBeLessThan(0.05);
    expect(Math.abs(got.variance / shape - 1)).toBeLessThan(0.08);
  });

  it.each([
    [0.5, 0.5],
    [1, 1],
    [2, 5],
    [0.3, 4],
    [1e-4, 1e-4],
    [300, 20],
  ])('draws beta numbers (%f, %f)', (a, b) => {
    const random = createRandom(5);
    const got = moments(100_000, () => random.beta(a, b));
    expect(Math.abs(got.mean - a / (a + b))).toBeLessThan(0.01);
    expect(Math.abs(got.variance - (a * b) / ((a + b) ** 2 * (a + b + 1)))).toBeLessThan(0.005);
  });

  it('shuffles every order equally often', () => {
    const random = createRandom(6);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = random.shuffle([0, 1, 2, 3]).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('forks by seed and label, not by position', () => {
    const parent = createRandom(9);
    const before = parent.fork('tree 3').uint32();
    parent.uint32();
    expect(parent.fork('tree 3').uint32()).toBe(before);
    expect(parent.fork('tree 4').uint32()).not.toBe(before);
    expect(createRandom(10).fork('tree 3').uint32()).not.toBe(before);
    const a = parent.fork('a');
    const b = parent.fork('b');
    let product = 0;
    for (let i = 0; i < 50_000; i++) product += (a.next() - 0.5) * (b.next() - 0.5);
    expect(Math.abs(product / 50_000)).toBeLessThan(0.002);
  });
});
