/** Failure prediction: every row of its table, each part in a process of its own. `--only cmapss,lanl,peers` chooses parts. */
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
const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' } }, strict: false });

/** Runs another benchmark: what it holds in memory goes with it. */
async function rowsOf(name: string): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'predict-'));
  try {
    const json = join(folder, 'rows.json');
    const script = fileURLToPath(new URL(`${name}.js`, import.meta.url));
    const child = spawn(process.execPath, [...process.execArgv, script, '--json', json], {
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

/** The parts, one after another: rows measured at the same time would measure each other. */
const parts: Readonly<Record<string, () => Row[] | Promise<Row[]>>> = {
  cmapss: () => rowsOf('predict-cmapss'),
  peers: () => turbofanPeerRows(data),
  lanl: () => rowsOf('predict-lanl'),
};

const only = typeof values['only'] === 'string' ? values['only'].split(',') : Object.keys(parts);
const unknown = only.find((name) => parts[name] === undefined);
if (unknown !== undefined) {
  process.stderr.write(`There is no part "${unknown}". Known: ${Object.keys(parts).join(', ')}.\n`);
  process.exit(2);
}
const rows: Row[] = [];
for (const name of only) {
  const started = performance.now();
  rows.push(...(await parts[name]!()));
  process.stderr.write(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
}
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
