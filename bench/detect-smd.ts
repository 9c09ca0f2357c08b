/**
 * The Server Machine Dataset: each machine's test half goes through `vigia score` as a file with its unlabelled first half as
 * training, all with the same settings. Scores are judged by VUS-PR and average precision, what would be told by
 * events.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scoreFile } from '../src/commands/score-file.ts';
import { createRowScorer } from '../src/detect/create-row-scorer.ts';
import { blockBootstrap } from '../src/ml/block-bootstrap.ts';
import { eventScores } from '../src/ml/range-metrics.ts';
import { averagePrecision } from '../src/ml/ranking-metrics.ts';
import { rangesOf, type TimeRange } from '../src/ml/time-ranges.ts';
import { volumeUnderSurface } from '../src/ml/vus.ts';
import { createText } from '../src/text/text.ts';
import type { Row } from './report.ts';

const BOUND = 0.62;
/** As TSB-AD and the published figures take them. */
const VUS = { window: 100, thresholds: 100 } as const;
/** A day of minutes: longer than nearly all anomalies, and the rhythm of load. */
const BLOCK = 1440;
const RESAMPLES = 100;
/** Rows between two warnings up to which they are one event: a person is told once. */
const JOINED = 15;

interface Machine {
  readonly name: string;
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  /** 1 for rows of severity warning or critical. */
  readonly warned: Uint8Array;
}

async function scoreMachine(folder: string, name: string, scratch: string): Promise<Machine> {
  const out = join(scratch, 'scores.csv');
  const file = `${name}.csv.gz`;
  const request = {
    data: join(folder, 'test', file),
    train: join(folder, 'train', file),
    out,
    stepMs: null,
    detectors: null,
  };
  await scoreFile(request, { words: createText()('en'), createScorer: createRowScorer, progress: () => undefined });
  const lines = readFileSync(out, 'utf8').trimEnd().split('\n').slice(1);
  const cells = lines.map((line) => line.split(','));
  const labels = readFileSync(join(folder, 'test_label', `${name}.txt`), 'utf8')
    .trimEnd()
    .split('\n');
  return {
    name,
    labels: Uint8Array.from(labels, Number),
    scores: Float64Array.from(cells, (line) => Number(line[2])),
    warned: Uint8Array.from(cells, (line) => (line[4] === 'warning' || line[4] === 'critical' ? 1 : 0)),
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value / values.length, 0);

type Measure = (labels: Uint8Array, scores: Float64Array) => number;

const MEASURES: Readonly<Record<string, Measure>> = {
  'smd-vus-pr': (labels, scores) => volumeUnderSurface(labels, scores, VUS).pr,
  'smd-ap': averagePrecision,
};

/** Values of a measure on resampled days of a machine; draws without both labels have none. */
function resampled({ labels, scores }: Machine, measure: Measure, seed: number): number[] {
  const values: number[] = [];
  const take = (rows: Uint32Array): number => {
    const drawn = Uint8Array.from(rows, (row) => labels[row]!);
    if (!drawn.includes(1) || !drawn.includes(0)) return Number.NaN;
    const value = measure(
      drawn,
      Float64Array.from(rows, (row) => scores[row]!),
    );
    values.push(value);
    return value;
  };
  blockBootstrap(labels.length, take, { blockLength: BLOCK, resamples: RESAMPLES, seed });
  return values.slice(1);
}

/** 95 % interval of the mean over machines. */
function interval(machines: readonly Machine[], measure: Measure): readonly [number, number] {
  const each = machines.map((machine, i) => resampled(machine, measure, i + 1));
  const count = Math.min(...each.map(({ length }) => length));
  const means = Array.from({ length: count }, (_, k) => mean(each.map((values) => values[k]!))).sort((a, b) => a - b);
  return [means[Math.floor(0.025 * count)]!, means[Math.ceil(0.975 * count) - 1]!];
}

function measureRow(name: string, measure: Measure, machines: readonly Machine[]): Row {
  const values = machines.map(({ labels, scores }) => measure(labels, scores));
  const [low, high] = interval(machines, measure);
  const each = machines.map(({ name: machine }, i) => `${machine.replace('machine-', '')} ${values[i]!.toFixed(3)}`);
  const note = `95 % ${low.toFixed(3)} to ${high.toFixed(3)} over days; ${each.join(', ')}`;
  return { name, value: mean(values), unit: '', bound: BOUND, better: 'higher', note };
}

/** Ranges of warned rows, those close to each other as one. */
function eventsOf(warned: Uint8Array): TimeRange[] {
  const events: { start: number; end: number }[] = [];
  for (const { start, end } of rangesOf(warned)) {
    const last = events.at(-1);
    if (last !== undefined && start - last.end <= JOINED) last.end = end;
    else events.push({ start, end });
  }
  return events;
}

function eventRows(machines: readonly Machine[]): Row[] {
  const each = machines.map(({ labels, warned }) => eventScores(rangesOf(labels), eventsOf(warned)));
  const sum = (of: 'found' | 'missed' | 'falseAlarms'): number => each.reduce((all, one) => all + one[of], 0);
  const rowOf = (name: string, of: 'precision' | 'recall', note: string): Row => ({
    name,
    value: mean(each.map((one) => one[of])),
    unit: '',
    bound: null,
    better: 'higher',
    note,
  });
  return [
    rowOf('smd-event-precision', 'precision', `${sum('falseAlarms')} false alarms in ${machines.length} half months`),
    rowOf('smd-event-recall', 'recall', `${sum('found')} of ${sum('found') + sum('missed')} anomalies warned of`),
  ];
}

/** Rows of the benchmark on the machines in `folder`; rows that say so when they are not there. */
export async function benchSmd(folder: string): Promise<Row[]> {
  const tests = join(folder, 'test');
  if (!existsSync(tests))
    return Object.keys(MEASURES).map((name) => ({
      name,
      value: Number.NaN,
      unit: '',
      bound: BOUND,
      better: 'higher',
      note: `no data in ${folder}`,
    }));
  const scratch = mkdtempSync(join(tmpdir(), 'vigia-smd-'));
  try {
    const machines: Machine[] = [];
    for (const file of readdirSync(tests).sort())
      machines.push(await scoreMachine(folder, file.replace(/\.csv\.gz$/, ''), scratch));
    return [
      ...Object.entries(MEASURES).map(([name, measure]) => measureRow(name, measure, machines)),
      ...eventRows(machines),
    ];
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
