/** What `vigia score` costs as people run it: the built program on a training file and a file to score of 23,700 × 38. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createRandom } from '../src/ml/random.ts';
import type { Row } from './report.ts';

const ROWS = 23_700;
const COLUMNS = 38;
const MAIN = resolve(process.cwd(), 'dist/main.js');

/** Columns that follow a few common courses, as those of a machine do. */
function madeFile(seed: number): string {
  const random = createRandom(seed);
  const lines = Array.from({ length: ROWS }, (_, row) => {
    const courses = [Math.sin(row / 229), Math.sin(row / 61), Math.cos(row / 700)];
    return Array.from({ length: COLUMNS }, (__, column) =>
      (0.5 + 0.2 * courses[column % 3]! + 0.03 * random.normal()).toFixed(6),
    ).join(',');
  });
  return `${lines.join('\n')}\n`;
}

/** Most resident memory of a process so far, MB; what it was last once it has ended. */
function peakMemory(pid: number, last: number): number {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found === null ? last : Number(found[1]) / 1024;
  } catch {
    return last;
  }
}

async function run(files: readonly string[]): Promise<{ readonly seconds: number; readonly megabytes: number }> {
  const [data = '', train = '', out = ''] = files;
  const started = performance.now();
  const child = spawn(process.execPath, [MAIN, 'score', data, '--train', train, '--out', out], { stdio: 'inherit' });
  const ended = once(child, 'close') as Promise<[number | null]>;
  let megabytes = 0;
  while (child.exitCode === null && child.signalCode === null) {
    megabytes = peakMemory(child.pid ?? 0, megabytes);
    await Promise.race([ended, pause(50)]);
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`vigia score ended with exit code ${code}`);
  return { seconds: (performance.now() - started) / 1000, megabytes };
}

/** Seconds and megabytes of one run, on a machine of the Server Machine Dataset where it is there. */
export async function scoreRows(data: string): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'detect-score-'));
  try {
    const real = ['test', 'train'].map((part) => join(data, 'smd', part, 'machine-1-6.csv.gz'));
    const made = ['data.csv', 'train.csv'].map((name) => join(folder, name));
    const there = real.every((file) => existsSync(file));
    if (!there) made.forEach((file, place) => writeFileSync(file, madeFile(place + 1)));
    const { seconds, megabytes } = await run([...(there ? real : made), join(folder, 'scores.csv')]);
    const note = `${ROWS.toLocaleString('en')} × ${COLUMNS} train and test, ${there ? 'SMD 1-6' : 'made up'}`;
    return [
      { name: 'score-seconds', value: seconds, unit: 's', bound: 30, better: 'lower', note },
      { name: 'score-megabytes', value: megabytes, unit: 'MB', bound: 500, better: 'lower', note: 'resident, at most' },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
