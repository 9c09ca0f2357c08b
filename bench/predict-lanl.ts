/**
 * Failure of a node within a week, from the history of failures alone, on the node failures of 23 machines: the frames have no
 * features, one row for each node and day in production. Goes through `vigia backtest`, and judges what it wrote by itself.
 */
import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { backtest } from '../src/commands/backtest.ts';
import { averagePrecision } from '../src/ml/ranking-metrics.ts';
import { figureOf, rank, resample, weightedPrecision } from '../src/learn/evaluation/row-figures.ts';
import { createText } from '../src/text/text.ts';
import { DAY, type NodeFailures, readNodeFailures } from './lanl.ts';
import { report, type Row } from './report.ts';

const CUT = Date.UTC(2002, 0, 1);
const WITHIN = 7 * DAY;
const RECENT = 90 * DAY;
const data = process.env['VIGIA_BENCH_DATA'] ?? '../shared/data';
const file = join(data, 'lanl/failures-1996-2003.csv.gz');
const SEED = 1;

const iso = (time: number): string => new Date(time).toISOString();

async function writeTables(folder: string, { failures, services, end }: NodeFailures): Promise<void> {
  const frames = await open(join(folder, 'node-days.csv'), 'w');
  await frames.write('node,time\n');
  const start = Math.min(...services.map(({ from }) => from));
  for (let day = start; day < end; day += DAY) {
    const date = iso(day).slice(0, 10);
    const lines = services.filter(({ from, to }) => day >= from && day < to).map(({ node }) => `${node},${date}\n`);
    await frames.write(lines.join(''));
  }
  await frames.close();
  const table = await open(join(folder, 'failures.csv'), 'w');
  await table.write(
    `entity,time,kind\n${failures.map(({ node, time, kind }) => `${node},${iso(time)},${kind}\n`).join('')}`,
  );
  await table.close();
}

interface Judged {
  readonly label: Uint8Array;
  readonly chance: Float64Array;
  readonly recent: Float64Array;
  readonly cluster: Int32Array;
  readonly count: number;
  readonly clusters: number;
}

/** What was said of each node and day, what came, and how often the node had failed in the ninety days before. */
async function judge(predictions: string, { failures, end }: NodeFailures): Promise<Judged> {
  const byNode = new Map<string, number[]>();
  for (const { node, time } of failures) byNode.set(node, [...(byNode.get(node) ?? []), time]);
  const nodes = new Map<string, number>();
  const rows: number[][] = [];
  let header = true;
  for await (const line of createInterface({ input: createReadStream(predictions) })) {
    const [node, date, chance] = line.split(',') as [string, string, string];
    if (header) {
      header = false;
      continue;
    }
    const day = Date.parse(date);
    // What follows the last week nobody knows.
    if (day < CUT || day + WITHIN > end) continue;
    if (!nodes.has(node)) nodes.set(node, nodes.size);
    const times = byNode.get(node) ?? [];
    const label = times.some((time) => time > day && time <= day + WITHIN) ? 1 : 0;
    const recent = times.filter((time) => time <= day && time > day - RECENT).length;
    rows.push([label, Number(chance), recent, nodes.get(node)!]);
  }
  return {
    label: Uint8Array.from(rows, (row) => row[0]!),
    chance: Float64Array.from(rows, (row) => row[1]!),
    recent: Float64Array.from(rows, (row) => row[2]!),
    cluster: Int32Array.from(rows, (row) => row[3]!),
    count: rows.length,
    clusters: nodes.size,
  };
}

function figures(judged: Judged): {
  ours: number;
  naive: number;
  ratio: number;
  low: number;
  high: number;
  calibration: number;
} {
  const ours = rank(judged, judged.chance);
  const naive = rank(judged, judged.recent);
  const ratios: number[] = [];
  resample(judged, SEED, (weights) =>
    ratios.push(weightedPrecision(ours, weights) / weightedPrecision(naive, weights)),
  );
  const { value, low, high } = figureOf(ratios)!;
  const expected = judged.chance.reduce((sum, chance) => sum + chance, 0);
  const observed = judged.label.reduce((sum, label) => sum + label, 0);
  return {
    ours: averagePrecision(judged.label, judged.chance),
    naive: averagePrecision(judged.label, judged.recent),
    ratio: value,
    low,
    high,
    calibration: expected / observed,
  };
}

async function lanlRows(): Promise<Row[]> {
  const bounded = [
    { name: 'lanl-7d-auprc-ratio', unit: 'x', bound: 1.3, better: 'higher' },
    { name: 'lanl-7d-auprc-ratio-low', unit: 'x', bound: 1, better: 'higher' },
    { name: 'lanl-7d-calibration', unit: 'x', bound: 1.25, better: 'lower' },
  ] as const;
  if (!existsSync(file))
    return bounded.map((row): Row => Object.assign({}, row, { value: Number.NaN, note: `${file} is missing` }));
  const folder = mkdtempSync(join(tmpdir(), 'predict-lanl-'));
  try {
    const lanl = readNodeFailures(file);
    await writeTables(folder, lanl);
    const started = performance.now();
    const code = await backtest(
      {
        data: join(folder, 'node-days.csv'),
        failures: join(folder, 'failures.csv'),
        entity: 'node',
        time: 'time',
        horizons: '7d',
        split: iso(CUT).slice(0, 10),
        out: folder,
      },
      {
        environment: {},
        folder,
        words: createText()('en'),
        print: () => undefined,
        complain: (text) => process.stderr.write(`${text}\n`),
      },
    );
    if (code !== 0) throw new Error(`vigia backtest ended with exit code ${code}`);
    const seconds = (performance.now() - started) / 1000;
    const { ours, naive, ratio, low, high, calibration } = figures(await judge(join(folder, 'predictions.csv'), lanl));
    const notes = [
      `${low.toFixed(2)} to ${high.toFixed(2)}, nodes drawn again`,
      'lower end of the interval of 95 %',
      `${calibration.toFixed(3)} expected / observed, at least .8 too: the larger of it and its inverse`,
    ];
    const values = [ratio, low, Math.max(calibration, 1 / calibration)];
    const plain = { unit: '', bound: null, better: 'higher' } as const;
    return [
      ...bounded.map((row, i): Row => Object.assign({}, row, { value: values[i]!, note: notes[i]! })),
      { ...plain, name: 'lanl-7d-auprc', value: ours },
      { ...plain, name: 'lanl-7d-auprc-recent-rate', value: naive, note: 'failures of the node in the last 90 days' },
      {
        name: 'lanl-7d-seconds',
        value: seconds,
        unit: 's',
        bound: null,
        better: 'lower',
        note: 'vigia backtest, from files to report',
      },
      { name: 'lanl-7d-mb', value: process.resourceUsage().maxRSS / 1024, unit: 'MB', bound: null, better: 'lower' },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

report(await lanlRows());
