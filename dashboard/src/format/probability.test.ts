import { describe, expect, test } from 'vitest';
import { createTranslator } from '../../../src/text/text.ts';
import { pageWords } from '../text/page-words.ts';
import { fromLocalInput, toLocalInput } from './local-input.ts';
import { oneIn } from './probability.ts';

describe('a tail probability', () => {
  const words = pageWords(createTranslator('en'), 'en');

  test.each([
    [1, '1 in 1'],
    [0.31, '1 in 3'],
    [0.0000316, '1 in 32,000'],
    [1e-5, '1 in 100,000'],
    [1e-40, '< 1 in 1,000,000,000'],
    [0, '< 1 in 1,000,000,000'],
  ])('of %s is said as %s', (probability, said) => {
    expect(oneIn(words, probability)).toBe(said);
  });
});

test('a moment comes back from its field as it was, to the minute', () => {
  const time = new Date(2026, 6, 3, 9, 30).getTime();
  expect(toLocalInput(time)).toBe('2026-07-03T09:30');
  expect(fromLocalInput(toLocalInput(time + 12_345))).toBe(time);
  expect(fromLocalInput('')).toBeNull();
});
