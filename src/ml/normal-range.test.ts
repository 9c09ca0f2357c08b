import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distanceFrom, FAR, normalRange } from './normal-range.ts';
import { createRandom } from './random.ts';

const noise = (seed: number, count: number, of: (i: number, noise: number) => number): Float64Array => {
  const random = createRandom(seed);
  return Float64Array.from({ length: count }, (_, i) => of(i, random.normal()));
};
const distance = (values: ArrayLike<number>, now: number, ahead = 0): number =>
  distanceFrom(normalRange(values)!, [now, now, now], ahead)!;

describe('what is normal', () => {
  test('is not known by a handful of values, nor by none', () => {
    expect(normalRange([1, 2, 3])).toBeNull();
    expect(normalRange(Array.from({ length: 40 }, () => Number.NaN))).toBeNull();
  });

  test('holds nearly all of what comes by chance, and not what is far', () => {
    const values = noise(1, 300, (_, n) => 100 + 10 * n);
    const next = noise(2, 300, (_, n) => 100 + 10 * n);
    expect(Array.from(next).filter((value) => Math.abs(distance(values, value)) >= FAR)).toEqual([]);
    expect(distance(values, 200)).toBeGreaterThan(FAR);
    expect(distance(values, 0)).toBeLessThan(-FAR);
  });

  test('goes on growing where it has grown all the time, for as long as that was seen', () => {
    const journal = noise(3, 300, (i, n) => 1000 + 10 * i + n);
    expect(Math.abs(distance(journal, 1000 + 10 * 450, 151))).toBeLessThan(FAR);
    expect(distance(journal, 1000 + 10 * 450, 0)).toBeGreaterThan(FAR);
    expect(distance(journal, 1000 + 10 * 3000, 2700)).toBeGreaterThan(FAR);
  });

  test('is not moved by trouble in a tenth of the time', () => {
    const values = noise(4, 300, (i, n) => (i > 100 && i < 125 ? 5000 : 50 + n));
    expect(distance(values, 80)).toBeGreaterThan(FAR);
  });

  test('of what is mostly nothing is what bursts come to', () => {
    const bursts = noise(5, 300, (i) => (i % 20 === 0 ? 3 : 0));
    expect(Math.abs(distance(bursts, 2.9))).toBeLessThan(FAR);
    expect(distance(bursts, 3.1)).toBeGreaterThan(FAR);
    expect(distance(new Float64Array(50), 0.001)).toBeGreaterThan(FAR);
  });

  test('a twentieth more of something steady is not far', () => {
    expect(distance(new Float64Array(50).fill(8), 8.4)).toBeCloseTo(1, 5);
  });
});

test('who is mostly missing is not judged', () => {
  const normal = normalRange(noise(6, 50, (_, n) => n))!;
  expect(distanceFrom(normal, [Number.NaN, Number.NaN, 3])).toBeNull();
  expect(distanceFrom(normal, [])).toBeNull();
  expect(distanceFrom(normal, [Number.NaN, 0, 0])).not.toBeNull();
});

test('distances do not depend on the unit', () => {
  const values = noise(7, 60, (_, n) => 5 + n);
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e6, noNaN: true }), (scale) => {
      const scaled = distanceFrom(normalRange(values.map((value) => value * scale))!, [9 * scale])!;
      expect(scaled).toBeCloseTo(distanceFrom(normalRange(values)!, [9])!, 6);
    }),
  );
});
