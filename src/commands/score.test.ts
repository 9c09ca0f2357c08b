import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
