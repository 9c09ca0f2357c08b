import { describe, expect, it } from 'vitest';
import { lowerBound, standing } from './ladder.ts';

const untouched = { all: 0, over: 0 };
const evidence = (resolved: number, failed: number, harmful = 0) => ({ resolved, failed, harmful, untouched });

describe('the ladder of automation', () => {
  it('climbs one level at a time, as the lower bound allows, and never above the ceiling', () => {
    expect(standing('suggest', 'auto', evidence(0, 0)).earned).toBe('suggest');
    expect(standing('suggest', 'auto', evidence(3, 0)).earned).toBe('approve');
    expect(standing('approve', 'auto', evidence(3, 0)).earned).toBe('approve');
    expect(standing('suggest', 'auto', evidence(30, 0)).earned).toBe('approve');
    expect(standing('approve', 'auto', evidence(30, 0)).earned).toBe('auto');
    expect(standing('approve', 'approve', evidence(30, 0))).toMatchObject({ earned: 'approve', needed: null });
  });

  it('leaves observing when what it is meant for lasts, as far as to be suggested', () => {
    const watched = (all: number, over: number) => ({ ...evidence(0, 0), watched: { all, over } });
    expect(standing('observe', 'auto', evidence(30, 0)).earned).toBe('observe');
    expect(standing('observe', 'auto', watched(4, 0)).earned).toBe('observe');
    expect(standing('observe', 'auto', watched(5, 0))).toMatchObject({ earned: 'suggest', needed: 0.3 });
    expect(standing('observe', 'auto', watched(10, 7)).earned).toBe('observe');
    expect(standing('observe', 'observe', watched(50, 0))).toMatchObject({ earned: 'observe', needed: null });
    expect(standing('observe', 'auto', { ...watched(50, 0), harmful: 1 }).earned).toBe('observe');
  });

  it('is barred by one harm, however much was resolved', () => {
    expect(standing('approve', 'auto', evidence(300, 1, 1)).earned).toBe('approve');
  });

  it('asks for more than what ends by itself', () => {
    const easy = { ...evidence(18, 2), untouched: { all: 20, over: 19 } };
    expect(standing('suggest', 'auto', easy)).toMatchObject({ earned: 'suggest', needed: 0.95 });
    expect(standing('suggest', 'auto', { ...easy, untouched: { all: 4, over: 4 } }).earned).toBe('approve');
  });

  it('knows Wilson: 9 of 10 are at least 0.65, nothing is 0', () => {
    expect(lowerBound(9, 10)).toBeCloseTo(0.65, 2);
    expect(lowerBound(0, 0)).toBe(0);
    expect(lowerBound(10, 10)).toBeLessThan(1);
  });
});
