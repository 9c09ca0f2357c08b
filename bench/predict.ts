/**
 * Failure prediction: every row of its table, each part in a process of its own. `--rows fleet,act,cmapss,peers,lanl,seconds,train` chooses
 * parts, `--seed` the simulated fleets.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { turbofanPeerRows } from './predict-peers.ts';
import { report, type Row } from './report.ts';

/** Rows that say nothing when those beside which they stand could not be measured. */
const STAND_BESIDE_PEERS = /^cmapss-fd00\d-(?:rmse|auprc30)$/;

const data = resolve(process.env['VIGIA_BENCH_DATA'] ?? '../shared/data');
const { values } = parseArgs({
  options: {
    rows: { type: 'string' },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
  strict: false,
});
const seed = ['--seed', String(values['seed'])];

/** Runs another benchmark: what it holds in memory goes with it. */
async function rowsOf(name: string, options: readonly string[] = []): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'predict-'));
  try {
    const json = join(folder, 'rows.json');
    const script = fileURLToPath(new URL(`${name}.js`, import.meta.url));
    const child = spawn(process.execPath, [...process.execArgv, script, '--json', json, ...options], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, VIGIA_BENCH_DATA: data },
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${name} ended with exit code ${code}`);
    const rows = JSON.parse(readFileSync(json, 'utf8')) as (Row & { readonly value: number | null })[];
    return rows.map((row): Row => Object.assign(row, { value: row.value ?? Number.NaN }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const parts: Readonly<Record<string, () => Row[] | Promise<Row[]>>> = {
  fleet: () => rowsOf('predict-fleet', seed),
  act: () => rowsOf('predict-act', seed),
  cmapss: () => rowsOf('predict-cmapss'),
  peers: () => turbofanPeerRows(data),
  lanl: () => rowsOf('predict-lanl'),
  seconds: () => rowsOf('predict-seconds'),
  train: () => rowsOf('predict-train'),
};
/** What time and memory are measured of: one after another, as they would measure each other. The others go two by two. */
const ALONE = new Set(['seconds', 'train']);

const chosen = values['rows'] ?? values['only'];
const only = typeof chosen === 'string' ? chosen.split(',') : Object.keys(parts);
const unknown = only.find((name) => parts[name] === undefined);
if (unknown !== undefined) {
  process.stderr.write(`There is no part "${unknown}". Known: ${Object.keys(parts).join(', ')}.\n`);
  process.exit(2);
}
const measured = new Map<string, Row[]>();

/** Takes one part after another off the list. */
async function measureAll(waiting: string[]): Promise<void> {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const started = performance.now();
    measured.set(name, await parts[name]!());
    process.stderr.write(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
  }
}

const together = only.filter((name) => !ALONE.has(name));
await Promise.all([measureAll(together), measureAll(together)]);
await measureAll(only.filter((name) => ALONE.has(name)));
const rows = only.flatMap((name) => measured.get(name) ?? []);
const peers = rows.some(({ name }) => name.endsWith('-hist-gradient-boosting'));
const asked = only.includes('peers');
report(
  rows.map((row): Row => {
    if (peers || !asked || !STAND_BESIDE_PEERS.test(row.name)) return row;
    return Object.assign(row, {
      value: Number.NaN,
      note: `${row.value.toFixed(3)}, but the peer is absent: apt-get install python3-sklearn`,
    });
  }),
);
