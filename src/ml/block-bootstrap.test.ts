import { describe, expect, it } from 'vitest';
import { blockBootstrap, pairedBlockBootstrap } from './block-bootstrap.ts';
import { createRandom } from './random.ts';

/** A series in which each value keeps `memory` of the one before. */
function autoregressive(n: number, memory: number, seed: number): Float64Array {
  const random = createRandom(seed);
  const values = new Float64Array(n);
  for (let i = 0, last = 0; i < n; i++) values[i] = last = memory * last + random.normal();
  return values;
}

describe('block bootstrap', () => {
  it('covers the true mean of a dependent series, where single rows would not', () => {
    let covered = 0;
    let naive = 0;
    for (let seed = 0; seed < 200; seed++) {
      const values = autoregressive(800, 0.7, seed);
      const zeros = new Float64Array(800);
      const block = pairedBlockBootstrap(values, zeros, { seed, resamples: 200, blockLength: 30 });
      const single = pairedBlockBootstrap(values, zeros, { seed, resamples: 200, blockLength: 1 });
      if (block.low <= 0 && block.high >= 0) covered++;
      if (single.low <= 0 && single.high >= 0) naive++;
    }
    expect(covered / 200).toBeGreaterThan(0.85);
    expect(naive / 200).toBeLessThan(0.75);
  });

  it('sees a difference that pairing makes plain', () => {
    const a = autoregressive(200, 0.5, 1);
    const b = a.map((x, i) => x + 0.2 + 0.05 * Math.sin(i));
    const result = pairedBlockBootstrap(a, b, { seed: 1 });
    expect(result.high).toBeLessThan(-0.15);
    expect(result.estimate).toBeCloseTo(-0.2, 1);
    expect(result.pValue).toBeLessThan(0.01);
    expect(pairedBlockBootstrap(a, a, { seed: 1 })).toEqual({ estimate: 0, low: 0, high: 0, pValue: 1 });
  });

  it('gives the same for the same seed, and takes any statistic of rows', () => {
    const values = autoregressive(100, 0.3, 4);
    const largest = (rows: Uint32Array): number => rows.reduce((most, row) => Math.max(most, values[row]!), -Infinity);
    const once = blockBootstrap(100, largest, { seed: 3 });
    expect(blockBootstrap(100, largest, { seed: 3 })).toEqual(once);
    expect(once.high).toBe(Math.max(...values));
    expect(once.low).toBeLessThan(once.high);
  });

  it('draws blocks of rows that follow each other, around the end', () => {
    let broken = 0;
    blockBootstrap(
      50,
      (rows) => {
        for (let i = 1; i < 50; i++) if (i % 10 !== 0 && rows[i] !== (rows[i - 1]! + 1) % 50) broken++;
        return 0;
      },
      { seed: 1, blockLength: 10 },
    );
    expect(broken).toBe(0);
  });

  it('refuses unlike lengths, values that are none and a statistic without values', () => {
    expect(() => pairedBlockBootstrap([1], [1, 2], { seed: 1 })).toThrow(expect.objectContaining({ code: 'ML_SHAPE' }));
    expect(() => pairedBlockBootstrap([1], [Infinity], { seed: 1 })).toThrow(
      expect.objectContaining({ code: 'ML_VALUE' }),
    );
    expect(() => blockBootstrap(10, () => Number.NaN, { seed: 1 })).toThrow(
      expect.objectContaining({ code: 'ML_VALUE' }),
    );
    expect(() => blockBootstrap(10, () => 1, { seed: 1, blockLength: 11 })).toThrow(
      expect.objectContaining({ code: 'ML_PARAMETER' }),
    );
  });
});
