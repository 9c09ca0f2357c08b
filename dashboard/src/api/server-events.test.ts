import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEventParser } from './server-events.ts';

function parse(chunks: readonly string[]): readonly string[] {
  const seen: string[] = [];
  const push = createEventParser((data) => seen.push(data));
  for (const chunk of chunks) push(chunk);
  return seen;
}

const stream = ': hello\n\nid: a-1\ndata: {"a":1}\n\n: still here\n\ndata: {"b":2}\r\n\r\ndata: unfinished';

test('gives the data of whole events and skips comments', () => {
  expect(parse([stream])).toEqual(['{"a":1}', '{"b":2}']);
});

test('does not care where the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 8 }), (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
      const chunks = places.slice(1).map((to, index) => stream.slice(places[index], to));
      expect(parse(chunks)).toEqual(['{"a":1}', '{"b":2}']);
    }),
  );
});

test('throws away what never ends', () => {
  expect(parse(['x'.repeat(1_500_000), '\n\ndata: ok\n\n'])).toEqual(['ok']);
});
