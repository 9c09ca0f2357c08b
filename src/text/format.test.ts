import { expect, test } from 'vitest';
import { formatMoment, formatNumber, formatPercent, formatQuantity } from './format.ts';

test('numbers follow the language', () => {
  expect(formatNumber('en', 1_234_567)).toBe('1,234,567');
  expect(formatNumber('es', 1_234_567)).toBe('1.234.567');
  expect(formatNumber('es', 0.123456)).toBe('0,123');
  expect(formatNumber('en', 42)).toBe('42');
});

test('shares near their ends keep a digit', () => {
  expect(formatPercent('en', 0.82)).toBe('82%');
  expect(formatPercent('en', 0.004)).toBe('0.4%');
  expect(formatPercent('en', 0.996)).toBe('99.6%');
});

test.each([
  [0, 'bytes', '0 B'],
  [3 * 1024 ** 3, 'bytes', '3 GiB'],
  [1536, 'bytes_per_second', '1.5 KiB/s'],
  [0.25, 'seconds', '250 ms'],
  [90, 'seconds', '90 s'],
  [5400, 'seconds', '90 min'],
  [86_400 * 3, 'seconds', '3 d'],
  [0.5, 'ratio', '50%'],
  [12, 'requests_per_second', '12 requests/s'],
  [1.5, 'per_second', '1.5/s'],
  [7, '', '7'],
  [Number.NaN, 'bytes', '–'],
])('%s %s is %s', (value, unit, expected) => {
  expect(formatQuantity('en', value, unit)).toBe(expected);
});

test('a moment has its day when it is not near', () => {
  const time = Date.UTC(2026, 10, 3, 10, 42);
  expect(formatMoment('en', time, { now: time, timeZone: 'UTC' })).toBe('10:42');
  expect(formatMoment('es', time, { now: 0, timeZone: 'UTC' })).toContain('3 nov');
});
