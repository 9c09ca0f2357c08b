import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNumber } from './number-text.ts';

const read = (text: string): number | undefined => {
  const cursor = { at: 0 };
  const value = readNumber(Buffer.from(text), 0, cursor);
  return cursor.at === Buffer.byteLength(text) ? value : undefined;
};

describe('readNumber', () => {
  it('is the number that JavaScript reads, to the last bit', () => {
    const spelling = fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .chain((value) =>
        fc.constantFrom(
          String(value),
          value.toExponential(),
          value.toExponential(14),
          value.toFixed(6),
          value.toPrecision(9),
        ),
      );
    const digits = fc.stringMatching(/^[+-]?[0-9]{1,25}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,3})?$/);
    fc.assert(
      fc.property(fc.oneof(spelling, digits), (text) => {
        expect(read(text)).toBe(Number(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('stops at what may follow a number and takes nothing else', () => {
    for (const end of [' ', '\t', '\n', '\r']) {
      const cursor = { at: 0 };
      expect(readNumber(Buffer.from(`1.5e3${end}7`), 0, cursor)).toBe(1500);
      expect(cursor.at).toBe(5);
    }
    for (const text of ['', '-', '.', 'e5', '1e', '1e+', '1x', '1e5x', '1.2.3', '0x1f', '1_0', 'constructor', '1,0']) {
      expect(read(text), text).toBeUndefined();
    }
  });
});
