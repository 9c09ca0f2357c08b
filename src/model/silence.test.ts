import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern } from './action-definition.ts';
import { patternsMeet, silencesMeet } from './silence.ts';

/** Every text of at most so many letters `a` and `b`, some of them twice. */
const texts = (length: number): string[] =>
  length === 0 ? [''] : texts(length - 1).flatMap((text) => [text, `${text}a`, `${text}b`]);

describe('two patterns', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 4 });
  // A text that fits both needs no more letters than both have together.
  const all = [...new Set(texts(8))];

  it('meet where there is a text that fits both, and nowhere else', () => {
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        const common = all.some((text) => matchesPattern(a, text) && matchesPattern(b, text));
        expect(patternsMeet(a, b)).toBe(common);
      }),
    );
  });
});

describe('two silences', () => {
  const above = (entity: string): string[] => (entity === 'pod/shop/cart-0' ? ['host/n1', 'service/cart'] : []);

  it.each([
    [{ entity: 'host/*' }, { entity: 'host/a', anomaly: 'spike' }, true],
    [{ entity: 'host/a*' }, { entity: 'host/*b' }, true],
    [{ entity: 'host/*' }, { kind: 'host' }, true],
    [{ entity: 'host/*' }, { kind: 'pod' }, false],
    [{ kind: 'pod', anomaly: 'spike' }, { kind: 'pod', anomaly: 'dip' }, false],
    [{ anomaly: 'spike' }, { kind: 'pod' }, true],
    [{ entity: 'host/n1', below: true }, { entity: 'pod/shop/cart-0' }, true],
    [{ entity: 'pod/shop/cart-0' }, { kind: 'service', below: true }, true],
    [{ entity: 'host/n1' }, { entity: 'pod/shop/cart-0' }, false],
    [{ entity: 'host/n1', below: true }, { entity: 'pod/shop/cart-1' }, false],
    [{ entity: 'host/n1', below: true, anomaly: 'dip' }, { entity: 'pod/shop/cart-0', anomaly: 'spike' }, false],
  ])('%j and %j: %j', (a, b, meet) => {
    expect([silencesMeet(a, b, above), silencesMeet(b, a, above)]).toEqual([meet, meet]);
  });
});
