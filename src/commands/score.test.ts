import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, test } from 'vitest';
import { createRandom } from '../ml/random.ts';
import { createText } from '../text/text.ts';
import { runProgram } from './program.ts';
import { scoreFile } from './score-file.ts';
import { languageOf } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-score-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const inFolder = (name: string): string => join(folder, name);
const put = (name: string, content: string | Buffer): string => {
  writeFileSync(inFolder(name), content);
  return inFolder(name);
};

async function vigia(argv: readonly string[], environment: Record<string, string> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runProgram(argv, '1.2.3', {
    environment,
    folder,
    words: createText()(languageOf(environment)),
    print: (text) => out.push(text),
    complain: (text) => err.push(text),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

async function linesOf(...argv: readonly string[]): Promise<string[]> {
  const out = inFolder('scores.csv');
  const { code, err } = await vigia(['score', ...argv, '--out', out]);
  expect([code, err]).toEqual([0, '']);
  const text = readFileSync(out, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text.trimEnd().split('\n');
}

/** Three columns that belong together, with a break from row `wild` on for ten rows. */
function rows(count: number, wild = Number.POSITIVE_INFINITY): string[] {
  const random = createRandom(7);
  return Array.from({ length: count }, (_, row) => {
    const load = Math.sin(row / 20);
    const strange = row >= wild && row < wild + 10 ? 12 : 0;
    return [load, 2 * load, -load + strange].map((value) => value + 0.1 * random.normal()).join(',');
  });
}

interface Scored {
  readonly row: number;
  readonly score: number;
  readonly p: number;
  readonly severity: string;
  readonly top: string;
}

const scoredOf = (line: string): Scored => {
  const [row, , score, p, severity = '', , top = ''] = line.split(',');
  return { row: Number(row), score: Number(score), p: Number(p), severity, top };
};

describe('vigia score', () => {
  const train = put('train.csv', `a,b,c\n${rows(1500).join('\n')}\n`);
  const strange = `a,b,c\n${rows(600, 400).join('\n')}\n`;

  test('scores every row, finds the strange ones and says which column it is', async () => {
    const lines = await linesOf(put('data.csv', strange), '--train', train);
    expect(lines[0]).toBe('row,timestamp,score,p_value,severity,kind,top_feature');
    const scored = lines.slice(1).map(scoredOf);
    expect(scored.map(({ row }) => row)).toEqual(Array.from({ length: 600 }, (_, row) => row + 1));
    expect(scored.every(({ score, p }) => score >= 0 && score <= 1 && p >= 0 && p <= 1)).toBe(true);
    expect(scored.every(({ severity }) => ['none', 'info', 'warning', 'critical'].includes(severity))).toBe(true);
    const worst = scored.toSorted((a, b) => b.score - a.score)[0]!;
    expect(worst.row).toBeGreaterThan(400);
    expect(worst.row).toBeLessThan(420);
    expect(worst.top).toBe('c');
  });

  test.each([
    ['with', ['--train', train]],
    ['without', []],
  ])('no row sees a later one, %s history; the same file gives the same bytes, compressed or not', async (_, more) => {
    const data = strange.trimEnd().split('\n');
    const whole = await linesOf(put('data.csv', strange), ...more);
    expect(await linesOf(put('packed', gzipSync(strange)), ...more)).toEqual(whole);
    for (const cut of [19, 257, 405]) {
      const part = await linesOf(put('part.csv', data.slice(0, cut + 1).join('\n')), ...more);
      expect(part).toEqual(whole.slice(0, cut + 1));
    }
  });

  test('constant, missing and wild columns, times that jump and go back', async () => {
    const random = createRandom(3);
    const data = Array.from({ length: 700 }, (_, row) => {
      const time = 1_700_000_000 + (row % 97 === 0 ? -5000 : row % 31 === 0 ? 0 : row * 15);
      const wild = row % 50 === 0 ? '1e308' : row % 51 === 0 ? '-1e308' : row % 53 === 0 ? 'inf' : random.normal();
      return `${time},7,,${wild},${random.normal()},${row < 350 ? 'NaN' : random.normal()},${row % 2 ? '' : 1e-300}`;
    });
    const lines = await linesOf(put('data.csv', `time,constant,missing,wild,calm,late,rare\n${data.join('\n')}\n`));
    const scored = lines.slice(1).map(scoredOf);
    expect(scored).toHaveLength(700);
    expect(scored.every(({ score, p }) => score >= 0 && score <= 1 && p >= 0 && p <= 1)).toBe(true);
    expect(lines.slice(1).map((line) => line.split(',')[1])).toEqual(data.map((row) => row.split(',')[0]));
  });

  test('says what it did, in the language of whoever asked', async () => {
    const out = inFolder('scores.csv');
    const data = put('data.csv', '1,2\n3,4\n');
    expect(await vigia(['score', data, '--out', out])).toEqual({
      code: 0,
      out: `${data}: 2 rows scored, 0 critical, 0 warning. The scores are in ${out}.`,
      err: '',
    });
    const { err, code } = await vigia(['score', data], { LANG: 'es' });
    expect([code, err]).toEqual([2, 'Falta --out <file>. Mira `vigia score --help`.']);
  });

  test('says which columns are text and have no part in it', async () => {
    const [out, data] = [inFolder('scores.csv'), put('data.csv', 'time,host,a\n0,web-1,1\n60,web-2,2\n')];
    const { code, out: said } = await vigia(['score', data, '--out', out]);
    expect([code, said.split('\n')[1]]).toEqual([0, 'Left out, as their first row holds text: host.']);
    // A slip in the first row would take its column away unseen.
    const slip = put('data.csv', `a,b\n1,x\n${'2,3\n'.repeat(20)}`);
    expect((await vigia(['score', slip, '--out', out])).out).toContain('first row holds text: b.');
  });

  test.each([
    [['--step', 'soon'], 'The step soon is not one: seconds, more than 0 and at most 864000.'],
    [['--step', '0'], 'The step 0 is not one: seconds, more than 0 and at most 864000.'],
    [
      ['--detectors', 'pca,magic'],
      'There is no detector magic; there are residual, novelty, pca, forest, autoencoder, svm.',
    ],
    [['--train', inFolder('no.csv')], `${inFolder('no.csv')}:1: there is no such file. Check the path.`],
  ])('%j ends with exit code 2 and one line', async (more, line) => {
    const data = put('data.csv', '1,2\n3,4\n');
    const { code, err } = await vigia(['score', data, '--out', inFolder('none.csv'), ...more]);
    expect([code, err]).toEqual([2, line]);
  });

  test('a detector that says nothing of so many columns is not left alone with them', async () => {
    const [data, out] = [put('data.csv', '1,2,3,4,5\n'), inFolder('none.csv')];
    const { code, err } = await vigia(['score', data, '--out', out, '--detectors', 'novelty']);
    const line =
      '5 columns, and the detector novelty judges at most 4. Name another one too, or leave --detectors out.';
    expect([code, err]).toEqual([2, `${data}:1: ${line}`]);
    expect((await vigia(['score', data, '--out', out, '--detectors', 'novelty,pca'])).code).toBe(0);
    rmSync(out);
  });

  /** What is wrong with DATA, or with TRAIN beside a good DATA, and the one line that says so. */
  test.each([
    ['a ragged row', 'a,b\n1,2\n3\n', null, 'data.csv:3: 1 fields where line 1 has 2. Give every row as many.'],
    [
      'a header that is short',
      'a\n1,2\n3,4\n',
      null,
      'data.csv:2: 2 fields where line 1 has 1. Give every row as many.',
    ],
    [
      'a header with a name twice',
      'a,b,a\n1,2,3\n',
      null,
      'data.csv:1: the column a is there twice. Rename one of them.',
    ],
    ['a header alone', 'a,b\n', null, 'data.csv:1: nothing follows the header. Give a file with at least one row.'],
    [
      'a date that does not parse',
      'time,a\n2026-01-31,1\n31/01/2026,2\n',
      null,
      'data.csv:3: "31/01/2026" is not a time. Write 2026-01-31T23:59:00Z, or seconds since 1970.',
    ],
    [
      'no numeric column',
      'time,host\n2026-01-31,web-1\n',
      null,
      'data.csv:2: no column holds numbers. Give at least one besides the time, and separate fields by commas.',
    ],
    ['nothing at all', '', null, 'data.csv:1: it is empty. Give a file with at least one row.'],
    [
      'a history of other columns',
      'a,b\n1,2\n',
      'a,c\n1,2\n',
      'train.csv:1: the column b of {data} is not there. Give both files the same columns.',
    ],
    [
      'a history with more columns, without names',
      '1,2\n',
      '1,2,3\n',
      'train.csv:1: 3 columns where {data} has 2. Give both files the same columns.',
    ],
    [
      'a history with a header beside rows without',
      '1,2\n',
      'a,b\n1,2\n',
      'train.csv:1: only one of this file and {data} has a header. Give both one, or none.',
    ],
    [
      'a history without times beside rows with',
      'time,a\n1,2\n',
      'a\n1\n',
      'train.csv:1: only one of this file and {data} has a time column. Give both one, or none.',
    ],
    [
      'megabytes of text in one field',
      `a,b\n1,${'x'.repeat(3 << 20)}\n`,
      null,
      'data.csv:2: the row has more than 1 MiB of text. Remove the text column, or close its quotation mark.',
    ],
  ])('%s: exit code 2, one line with file, line and cure, and no result', async (_, data, train, line) => {
    const [out, bad] = [inFolder('none.csv'), put('bad-data.csv', data)];
    const more = train === null ? [] : ['--train', put('bad-train.csv', train)];
    const found = await vigia(['score', bad, ...more, '--out', out]);
    expect(found).toEqual({ code: 2, out: '', err: inFolder(`bad-${line.replace('{data}', bad)}`) });
    expect(readdirSync(folder).filter((name) => name.startsWith('none.csv'))).toEqual([]);
  });

  test('a file of a million rows does not lie in memory', async () => {
    const row = '0.123456789,0.987654321,0.5,0.25\n';
    const data = put('data.csv', gzipSync(row.repeat(1_000_000)));
    // What is alive, whatever the collector has not come to yet.
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const alive = (): number => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const before = alive();
    let most = 0;
    let looks = 0;
    const request = { data, train: null, out: inFolder('scores.csv'), stepMs: null, detectors: null };
    const { rows: count } = await scoreFile(request, {
      words: createText()('en'),
      // Of the reader and the writer alone: what a scorer keeps is its own matter.
      createScorer: () => ({
        train: () => undefined,
        trained: () => undefined,
        score: () => ({ score: 0.5, pValue: 0.5, severity: 'none', kind: null, topFeature: 0 }),
      }),
      progress: () => {
        looks += 1;
        if (looks % 10 === 1) most = Math.max(most, alive() - before);
      },
    });
    expect(count).toBe(1_000_000);
    // Rows and results in memory would be several hundred megabytes.
    expect(looks).toBeGreaterThan(1);
    expect(most / 2 ** 20).toBeLessThan(100);
  });
});
