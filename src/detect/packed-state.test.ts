import { describe, expect, it } from 'vitest';
import { packed, unpacked } from './packed-state.ts';
import { decodeShort, encodeShort, roundShort } from './short-floats.ts';

describe('a packed state', () => {
  const bytes = (length: number): string =>
    Buffer.from(Uint8Array.from({ length }, (_, i) => i % 31)).toString('base64');
  const state = {
    version: 1,
    name: 'host/wéb',
    numbers: Array.from({ length: 500 }, (_, i) => i % 7),
    parts: [bytes(300), { '7': bytes(50), '3': bytes(18), text: 'A word of twenty-four ch' }, '', bytes(2), null],
  };

  it('is the same again, and shorter', () => {
    expect(unpacked(packed(state))).toEqual(state);
    expect(JSON.stringify(packed(state)).length).toBeLessThan(JSON.stringify(state).length / 2);
  });

  it('of an earlier version is as it is', () => {
    expect(unpacked(state)).toBe(state);
    expect(unpacked(null)).toBeNull();
  });

  it.each(['', 'AAAA', '!!!', 'eyJhIjoxfQ=='])('that is damaged is refused: "%s"', (text) => {
    expect(() => unpacked({ packed: text })).toThrow(/state/i);
  });
});

describe('numbers in half their bytes', () => {
  it('are off by less than half a percent, and what was rounded is equal', () => {
    const values = Float32Array.of(0, 1, -2.345, 1e-20, 3.3e38, Number.NaN, Number.POSITIVE_INFINITY, 0.1);
    const back = new Float32Array(values.length);
    decodeShort(encodeShort(values), back, 'numbers');
    values.forEach((value, i) => {
      const near = Math.abs(back[i]! - value) <= 0.005 * Math.abs(value);
      expect(near || Object.is(back[i], value)).toBe(true);
      const rounded = roundShort(value);
      const again = new Float32Array(1);
      decodeShort(encodeShort([rounded]), again, 'numbers');
      expect(again[0]).toBe(rounded);
    });
  });
});
