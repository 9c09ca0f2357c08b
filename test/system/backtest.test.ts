import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import type { BacktestReport } from '../../src/commands/backtest/report.ts';
import { createRandom } from '../../src/ml/random.ts';
import { mainFile } from './vigia.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-backtest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

function file(content: string): string {
  const path = join(folder, `${files++}.csv`);
  writeFileSync(path, content);
  return path;
}

/** Runs the built program, which trains in threads. */
async function backtest(argv: readonly string[]): Promise<{ readonly out: string; readonly folder: string }> {
  const out = join(folder, `out-${files++}`);
  const columns = ['--entity', 'node', '--time', 'time', '--horizons', '5,15'];
  const { stdout } = await promisify(execFile)(process.execPath, [
    mainFile,
    'backtest',
    ...columns,
    '--out',
    out,
    ...argv,
  ]);
  return { out: stdout, folder: out };
}

const linesOf = ({ folder }: { readonly folder: string }): string[] =>
  readFileSync(join(folder, 'predictions.csv'), 'utf8').trimEnd().split('\n');
const reportOf = ({ folder }: { readonly folder: string }): BacktestReport =>
  JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as BacktestReport;

/** Machines of two loads that wear until they fail, and start anew. */
function wearing(seed: number) {
  const random = createRandom(seed);
  const frames: string[] = [];
  const failures: string[] = [];
  for (let machine = 0; machine < 16; machine++) {
    let wear = 60 * random.next();
    for (let hour = 0; hour < 240; hour++) {
      wear += 0.5 + random.next();
      const load = Math.floor(hour / 12) % 2;
      frames.push(
        `m${machine},${hour},${(wear + 40 * load + 6 * random.next()).toFixed(2)},${load},${random.next().toFixed(3)}`,
      );
      if (wear < 70) continue;
      failures.push(`m${machine},${hour + 0.5},worn`);
      wear = 0;
    }
  }
  return { frames, failures };
}

const HEADER = 'node,time,wear,load,noise';
const fleet = wearing(2);
const data = file(`${HEADER}\n${fleet.frames.join('\n')}\n`);
const failures = file(`entity,time,kind\n${fleet.failures.join('\n')}\n`);

test('wear is seen coming, and nothing that comes later changes what was said', async () => {
  const whole = await backtest(['--data', data, '--failures', failures, '--split', '170']);
  const { missing, leaks, evaluation } = reportOf(whole);
  expect(missing).toBeNull();
  expect(leaks).toEqual([]);
  const { auprc, rivals, observedRate } = evaluation.horizons[1]!;
  expect(auprc!.value).toBeGreaterThan(2 * observedRate);
  expect(rivals.map(({ name }) => name)).toEqual(['base-rate', 'recent-rate', 'straight-line']);

  const early = fleet.frames.filter((line) => Number(line.split(',')[1]) <= 200);
  const known = fleet.failures.filter((line) => Number(line.split(',')[1]) <= 200);
  const cut = await backtest([
    '--data',
    file(`${HEADER}\n${early.join('\n')}\n`),
    '--failures',
    file(`entity,time,kind\n${known.join('\n')}\n`),
    '--split',
    '170',
  ]);
  expect(linesOf(cut)).toEqual(linesOf(whole).filter((line, i) => i === 0 || Number(line.split(',')[1]) <= 200));
});

test('rows out of order and twice, columns that tell nothing, failures that overlap: all are taken as they are', async () => {
  const rowsOf = (machine: number): string[] =>
    fleet.frames
      .slice(240 * machine, 240 * (machine + 1))
      .flatMap((line, hour) => (hour % 30 === 7 ? [line, line] : [line]))
      .map((line) => `${line},7,`);
  const machines = Array.from({ length: 16 }, (_, machine) => rowsOf(machine));
  const known = fleet.failures.flatMap((line) => [line, line]);
  const argv = ['--failures', file(`entity,time,kind\n${known.join('\n')}\nm99,3,worn\n`), '--split', '170'];
  const table = (rows: readonly string[]): string => file(`${HEADER},constant,missing\n${rows.join('\n')}\n`);
  const ordered = await backtest(['--data', table(machines.flat()), ...argv]);
  const mixed = await backtest(['--data', table(machines.flatMap((rows) => rows.toReversed())), ...argv]);
  const { missing, data: read } = reportOf(mixed);
  expect(missing).toBeNull();
  expect(read.notes).toEqual({ unsorted: 16 * 239, repeated: 16 * 8, strangers: 1, before: 0 });
  expect(linesOf(mixed).toSorted()).toEqual(linesOf(ordered).toSorted());
});

test('another population: names mean nothing, runs may be shorter than any window', async () => {
  const short = `${HEADER}\nm0,3,69,0,0.5\nm1,8,1,0,0.5\nm1,9,2,,\nx,1,,,\n`;
  const ran = await backtest(['--data', data, '--failures', failures, '--test', file(short)]);
  const rows = linesOf(ran)
    .slice(1)
    .map((line) => line.split(','));
  expect(rows.map(([entity, time]) => `${entity},${time}`)).toEqual(['m0,3', 'm1,8', 'm1,9', 'x,1']);
  expect(rows.every((row) => row.slice(2).every((cell) => Number.isFinite(Number(cell))))).toBe(true);
  expect(reportOf(ran).heldOut).toBe(true);
  const renamed = short.replaceAll('m0', 'other').replaceAll('m1', 'm15');
  const other = await backtest(['--data', data, '--failures', failures, '--test', file(renamed)]);
  expect(
    linesOf(other)
      .slice(1)
      .map((line) => line.split(',').slice(1)),
  ).toEqual(rows.map((row) => row.slice(1)));
});
