import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { RowScorer, RowScorerOptions } from '../detect/row-scorer.ts';
import { createText } from '../text/text.ts';
import { scoreFile, type ScoreRequest } from './score-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-score-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const out = join(folder, 'scores.csv');

/** A scorer that writes down what it is handed: so the tests see what reaches the engine, and when. */
function recorder() {
  const seen: string[] = [];
  let options: RowScorerOptions | null = null;
  const createScorer = (given: RowScorerOptions): RowScorer => {
    options = given;
    let rows = 0;
    return {
      train: (time, row) => void seen.push(`train ${time} ${row.join(' ')}`),
      trained: () => void seen.push('trained'),
      score: (time, row) => {
        seen.push(`score ${time} ${row.join(' ')}`);
        rows += 1;
        return { score: rows / 3, pValue: 1e-9 / rows, severity: 'info', kind: 'spike', topFeature: row.length - 1 };
      },
    };
  };
  return { seen, createScorer, options: () => options };
}

async function scored(data: string | Buffer, more: Partial<ScoreRequest> & { trainText?: string } = {}) {
  const file = join(folder, 'data.csv');
  writeFileSync(file, data);
  const train = more.trainText === undefined ? null : join(folder, 'train.csv');
  if (train !== null) writeFileSync(train, more.trainText!);
  const { seen, createScorer, options } = recorder();
  const { trainText: _, ...given } = more;
  const request = { data: file, train, out, stepMs: null, detectors: null, ...given };
  const tally = await scoreFile(request, { words: createText()('en'), createScorer, progress: () => undefined });
  return { seen, tally, options: options(), lines: readFileSync(out, 'utf8').trimEnd().split('\n').slice(1) };
}

describe('what reaches the scorer', () => {
  test('rows of a file without names or times, a minute apart', async () => {
    const { seen, lines, options } = await scored('1,2\n3,\n');
    expect(options).toEqual({ columns: ['c1', 'c2'], stepMs: 60_000, seed: 1, detectors: null });
    expect(seen).toEqual(['score 0 1 2', 'score 60000 3 NaN']);
    expect(lines).toEqual([
      '1,1970-01-01T00:00:00Z,0.3333333333333333,1e-9,info,spike,c2',
      '2,1970-01-01T00:01:00Z,0.6666666666666666,5e-10,info,spike,c2',
    ]);
  });

  test('history comes first, matched by name, and rows go on where it ends', async () => {
    const { seen, options } = await scored('a,b\n5,6\n', { trainText: 'b,a\n1,2\n3,4\n', stepMs: 1500 });
    expect(options?.stepMs).toBe(1500);
    expect(seen).toEqual(['train 0 2 1', 'train 1500 4 3', 'trained', 'score 3000 5 6']);
  });

  test('the step is the median difference of the history', async () => {
    const { options, seen } = await scored('time,a\n1000,1\n', {
      trainText: 'time,a\n0,1\n30,2\n60,3\n500,4\n530,5\n',
    });
    expect(options?.stepMs).toBe(30_000);
    expect(seen.at(-1)).toBe('score 1000000 1');
  });

  test('times that repeat, jump and go back are handed on and echoed as they stand', async () => {
    const times = ['2026-01-01 00:00:00', '2026-01-01 00:00:00', '2027-01-01T00:00:00+01:00', '2025-12-31 23:00'];
    const data = `timestamp,"a ""x"", y"\n${times.map((time, row) => `${time},${row}`).join('\n')}`;
    const { seen, lines } = await scored(data, { stepMs: 60_000 });
    expect(seen.map((call) => Number(call.split(' ')[1]))).toEqual(
      ['2026-01-01T00:00Z', '2026-01-01T00:00Z', '2026-12-31T23:00Z', '2025-12-31T23:00Z'].map((at) => Date.parse(at)),
    );
    expect(lines.map((line) => line.split(',')[1])).toEqual(times);
    expect(lines[0]).toMatch(/,spike,"a ""x"", y"$/);
  });

  test('without history the first rows tell the step and are not judged, however long the file', async () => {
    const data = (rows: number) =>
      `time,a\n${Array.from({ length: rows }, (_, row) => `${row * 10 + (row % 3)},${row}`).join('\n')}\n`;
    const whole = await scored(data(40));
    expect(whole.options?.stepMs).toBe(11_000);
    for (const rows of [1, 5, 19, 20, 21, 39]) {
      const part = await scored(data(rows));
      expect(part.lines).toEqual(whole.lines.slice(0, rows));
    }
    expect(whole.lines.slice(0, 20).every((line) => line.includes(',0,1,none,,'))).toBe(true);
    expect(whole.lines[20]).toContain(',7,');
    expect(whole.seen.length).toBe(40);
  });

  test('a gzip file is one by its first bytes', async () => {
    const plain = await scored('a\n1\n2\n');
    const compressed = await scored(gzipSync('a\n1\n2\n'));
    expect(compressed.lines).toEqual(plain.lines);
  });
});

describe('bad input leaves nothing behind and says one line', () => {
  test.each([
    ['a,b\n1,2\n', 'a,c\n1,2\n', 'train.csv:1: the column b of '],
    ['a,b\n1,2\n', 'a,b,c\n1,2,3\n', 'train.csv:1: the column c is not in '],
    ['1,2\n', '1,2,3\n', 'train.csv:1: 3 columns where '],
    ['1,2\n', 'a,b\n1,2\n', 'train.csv:1: only one of this file and '],
    ['time,b\n1,2\n', 'a,b\n1,2\n', 'has a time column. Give both one, or none.'],
    ['a,b\n1,2\n', '', 'train.csv:1: it is empty.'],
    ['a,b\n1,2\n', 'a,b\n1,x\n', 'train.csv:2: "x" in column b is not a number.'],
    ['a\n1\nx\n', undefined, 'data.csv:3: "x" in column a is not a number.'],
    ['', undefined, 'data.csv:1: it is empty.'],
  ])('%j with %j', async (data, trainText, message) => {
    rmSync(out, { force: true });
    const found = await scored(data, trainText === undefined ? {} : { trainText }).catch(
      (error: Error) => error.message,
    );
    expect(found).toContain(message);
    expect(found).not.toContain('\n');
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});
