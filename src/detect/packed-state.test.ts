import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../ml/random.ts';
import { fromBase91, toBase91 } from './base91.ts';
import { packed, unpacked } from './packed-state.ts';
import { decodeShort, encodeShort, roundRough } from './short-floats.ts';

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

  it('is the same whatever its numbers are', () => {
    const random = createRandom(4);
    for (let length = 1; length < 60; length++) {
      const floats = Float32Array.from({ length }, () => random.normal() * 10 ** random.int(9));
      const shorts = Int16Array.from({ length }, () => random.int(3000) - 1500);
      const raw = Uint8Array.from({ length }, () => random.int(256));
      const all = [floats, shorts, raw].map(({ buffer }) => Buffer.from(buffer).toString('base64'));
      expect(unpacked(packed({ length, all }))).toEqual({ length, all });
    }
  });

  it('is bytes of another alphabet', () => {
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 83 + length) % 256);
      const text = toBase91(bytes);
      expect(text).toMatch(/^[!#-&(-[\]-~]*$/);
      expect([...fromBase91(text)!.subarray(0, length)]).toEqual([...bytes]);
    }
    expect(fromBase91('"a')).toBeNull();
    expect(fromBase91('é!')).toBeNull();
    expect(fromBase91('abc')).toBeNull();
  });

  it('of an earlier version is as it is', () => {
    expect(unpacked(state)).toBe(state);
    expect(unpacked(null)).toBeNull();
    const text = Buffer.from(JSON.stringify({ a: `\u00000,18` }));
    const size = Buffer.alloc(4);
    size.writeUInt32LE(text.length);
    const deflated = deflateRawSync(Buffer.concat([size, text, Buffer.from('eighteen bytes now')])).toString('base64');
    expect(unpacked({ packed: deflated })).toEqual({ a: Buffer.from('eighteen bytes now').toString('base64') });
  });

  it.each(['', 'AAAA', '!!!', 'eyJhIjoxfQ=='])('that is damaged is refused: "%s"', (text) => {
    expect(() => unpacked({ packed: text })).toThrow(/state/i);
    expect(() => unpacked({ tight: text })).toThrow(/state/i);
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
      const rounded = roundRough(value);
      expect(Math.abs(rounded - value) <= 0.02 * Math.abs(value) || Object.is(rounded, value)).toBe(true);
      const again = new Float32Array(1);
      decodeShort(encodeShort([rounded]), again, 'numbers');
      expect(again[0]).toBe(rounded);
    });
  });
});
