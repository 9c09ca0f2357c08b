import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KnownShapes } from './known-shapes.ts';
import { lineTokens } from './line-tokens.ts';

const PIECES = [
  'user',
  'n1',
  '42',
  ' ',
  '  ',
  '=',
  '"',
  ':',
  ',',
  '.',
  '/a/b',
  'x.y.z',
  'GET ',
  '-',
  'é',
  '\t',
  'deadbeef',
];

describe('KnownShapes', () => {
  test('lines of one shape have the same tokens', () => {
    const shapes = new KnownShapes();
    const met: string[] = [];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }), (pieces) => {
        const line = pieces.join('');
        const tokens = lineTokens(line).join(' ');
        if (shapes.find(line) < 0) shapes.remember(met.push(tokens) - 1);
        expect(met[shapes.find(line)]).toBe(tokens);
      }),
      { numRuns: 5000 },
    );
  });

  test('numbers, quoted text and nothing else are left out of a shape', () => {
    const shapes = new KnownShapes();
    const same = (one: string, other: string): boolean => {
      shapes.find(one);
      shapes.remember(1);
      const found = shapes.find(other) === 1;
      shapes.remember(-1);
      return found;
    };
    expect(same('user 7 of n1 left', 'user 12345 of n22 left')).toBe(true);
    expect(same('key="a b" size=3KB', 'key="c" size=12MB')).toBe(true);
    expect(same('user left', 'user came')).toBe(false);
    expect(same('"GET /a" 200', '"GET /b" 200')).toBe(false);
    expect(same(`a "${'x'.repeat(500)}"`, `a "${'y'.repeat(500)}"`)).toBe(false);
    expect(same('', 'user')).toBe(false);
  });
});
