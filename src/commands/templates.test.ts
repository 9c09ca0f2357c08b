import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { createText } from '../text/text.ts';
import { runProgram } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-templates-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function templates(content: string | Uint8Array, out = 'out.csv') {
  writeFileSync(join(folder, 'app.log'), content);
  const said: string[] = [];
  const code = await runProgram(['templates', 'app.log', '--out', out], '1', {
    environment: {},
    folder,
    words: createText()('en'),
    print: (text) => said.push(text),
    complain: (text) => said.push(text),
  });
  return { code, said: said.join('\n') };
}
const rows = (): string[] => readFileSync(join(folder, 'out.csv'), 'utf8').trimEnd().split('\n');

describe('vigia templates', () => {
  test('one line for each input line: CRLF, an empty line, a last line without an end', async () => {
    const { code, said } = await templates('INFO a=1, b="x"\r\n\r\nINFO a=2, b="y"');
    expect({ code, said }).toEqual({ code: 0, said: 'app.log: 2 patterns in 3 lines. They are in out.csv.' });
    const [head, first, empty, last] = rows();
    expect(head).toBe('line,template_id,template');
    expect(first?.split(',').slice(1)).toEqual(last?.split(',').slice(1));
    expect(empty).toMatch(/^2,[0-9a-f]{12},$/);
  });

  test('compressed or not, the result is the same', async () => {
    const log = Array.from({ length: 9000 }, (_, at) => `2026-01-02 10:00:00 INFO shop: user ${at} left after ${at} s`);
    await templates(log.join('\n'));
    const plain = rows();
    await templates(gzipSync(log.join('\n')));
    expect(rows()).toEqual(plain);
    expect(new Set(plain.slice(1).map((row) => row.split(',')[1])).size).toBe(1);
  });

  test('what cannot be read or written is said in one line', async () => {
    expect(await templates('a', 'app.log')).toMatchObject({ code: 2 });
    expect(await templates('a', 'none/out.csv')).toMatchObject({ code: 2 });
    expect((await templates(gzipSync('abc').subarray(0, 12))).code).toBe(2);
  });
});
