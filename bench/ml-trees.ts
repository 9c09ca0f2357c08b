import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { outOfBagScore } from '../src/ml/forest-out-of-bag.ts';
import { loadForest, mergeForests } from '../src/ml/forest.ts';
import { fitGradientBoosting } from '../src/ml/gradient-boosting.ts';
import { fitIsolationForest } from '../src/ml/isolation-forest.ts';
import { fitRandomForest } from '../src/ml/random-forest.ts';
import { createTrainingPool } from '../src/ml/training-pool.ts';
import type { TrainingTask } from '../src/ml/training-tasks.ts';
import { boostingData, forestData, outlierData, writePeerData, type Labelled } from './ml-trees-data.ts';
import type { Row } from './report.ts';

/** Ours and the peers work in turn, so that a machine that slows down slows all of them down. */
const ROUNDS = 3;

/** Seconds of one run, and a measure of its quality where it has one. */
type Run = { readonly seconds: number; readonly quality: number };
type Peer = (request: string) => Promise<Run>;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

function timed(work: () => number | void): Run {
  const started = performance.now();
  const quality = work() ?? 0;
  return { seconds: (performance.now() - started) / 1000, quality };
}

/** scikit-learn and XGBoost in a Python of the system (`PYTHON`, by default /usr/bin/python3); undefined where one is missing. */
async function startPeer(folder: string): Promise<{ ask: Peer; version: string; stop(): void } | undefined> {
  const script = new URL('../../../../bench/peers/trees.py', import.meta.url).pathname;
  const python = process.env['PYTHON'] ?? '/usr/bin/python3';
  const child = spawn(python, [script, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'error').then(() => ({ value: undefined }));
  const next = async (): Promise<string | undefined> =>
    (await Promise.race([lines.next(), ended])).value as string | undefined;
  const version = await next();
  if (version === undefined) return undefined;
  const ask: Peer = async (request) => {
    child.stdin.write(`${request}\n`);
    const [seconds = Number.NaN, quality = Number.NaN] = ((await next()) ?? '').split(' ').map(Number);
    return { seconds, quality };
  };
  return { ask, version, stop: () => child.stdin.end() };
}

type Contest = { readonly row: string; readonly request: string; readonly bound: number; readonly ours: () => Run };

function contests(): Contest[] {
  const outliers = outlierData();
  const boosting = boostingData();
  const forest = forestData();
  let isolation = fitIsolationForest(outliers, { seed: 1 });
  const scores = new Float64Array(outliers.rows);
  return [
    {
      row: 'iforest-fit-vs-sklearn',
      request: 'iforest-fit',
      bound: 20,
      ours: () =>
        timed(() => {
          isolation = fitIsolationForest(outliers, { seed: 1, trees: 100, subsample: 256 });
        }),
    },
    {
      row: 'iforest-score-vs-sklearn',
      request: 'iforest-score',
      bound: 2,
      ours: () =>
        timed(() => {
          isolation.scoreBatch(outliers, scores);
        }),
    },
    { row: 'boosting-train-vs-xgboost', request: 'boosting-train', bound: 0.8, ours: () => trainBoosting(boosting) },
    { row: 'forest-fit-vs-sklearn', request: 'forest-fit', bound: 2, ours: () => trainForest(forest) },
  ];
}

function trainBoosting(rows: Labelled): Run {
  const options = { objective: 'logistic', seed: 1, trees: 100, maxLeaves: 31, l2: 1, minChildWeight: 1 } as const;
  const started = performance.now();
  const model = fitGradientBoosting(rows, options);
  const seconds = (performance.now() - started) / 1000;
  const losses = model.predictBatch(rows.matrix).map((p, row) => -Math.log(rows.target[row] === 1 ? p : 1 - p));
  return { seconds, quality: losses.reduce((sum, x) => sum + x, 0) / losses.length };
}

/** The estimate is part of the work: scikit-learn makes it inside fit too. */
function trainForest(rows: Labelled): Run {
  return timed(() => {
    const forest = fitRandomForest(rows, { task: 'classification', seed: 1 });
    return outOfBagScore('classification', forest.outOfBag!, rows.target);
  });
}

/** Fits that take milliseconds are repeated within a round. */
function repeated(work: () => Run): Run {
  const runs = [work()];
  while (runs.length < 9 && runs.reduce((sum, run) => sum + run.seconds, 0) < 0.5) runs.push(work());
  return { seconds: median(runs.map((run) => run.seconds)), quality: runs[0]!.quality };
}

async function race(contest: Contest, peer: Awaited<ReturnType<typeof startPeer>>): Promise<Row> {
  const shared = { name: contest.row, unit: '×', bound: contest.bound, better: 'higher' } as const;
  if (peer === undefined) {
    return { ...shared, value: Number.NaN, note: 'absent: apt-get install python3-sklearn python3-xgboost' };
  }
  const ours: Run[] = [];
  const theirs: Run[] = [];
  // The first round warms both up.
  for (let round = 0; round <= ROUNDS; round++) {
    ours.push(repeated(contest.ours));
    theirs.push(await peer.ask(contest.request));
  }
  const mine = median(ours.slice(1).map((run) => run.seconds));
  const other = median(theirs.slice(1).map((run) => run.seconds));
  const quality = `, quality ${ours[0]!.quality.toFixed(4)} against ${theirs[0]!.quality.toFixed(4)}`;
  return {
    ...shared,
    value: other / mine,
    note: `${(mine * 1000).toFixed(1)} ms against ${(other * 1000).toFixed(1)}${ours[0]!.quality === 0 ? '' : quality}, ${peer.version}`,
  };
}

/** Microseconds of one row, the median of many. */
function rowTime(name: string, bound: number, predict: (row: number) => void): Row {
  const times: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    const started = performance.now();
    predict((i * 7919) % 20_000);
    times.push((performance.now() - started) * 1000);
  }
  return { name, value: median(times.slice(5000)), unit: 'µs', bound, better: 'lower' };
}

function rowTimes(): Row[] {
  const outliers = outlierData();
  const isolation = fitIsolationForest(outliers, { seed: 1 });
  const boosting = boostingData();
  const model = fitGradientBoosting(boosting, { objective: 'logistic', seed: 1 });
  const out = new Float64Array(1);
  return [
    rowTime('iforest-row-us', 20, (row) => isolation.scoreRow(outliers.data, row * 16)),
    rowTime('boosting-row-us', 10, (row) => model.predictRow(boosting.matrix.data, out, row * 30)),
  ];
}

/** One forest in two halves, merged, and two boosted models, by two threads of the training pool against one. */
async function twoWorkers(): Promise<Row[]> {
  const forest = forestData();
  const boosting = boostingData();
  const half = (firstTree: number): TrainingTask => ({
    kind: 'random-forest',
    data: forest,
    options: { task: 'classification', seed: 1, firstTree, trees: 50 },
  });
  const boost = (seed: number): TrainingTask => ({
    kind: 'gradient-boosting',
    data: boosting,
    options: { objective: 'logistic', seed, trees: 30 },
  });
  return [
    await raceThreads('two-workers-forest', [half(0), half(50)], (parts) => {
      mergeForests(parts.map((bytes) => loadForest(bytes)));
    }),
    await raceThreads('two-workers-boosting', [boost(1), boost(2)], () => undefined),
  ];
}

async function raceThreads(
  name: string,
  tasks: readonly TrainingTask[],
  finish: (parts: Uint8Array[]) => void,
): Promise<Row> {
  const pools = [1, 2].map((threads) => createTrainingPool({ threads, niceness: 0 }));
  const ratios: number[] = [];
  // The first round starts the threads and warms them up.
  for (let round = 0; round <= ROUNDS; round++) {
    const seconds: number[] = [];
    for (const pool of pools) {
      const started = performance.now();
      const results = await Promise.all(tasks.map((task) => pool.run(task)));
      finish(results.map(({ bytes }) => bytes));
      seconds.push(performance.now() - started);
    }
    if (round > 0) ratios.push(seconds[0]! / seconds[1]!);
  }
  await Promise.all(pools.map((pool) => pool.close()));
  const note = ratios.map((ratio) => ratio.toFixed(2)).join(' ');
  return { name, value: median(ratios), unit: '×', bound: 1.7, better: 'higher', note };
}

/** The rows of the trees' part of `npm run bench:ml`. */
export async function treeRows(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ml-trees-'));
  try {
    writePeerData(folder);
    const peer = await startPeer(folder);
    const rows: Row[] = [];
    for (const contest of contests()) rows.push(await race(contest, peer));
    peer?.stop();
    return [...rows, ...rowTimes(), ...(await twoWorkers())];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
