import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { modelFile } from '../../learn/predictors/check-model-file.ts';
import type { FailurePredictor, FleetHistory } from '../../model/predictor.ts';
import { generatedFleet } from '../../predict/hazard/check-fleet.ts';
import { createHazardFactory } from '../../predict/hazard/hazard-factory.ts';
import { createText } from '../../text/text.ts';
import { runProgram } from '../program.ts';
import type { BacktestReport } from './report.ts';

const HOUR = 3600;
const START = Date.UTC(2025, 0, 1) / 1000;
const HORIZONS = [5 * HOUR, 10 * HOUR, 20 * HOUR];
/** Runs of 40 hours and more; none fails before it. */
const CUT = START + 20 * HOUR;

const folder = mkdtempSync(join(tmpdir(), 'vigia-in-force-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
function file(content: string | Uint8Array): string {
  const path = join(folder, `${files++}`);
  writeFileSync(path, content);
  return path;
}

const dateOf = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** A fleet whose cycles are hours. */
function hourly(seed: number): FleetHistory {
  const { columns, entities } = generatedFleet({ entities: 12, seed }).fleet;
  const at = (cycle: number): number => START + cycle * HOUR;
  return {
    columns,
    entities: entities.map(({ entity, times, values, failures, events, observedFrom, observedTo }) => ({
      entity,
      times: times.map(at),
      values,
      failures: failures.map(({ time, kind }) => ({ time: at(time), kind })),
      events,
      observedFrom: at(observedFrom),
      observedTo: at(observedTo),
    })),
  };
}

const fleet = hourly(5);
const frames = fleet.entities.flatMap(({ entity, times, values }) =>
  [...times].map((time, row) => [entity, dateOf(time), ...values.subarray(4 * row, 4 * row + 4)].join(',')),
);
const data = file(`node,time,${fleet.columns.join(',')}\n${frames.join('\n')}\n`);
const failed = fleet.entities.map(({ entity, failures }) => `${entity},${dateOf(failures[0]!.time + HOUR / 2)}\n`);
const failures = file(`entity,time\n${failed.join('')}`);

let predictor: FailurePredictor;
/** As `vigia models export` writes it. */
const exported = (trainedTo: number): string =>
  file(modelFile(predictor, { version: 'v7', trainedTo: trainedTo * 1000 }));

beforeAll(async () => {
  const options = { horizons: HORIZONS, unitMs: 1000, asked: 'others', seed: 1, budgetMs: 5000 } as const;
  const outcome = await createHazardFactory().fit(hourly(4), options);
  if (!outcome.ready) throw new Error(outcome.missing.key);
  predictor = outcome.predictor;
}, 300_000);

async function vigia(options: Readonly<Record<string, string>>) {
  const [out, err]: string[][] = [[], []];
  const target = join(folder, `out-${files++}`);
  const given = { data, failures, entity: 'node', time: 'time', horizons: '10h,20h', split: dateOf(CUT), out: target };
  const argv = Object.entries({ ...given, ...options }).flatMap(([name, value]) => [`--${name}`, value]);
  const code = await runProgram(['backtest', ...argv], '0', {
    environment: {},
    folder,
    words: createText()('en'),
    print: (text) => void out!.push(text),
    complain: (text) => void err!.push(text),
  });
  return { code, out: out!.join('\n'), err: err!.join('\n'), folder: target };
}

it('a model in force stands beside the one that is trained here, on the same rows', async () => {
  const ran = await vigia({ model: exported(START - HOUR) });
  expect([ran.code, ran.err]).toEqual([0, '']);
  const report = JSON.parse(readFileSync(join(ran.folder, 'report.json'), 'utf8')) as BacktestReport;
  expect(report.inForce).toEqual({
    version: 'v7',
    trainedTo: START - HOUR,
    found: 4,
    columns: 4,
    knows: false,
  });
  for (const { rivals, auprc, observedRate } of report.evaluation.horizons) {
    const theirs = rivals.find(({ name }) => name === 'in-force')!;
    // Here there is no failure to learn from before the cut: what has learnt elsewhere does better.
    expect(theirs.auprc!.value).toBeGreaterThan(2 * observedRate);
    expect(theirs.ratio!.value).toBeCloseTo(auprc!.value / theirs.auprc!.value, 9);
    expect(theirs.ratio!.high).toBeLessThan(1);
  }
  const html = readFileSync(join(ran.folder, 'report.html'), 'utf8');
  expect(html).toContain('the model in force');
  expect(html).toContain('The model in force is v7');
  expect(html).not.toContain('flatter');
});

it('one that has learnt from what is judged is said to be flattered', async () => {
  const ran = await vigia({ model: exported(CUT + HOUR) });
  expect([ran.code, ran.err]).toEqual([0, '']);
  expect(readFileSync(join(ran.folder, 'report.html'), 'utf8')).toContain('so its figures flatter it');
});

it.each<[string, () => Record<string, string>, RegExp]>([
  ['no file', () => ({ model: join(folder, 'nowhere') }), /nowhere:1: there is no such file/],
  ['a folder', () => ({ model: folder }), /this is a folder/],
  ['something else', () => ({ model: data }), /no failure model that can be read \(.*\)\. Export it again/],
  [
    'one that was cut off',
    () => ({ model: file(readFileSync(exported(START)).subarray(0, 2000)) }),
    /no failure model that can be read/,
  ],
  [
    'other horizons',
    () => ({ model: exported(START), horizons: '10h,7d' }),
    /does not look 7d ahead. Write --horizons 18000s,36000s,72000s/,
  ],
  [
    'numbers as times',
    () => ({
      model: exported(START),
      data: file('node,time,heat\nx,1,1\nx,2,2\nx,3,3\n'),
      failures: file('entity,time\nx,3\n'),
      horizons: '1,2',
      split: '2',
    }),
    /counts in seconds, the times of .* have no unit/,
  ],
  [
    'other columns',
    () => ({
      model: exported(START),
      data: file(`node,time,rain\nx,${dateOf(START)},1\nx,${dateOf(CUT)},2\n`),
    }),
    /reads load and others, .* has none of them/,
  ],
])('%s ends with exit code 2 and one line', async (_, options, message) => {
  const { code, out, err } = await vigia(options());
  expect(err).toMatch(message);
  expect([code, out, err.split('\n').length]).toEqual([2, '', 1]);
});
