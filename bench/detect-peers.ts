/** Others on the Server Machine Dataset, in the same run and judged by the same code: scikit-learn's outlier detectors. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';
import { averagePrecision } from '../src/ml/ranking-metrics.ts';
import { volumeUnderSurface } from '../src/ml/vus.ts';
import type { Row } from './report.ts';

const COLUMNS = 38;
/** As the published figures were measured. */
const VUS = { window: 100, thresholds: 100 } as const;
const PEERS = ['pca', 'windowed-pca', 'iforest', 'ocsvm'] as const;

function numbersOf(file: string): Float64Array {
  const text = gunzipSync(readFileSync(file)).toString().trimEnd();
  return Float64Array.from(text.split(/[,\n]/), Number);
}

/** scikit-learn in a Python of the system (`PYTHON`, by default /usr/bin/python3); undefined where it is missing. */
async function startPeer(folder: string) {
  const script = new URL('../../../../bench/peers/outliers.py', import.meta.url).pathname;
  const python = process.env['PYTHON'] ?? '/usr/bin/python3';
  const child = spawn(python, [script, folder, String(COLUMNS)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'error').then(() => ({ value: undefined }));
  const next = async (): Promise<string | undefined> =>
    (await Promise.race([lines.next(), ended])).value as string | undefined;
  const version = await next();
  if (version === undefined) return undefined;
  const ask = async (peer: string): Promise<number> => {
    child.stdin.write(`${peer}\n`);
    return Number(await next());
  };
  return { version, ask, stop: () => child.stdin.end() };
}

type Tally = { vus: number; ap: number; seconds: number };

/** Rows of the peers, and whether they could be measured at all. */
export async function peerRows(data: string): Promise<{ readonly rows: Row[]; readonly present: boolean }> {
  const folder = join(data, 'smd');
  if (!existsSync(join(folder, 'test'))) return { rows: [], present: false };
  const scratch = mkdtempSync(join(tmpdir(), 'detect-peers-'));
  try {
    const peer = await startPeer(scratch);
    if (peer === undefined) return { rows: [], present: false };
    const tallies = new Map<string, Tally>(PEERS.map((name) => [name, { vus: 0, ap: 0, seconds: 0 }]));
    const machines = readdirSync(join(folder, 'test')).sort();
    for (const machine of machines) {
      for (const part of ['train', 'test']) {
        writeFileSync(join(scratch, `${part}.f64`), new Uint8Array(numbersOf(join(folder, part, machine)).buffer));
      }
      const labels = readFileSync(join(folder, 'test_label', machine.replace('.csv.gz', '.txt')), 'utf8');
      const truth = Uint8Array.from(labels.trim().split(/\s+/), Number);
      for (const name of PEERS) {
        const tally = tallies.get(name)!;
        tally.seconds += await peer.ask(name);
        const bytes = readFileSync(join(scratch, 'scores.f64'));
        const scores = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
        tally.vus += volumeUnderSurface(truth, scores, VUS).pr / machines.length;
        tally.ap += averagePrecision(truth, scores) / machines.length;
      }
    }
    peer.stop();
    const shared = { unit: '', bound: null, better: 'higher' } as const;
    const rows = [...tallies].flatMap(([name, { vus, ap, seconds }]): Row[] => {
      const note = `${peer.version}, ${seconds.toFixed(1)} s`;
      return [
        { name: `smd-vus-pr-${name}`, value: vus, note, ...shared },
        { name: `smd-ap-${name}`, value: ap, note, ...shared },
      ];
    });
    return { rows, present: true };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
