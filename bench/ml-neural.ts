import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type Matrix, createMatrix } from '../src/ml/matrix.ts';
import { fitAutoencoder } from '../src/ml/neural-autoencoder-training.ts';
import { fitLstm, type LstmOptions } from '../src/ml/neural-lstm-training.ts';
import { createRandom } from '../src/ml/random.ts';
import { createTrainingPool } from '../src/ml/training-pool.ts';
import { type Peer, startTensorFlow } from './ml-neural-tensorflow.ts';
import type { Row } from './report.ts';

/** Ours and the peers train in turn, so that a machine that slows down slows all of them down. */
const ROUNDS = 3;
const SECONDS = 2;
const ROWS = 4096;

type Kind = Parameters<Peer>[0];

function normals(rows: number, columns: number, seed: number): Matrix {
  const random = createRandom(seed);
  return createMatrix(
    Float32Array.from({ length: rows * columns }, () => random.normal()),
    rows,
    columns,
  );
}

const sequences = normals(ROWS, 30 * 16, 1);
const answers = normals(ROWS, 1, 2);
const wide = normals(ROWS, 64, 3);
const lstmOptions = { seed: 1, features: 16, units: [32], loss: { kind: 'squared' } } satisfies LstmOptions;

/** Ours by the public functions, from the end of the first epoch on: the peers' preparation is not counted either. */
const ours: Peer = async (kind, seconds) => {
  const stop = new AbortController();
  let started = 0;
  let last = 0;
  let epochs = 0;
  const options = {
    seed: 1,
    epochs: 100_000,
    gradientClip: 0,
    validationShare: 0,
    signal: stop.signal,
    onProgress: () => {
      last = performance.now();
      if (started === 0) started = last;
      else epochs += 1;
      if (last - started > seconds * 1000) stop.abort();
    },
  };
  try {
    if (kind === 'lstm') fitLstm(sequences, answers, { ...lstmOptions, ...options, batchSize: 64 });
    else fitAutoencoder(wide, { ...options, hidden: [32, 8, 32], batchSize: 128 });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  return (epochs * ROWS) / ((last - started) / 1000);
};

/** PyTorch in a Python of the system (`PYTHON`, by default /usr/bin/python3); undefined where it is not installed. */
async function startTorch(): Promise<{ peer: Peer; version: string; stop(): void } | undefined> {
  const script = new URL('../../../../bench/peers/neural.py', import.meta.url).pathname;
  const child = spawn(process.env['PYTHON'] ?? '/usr/bin/python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'error').then(() => ({ value: undefined }));
  const next = async (): Promise<string | undefined> => (await Promise.race([lines.next(), ended])).value as string;
  const version = await next();
  if (version === undefined) return undefined;
  const peer: Peer = async (kind, seconds) => {
    child.stdin.write(`${kind} ${seconds}\n`);
    return Number(await next());
  };
  return { peer, version, stop: () => child.stdin.end() };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Median over rounds of ours and of each peer, in rows a second. */
async function race(kind: Kind, peers: Readonly<Record<string, Peer>>): Promise<Record<string, number>> {
  const rates: Record<string, number[]> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, peer] of Object.entries({ ours, ...peers })) {
      (rates[name] ??= []).push(await peer(kind, SECONDS));
    }
  }
  return Object.fromEntries(Object.entries(rates).map(([name, values]) => [name, median(values)]));
}

/** Microseconds of one prediction, the median of many, alternating with another model so that weights are laid out again. */
function lstmRow(): number {
  const [a, b] = [1, 2].map((seed) => fitLstm(sequences, answers, { ...lstmOptions, seed, epochs: 1 }).model);
  const out = new Float64Array(1);
  const times: number[] = [];
  for (let i = 0; i < 4000; i++) {
    b!.predictRow(sequences.data, out, (i % ROWS) * sequences.columns);
    const started = performance.now();
    a!.predictRow(sequences.data, out, (i % ROWS) * sequences.columns);
    times.push((performance.now() - started) * 1000);
  }
  return median(times.slice(1000));
}

/** Members of an ensemble that two workers train, against one. */
async function twoWorkers(): Promise<Row> {
  const shared = ({ data, rows, columns }: Matrix): Matrix => {
    const copy = new Float32Array(new SharedArrayBuffer(data.length * 4) as unknown as ArrayBuffer);
    copy.set(data);
    return createMatrix(copy, rows, columns);
  };
  const data = { sequences: shared(sequences), targets: shared(answers) };
  const tasks = [1, 2, 3, 4].map((seed) => {
    return { kind: 'lstm', data, options: { ...lstmOptions, seed, epochs: 3, validationShare: 0 } } as const;
  });
  const pools = [1, 2].map((threads) => createTrainingPool({ threads, niceness: 0 }));
  const ratios: number[] = [];
  // The first round starts the threads.
  for (let round = 0; round <= ROUNDS; round++) {
    const seconds: number[] = [];
    for (const pool of pools) {
      const started = performance.now();
      await Promise.all(tasks.map((task) => pool.run(task)));
      seconds.push(performance.now() - started);
    }
    if (round > 0) ratios.push(seconds[0]! / seconds[1]!);
  }
  await Promise.all(pools.map((pool) => pool.close()));
  const note = `${tasks.length} members of 3 epochs each`;
  return { name: 'two-workers-lstm', value: median(ratios), unit: '×', bound: 1.7, better: 'higher', note };
}

/** The rows of the neural part of `npm run bench:ml`. */
export async function neuralRows(): Promise<Row[]> {
  const torch = await startTorch();
  const peers = { tfjs: await startTensorFlow(), ...(torch && { torch: torch.peer }) };
  const rows: Row[] = [];
  for (const [kind, bounds] of [
    ['lstm', { torch: 1, tfjs: 10 }],
    ['autoencoder', { torch: 1, tfjs: 5 }],
  ] as const) {
    const rates = await race(kind, peers);
    for (const peer of ['torch', 'tfjs'] as const) {
      const theirs = rates[peer];
      rows.push({
        name: `${kind}-train-vs-${peer}`,
        value: theirs === undefined ? Number.NaN : rates['ours']! / theirs,
        unit: '×',
        bound: bounds[peer],
        better: 'higher',
        note:
          theirs === undefined
            ? 'absent: apt-get install python3-torch'
            : `${Math.round(rates['ours']!)} against ${Math.round(theirs)} rows/s${peer === 'torch' ? `, ${torch!.version}` : ''}`,
      });
    }
  }
  torch?.stop();
  rows.push({
    name: 'lstm-row-us',
    value: lstmRow(),
    unit: 'µs',
    bound: 100,
    better: 'lower',
    note: '30 × 16, 32 units',
  });
  rows.push(await twoWorkers());
  return rows;
}
