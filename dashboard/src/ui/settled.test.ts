import { expect, test } from 'vitest';
import { mergeInPlace } from './settled.ts';

const keyOf = ({ id }: { readonly id: string }): string => id;

test('a fresh list moves nothing: rows are renewed in place, those gone stay, new ones are counted', () => {
  const shown = [
    { id: 'a', n: 1 },
    { id: 'b', n: 1 },
  ];
  const fresh = [
    { id: 'c', n: 2 },
    { id: 'b', n: 2 },
  ];
  expect(mergeInPlace(shown, fresh, keyOf)).toEqual({
    items: [
      { id: 'a', n: 1 },
      { id: 'b', n: 2 },
    ],
    waiting: 1,
  });
});
