import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonLines } from './json-lines.ts';

async function* pieces(text: Buffer, cuts: readonly number[]): AsyncIterable<Uint8Array> {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const at of [...places, text.length]) {
    yield text.subarray(from, at);
    from = at;
  }
}

async function read(text: Buffer, { cuts = [], most = 1_000_000 }: { cuts?: readonly number[]; most?: number } = {}) {
  const found: unknown[] = [];
  for await (const value of jsonLines(pieces(text, cuts), most)) found.push(value);
  return found;
}

test('gives back what was written, however the stream is cut', async () => {
  const value = fc.jsonValue();
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      async (values, cuts) => {
        const text = Buffer.from(values.map((one) => `${JSON.stringify(one)}\n`).join(''));
        expect(await read(text, { cuts })).toEqual(JSON.parse(JSON.stringify(values)));
      },
    ),
    { numRuns: 200 },
  );
});

test('takes nothing of a line that was cut off, and every line before it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 8 }), fc.nat(), async (values, at) => {
      const whole = Buffer.from(values.map((one) => `${JSON.stringify(one)}\n`).join(''));
      const cut = whole.subarray(0, at % whole.length);
      const lines = cut.toString('latin1').split('\n').length - 1;
      expect(await read(cut)).toEqual(JSON.parse(JSON.stringify(values.slice(0, lines))));
    }),
    { numRuns: 200 },
  );
});

test('any bytes are read or refused, never anything else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const found = await read(Buffer.from(bytes), { most: 50 }).catch((error: unknown) => error);
      expect(Array.isArray(found) || found instanceof SyntaxError || found instanceof RangeError).toBe(true);
    }),
  );
});

test('bears empty lines and CRLF, and no endless line', async () => {
  expect(await read(Buffer.from('\n{"a":1}\r\n\r\n2\n'))).toEqual([{ a: 1 }, 2]);
  await expect(read(Buffer.alloc(10_000, 97), { most: 5_000 })).rejects.toThrow(RangeError);
});
