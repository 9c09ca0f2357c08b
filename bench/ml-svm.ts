import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createMatrix, type Matrix } from '../src/ml/matrix.ts';
import { fitOneClassSvm } from '../src/ml/one-class-svm.ts';
import { createRandom } from '../src/ml/random.ts';
import type { Row } from './report.ts';

/** Ours and the peer work in turn, so that a machine that slows down slows both down. */
const ROUNDS = 7;
const ROWS = 5000;
const COLUMNS = 16;

/** Seconds, and what shows that the work was equal: support vectors of a fit, mean of the scores. */
type Run = { readonly seconds: number; readonly quality: number };

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

function normals(): Matrix {
  const random = createRandom(1);
  const data = Float64Array.from({ length: ROWS * COLUMNS }, () => random.normal());
  return createMatrix(data, ROWS, COLUMNS);
}

/** scikit-learn in a Python of the system (`PYTHON`, by default /usr/bin/python3); undefined where it is missing. */
async function startPeer(folder: string) {
  const script = new URL('../../../../bench/peers/svm.py', import.meta.url).pathname;
  const python = process.env['PYTHON'] ?? '/usr/bin/python3';
  const child = spawn(python, [script, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'error').then(() => ({ value: undefined }));
  const next = async (): Promise<string | undefined> =>
    (await Promise.race([lines.next(), ended])).value as string | undefined;
  const version = await next();
  if (version === undefined) return undefined;
  const ask = async (request: string): Promise<Run> => {
    child.stdin.write(`${request}\n`);
    const [seconds = Number.NaN, quality = Number.NaN] = ((await next()) ?? '').split(' ').map(Number);
    return { seconds, quality };
  };
  return { ask, version, stop: () => child.stdin.end() };
}

function timed(work: () => number): Run {
  const started = performance.now();
  const quality = work();
  return { seconds: (performance.now() - started) / 1000, quality };
}

/** The rows of the support vector machine in `npm run bench:ml`: nu 0.1, gamma `scale`, tolerance 1e-3 on both sides. */
export async function svmRows(): Promise<Row[]> {
  const matrix = normals();
  let machine = fitOneClassSvm(matrix, { nu: 0.1, tolerance: 1e-3 });
  const scores = new Float64Array(ROWS);
  const contests = [
    {
      row: 'ocsvm-fit-vs-sklearn',
      request: 'ocsvm-fit',
      bound: 0.8,
      ours: () => {
        machine = fitOneClassSvm(matrix, { nu: 0.1, tolerance: 1e-3 });
        return machine.supportVectors.rows;
      },
    },
    {
      row: 'ocsvm-score-vs-sklearn',
      request: 'ocsvm-score',
      bound: 2,
      ours: () => machine.scoreBatch(matrix, scores).reduce((sum, x) => sum + x, 0) / ROWS,
    },
  ];
  const folder = mkdtempSync(join(tmpdir(), 'ml-svm-'));
  try {
    writeFileSync(join(folder, 'svm.f64'), new Uint8Array(matrix.data.buffer));
    const peer = await startPeer(folder);
    const rows: Row[] = [];
    for (const { row, request, bound, ours } of contests) {
      const shared = { name: row, unit: '×', bound, better: 'higher' } as const;
      if (peer === undefined) {
        rows.push({ ...shared, value: Number.NaN, note: 'absent: apt-get install python3-sklearn' });
        continue;
      }
      const mine: Run[] = [];
      const theirs: Run[] = [];
      // The first round warms both up.
      for (let round = 0; round <= ROUNDS; round++) {
        mine.push(timed(ours));
        theirs.push(await peer.ask(request));
      }
      const [own, other] = [mine, theirs].map((runs) => median(runs.slice(1).map(({ seconds }) => seconds)));
      const results = `${mine[0]!.quality.toFixed(4)} and ${theirs[0]!.quality.toFixed(4)}`;
      const times = `${(own! * 1000).toFixed(1)} ms against ${(other! * 1000).toFixed(1)}`;
      rows.push({ ...shared, value: other! / own!, note: `${times}, result ${results}, ${peer.version}` });
    }
    peer?.stop();
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
