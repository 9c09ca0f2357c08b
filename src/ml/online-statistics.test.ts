import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Adwin } from './adwin.ts';
import { Ewma } from './ewma.ts';
import { mannKendall } from './mann-kendall.ts';
import { MlError } from './ml-error.ts';
import { PageHinkley } from './page-hinkley.ts';
import {
  loadPopulationReference,
  populationReference,
  populationReferenceToBytes,
  populationStability,
} from './population-stability.ts';
import { encodeModel } from './serialize.ts';
import { QuantileSketch } from './quantile-sketch.ts';
import { createRandom } from './random.ts';

const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });

type Saved = { toBytes(): Uint8Array };

describe.each<
  [string, () => Saved & { feed(x: number): unknown }, (bytes: Uint8Array) => Saved & { feed(x: number): unknown }]
>([
  ['mean', () => feeding(new Ewma(5), (s, x) => s.update(x)), (b) => feeding(Ewma.fromBytes(b), (s, x) => s.update(x))],
  [
    'sketch',
    () => feeding(new QuantileSketch(50), (s, x) => s.add(x)),
    (b) => feeding(QuantileSketch.fromBytes(b), (s, x) => s.add(x)),
  ],
  [
    'Page-Hinkley test',
    () => feeding(new PageHinkley(), (s, x) => s.update(x)),
    (b) => feeding(PageHinkley.fromBytes(b), (s, x) => s.update(x)),
  ],
  [
    'adaptive window',
    () => feeding(new Adwin(), (s, x) => s.update(x)),
    (b) => feeding(Adwin.fromBytes(b), (s, x) => s.update(x)),
  ],
])('a saved %s', (_, create, load) => {
  it('goes on to the bit', () => {
    const random = createRandom(4);
    const one = create();
    for (let i = 0; i < 700; i++) one.feed(random.next());
    const other = load(one.toBytes());
    expect(other.toBytes()).toEqual(one.toBytes());
    for (let i = 0; i < 700; i++) expect(other.feed(i / 700)).toEqual(one.feed(i / 700));
    expect(other.toBytes()).toEqual(one.toBytes());
  });

  it('is refused when damaged, and takes no infinite value', () => {
    const one = create();
    for (let i = 0; i < 40; i++) one.feed(i / 40);
    const bytes = one.toBytes();
    for (let i = 0; i < bytes.length; i += 11) {
      const damaged = bytes.slice();
      damaged[i]! ^= 8;
      expect(() => load(damaged)).toThrow(MlError);
    }
    expect(() => one.feed(Infinity)).toThrow(expect.objectContaining({ code: 'ML_VALUE' }));
    expect(load(create().toBytes()).toBytes()).toEqual(create().toBytes());
  });
});

function feeding<T extends Saved>(
  saved: T,
  feed: (saved: T, x: number) => unknown,
): Saved & { feed(x: number): unknown } {
  return { toBytes: () => saved.toBytes(), feed: (x) => feed(saved, x) };
}

describe('exponentially weighted mean and variance', () => {
  it('are the weighted sums', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 2, maxLength: 30 }), (values) => {
        const ewma = new Ewma(3);
        for (const value of values) ewma.update(value);
        const weights = values.map((_, i) => 2 ** (-(values.length - 1 - i) / 3));
        const total = weights.reduce((sum, w) => sum + w, 0);
        const mean = values.reduce((sum, x, i) => sum + weights[i]! * x, 0) / total;
        const squared = weights.reduce((sum, w) => sum + w * w, 0);
        const spread = values.reduce((sum, x, i) => sum + weights[i]! * (x - mean) ** 2, 0);
        expect(Math.abs(ewma.mean - mean)).toBeLessThan(1e-9 * 1e6);
        const variance = spread / (total - squared / total);
        expect(Math.abs(ewma.variance - variance)).toBeLessThanOrEqual(1e-9 * (variance + 1e6));
        expect(ewma.effectiveCount).toBeCloseTo(total ** 2 / squared, 9);
      }),
    );
  });

  it('forget by time, also while nothing comes', () => {
    const ewma = new Ewma(10);
    expect(ewma.mean).toBeNaN();
    ewma.update(0);
    expect(ewma.variance).toBeNaN();
    ewma.update(Number.NaN, 5);
    ewma.update(3, 5);
    expect(ewma.mean).toBeCloseTo(2, 12);
    expect(() => new Ewma(0)).toThrow(expect.objectContaining({ code: 'ML_PARAMETER' }));
  });
});

describe('quantile sketch', () => {
  const random = createRandom(2);
  const values = Float64Array.from({ length: 100_000 }, () => random.normal() ** 3);
  const sorted = values.toSorted();
  const sketch = new QuantileSketch();
  for (const value of values) sketch.add(value);
  const rankOf = (x: number): number => sorted.findLastIndex((value) => value <= x) / sorted.length;

  it('knows ranks, best at the ends', () => {
    for (const q of [0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999]) {
      expect(Math.abs(rankOf(sketch.quantile(q)) - q)).toBeLessThan((Math.PI * Math.sqrt(q * (1 - q))) / 200);
    }
    expect(sketch.quantile(0)).toBe(sorted[0]);
    expect(sketch.quantile(1)).toBe(sorted.at(-1));
    for (const x of [-3, -0.1, 0.2, 5]) expect(Math.abs(sketch.cdf(x) - rankOf(x))).toBeLessThan(0.008);
    expect(sketch.toBytes().length).toBeLessThan(4000);
  });

  it('merges parts into the whole', () => {
    const parts = [0, 1, 2, 3].map(() => new QuantileSketch());
    values.forEach((value, i) => parts[i % 4]!.add(value));
    const whole = new QuantileSketch();
    for (const part of parts) whole.merge(part);
    expect(whole.count).toBeCloseTo(values.length, 6);
    for (const q of [0.01, 0.5, 0.99]) expect(Math.abs(rankOf(whole.quantile(q)) - q)).toBeLessThan(0.012);
    whole.merge(whole);
    expect(whole.count).toBeCloseTo(2 * values.length, 6);
    expect(Math.abs(rankOf(whole.quantile(0.5)) - 0.5)).toBeLessThan(0.012);
  });

  it('rises in both directions and stays in range, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 400 }), (given) => {
        const small = new QuantileSketch(20);
        for (const value of given) small.add(value);
        const [least, largest] = [Math.min(...given), Math.max(...given)];
        let last = least;
        for (let q = 0; q <= 1; q += 1 / 16) {
          const value = small.quantile(q);
          expect(value).toBeGreaterThanOrEqual(last - 1e-9 * Math.abs(last));
          last = value;
        }
        expect(last).toBe(largest);
        expect(small.cdf(largest)).toBe(1);
      }),
    );
  });

  it('of equal values, of one and of none', () => {
    const equal = new QuantileSketch();
    for (let i = 0; i < 2000; i++) equal.add(7);
    expect([0, 0.3, 1].map((q) => equal.quantile(q))).toEqual([7, 7, 7]);
    expect([equal.cdf(6), equal.cdf(7)]).toEqual([0, 1]);
    expect(new QuantileSketch().quantile(0.5)).toBeNaN();
    expect(() => new QuantileSketch(5)).toThrow(expect.objectContaining({ code: 'ML_PARAMETER' }));
  });
});

describe('change of a mean', () => {
  it('is seen by Page and Hinkley in its direction, soon and not before', () => {
    const run = (jump: number, direction: 'up' | 'down' | 'both'): number => {
      const random = createRandom(6);
      const test = new PageHinkley({ tolerance: 0.25, threshold: 20, direction });
      for (let i = 0; i < 1000; i++) if (test.update(random.normal() + (i >= 500 ? jump : 0))) return i;
      return -1;
    };
    for (const jump of [2, -2]) {
      expect(run(jump, 'both')).toBeGreaterThan(500);
      expect(run(jump, 'both')).toBeLessThan(540);
    }
    expect(run(2, 'down')).toBe(-1);
    expect(run(-2, 'up')).toBe(-1);
    expect(run(0, 'both')).toBe(-1);
  });

  it('makes the adaptive window drop what was before it, and no more', () => {
    const random = createRandom(3);
    const window = new Adwin();
    let alarms = 0;
    for (let i = 0; i < 20_000; i++) if (window.update(random.next() < 0.2 ? 1 : 0)) alarms++;
    expect(alarms).toBe(0);
    expect(window.width).toBe(20_000);
    expect(window.mean).toBeCloseTo(0.2, 1);
    expect(window.variance).toBeCloseTo(window.mean * (1 - window.mean), 9);
    let seen = -1;
    for (let i = 0; i < 2000; i++) if (window.update(random.next() < 0.6 ? 1 : 0) && seen < 0) seen = i;
    expect(seen).toBeGreaterThanOrEqual(0);
    expect(seen).toBeLessThan(150);
    expect(Math.abs(window.mean - 0.6)).toBeLessThan(0.05);
    expect(window.width).toBeLessThan(2600);
    expect(window.toBytes().length).toBeLessThan(2000);
  });
});

describe('population stability', () => {
  const random = createRandom(9);
  const draw = (n: number, shift: number): Float64Array =>
    Float64Array.from({ length: n }, () => random.normal() + shift);

  it('is as small as chance for the same, large for a shift, and worked by hand', () => {
    const reference = populationReference(draw(5000, 0));
    const same = populationStability(reference, draw(1000, 0));
    expect(same.index).toBeLessThan(3 * same.expectedByChance);
    expect(populationStability(reference, draw(1000, 1)).index).toBeGreaterThan(0.25);
    // Two bins of half each, then 3 to 1, with half a count added: shares 4.5/9 and 4.5/9 against 6.5/9 and 2.5/9.
    const halves = populationReference([1, 1, 1, 1, 2, 2, 2, 2], 2);
    const expected = (2 / 9) * Math.log(6.5 / 4.5) - (2 / 9) * Math.log(2.5 / 4.5);
    expect(populationStability(halves, [1, 1, 1, 1, 1, 1, 2, 2]).index).toBeCloseTo(expected, 12);
  });

  it('sees values go missing, and a constant leave its place', () => {
    const constant = populationReference(new Float64Array(100).fill(3));
    expect(populationStability(constant, new Float64Array(100).fill(3)).index).toBe(0);
    const gone = draw(1000, 0).map((x, i) => (i % 2 === 0 ? Number.NaN : x));
    expect(populationStability(populationReference(draw(1000, 0)), gone).index).toBeGreaterThan(1);
    expect(() => populationReference([])).toThrow(expect.objectContaining({ code: 'ML_EMPTY' }));
  });
});

describe('files that were forged', () => {
  const numbers = (...values: number[]): Float64Array => Float64Array.from(values);

  it('come back whole when they were not', () => {
    const reference = populationReference(numbers(1, 2, 3, 4, Number.NaN, Infinity, -Infinity));
    const bytes = populationReferenceToBytes(reference);
    expect(loadPopulationReference(bytes)).toEqual(reference);
    expect(() => loadPopulationReference(bytes.subarray(0, 40))).toThrow(MlError);
  });

  it.each<[string, () => unknown]>([
    [
      'a window whose oldest row is empty',
      () => {
        const sections = {
          counts: Uint8Array.of(1, 0),
          sums: numbers(1),
          spreads: numbers(0),
          totals: numbers(1, 1, 0, 1),
        };
        return Adwin.fromBytes(encodeModel('adwin', 1, { delta: 0.1 }, sections));
      },
    ],
    [
      'a sketch that falls',
      () => {
        const sections = { means: numbers(2, 1), weights: numbers(1, 1), range: numbers(1, 2) };
        return QuantileSketch.fromBytes(encodeModel('quantile-sketch', 1, { compression: 100 }, sections));
      },
    ],
    [
      'a mean that is none',
      () => Ewma.fromBytes(encodeModel('ewma', 1, {}, { state: numbers(5, 1, 1, Number.NaN, 0) })),
    ],
    [
      'a reference without values',
      () =>
        loadPopulationReference(
          encodeModel('population-reference', 1, {}, { edges: numbers(), counts: numbers(0, 0) }),
        ),
    ],
  ])('are refused: %s', (_, load) => {
    expect(load).toThrow(expect.objectContaining({ code: 'ML_FORMAT' }));
  });
});

describe('Mann and Kendall', () => {
  it('worked by hand, with ties and without', () => {
    // Ten rising values: S = 45, variance 10 · 9 · 25 / 18 = 125, z = 44 / √125.
    const rising = mannKendall(Array.from({ length: 10 }, (_, i) => i));
    expect(rising.tau).toBe(1);
    expect(rising.z).toBeCloseTo(44 / Math.sqrt(125), 12);
    expect(rising.pValue).toBeCloseTo(8.3e-5, 6);
    // 1 1 2 2 3: S = 8, variance (5 · 4 · 15 − 2 · 2 · 1 · 9) / 18.
    expect(mannKendall([1, 1, 2, 2, 3]).z).toBeCloseTo(7 / Math.sqrt(264 / 18), 12);
    expect(mannKendall([3, 2, Number.NaN, 1]).tau).toBe(-1);
    expect(mannKendall([1, 1, 1, 1])).toEqual({ tau: 0, z: 0, pValue: 1 });
  });

  it('keeps its level on noise', () => {
    const random = createRandom(8);
    let rejected = 0;
    for (let draw = 0; draw < 2000; draw++) {
      if (mannKendall(Float64Array.from({ length: 25 }, () => random.normal())).pValue < 0.05) rejected++;
    }
    expect(Math.abs(rejected / 2000 - 0.05)).toBeLessThan(0.015);
  });
});
