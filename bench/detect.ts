import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { costRows, firstRows } from './detect-cost.ts';
import { quietRows, recallRows } from './detect-fleet.ts';
import { benchNab } from './detect-nab.ts';
import { peerRows } from './detect-peers.ts';
import { rootRows } from './detect-roots.ts';
import { scoreRows } from './detect-score.ts';
import { benchSmd } from './detect-smd.ts';
import { stormRows } from './detect-storm.ts';
import { report, type Row } from './report.ts';

/** Rows that say nothing when those beside which they stand could not be measured. */
const STAND_BESIDE_PEERS = new Set(['smd-vus-pr', 'smd-ap']);

const data = resolve(process.env['VIGIA_BENCH_DATA'] ?? '../shared/data');
const { values } = parseArgs({
  options: { only: { type: 'string' }, seed: { type: 'string' }, json: { type: 'string' } },
  strict: false,
});
const seed = Number(typeof values['seed'] === 'string' ? values['seed'] : 1);

/** The Server Machine Dataset, ours and theirs in the same run. */
async function smdRows(): Promise<Row[]> {
  const peers = await peerRows(data);
  const ours = await benchSmd(join(data, 'smd'));
  return [...ours.map((row) => withPeers(row, peers.present)), ...peers.rows];
}

const withPeers = (row: Row, present: boolean): Row =>
  present || !STAND_BESIDE_PEERS.has(row.name)
    ? row
    : {
        ...row,
        value: Number.NaN,
        note: `${row.value.toFixed(3)}, but the peers are absent: apt-get install python3-sklearn`,
      };

/** Under the name of its bound: how far behind it came. */
const namedStormRows = async (): Promise<Row[]> =>
  (await stormRows()).map((row) =>
    row.name === 'storm-behind-seconds' ? Object.assign({}, row, { name: 'storm' }) : row,
  );

/** The two months of the fleet, side by side in processes of their own: neither is timed. */
async function fleetRows(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'detect-fleet-'));
  try {
    const months = ['quiet', 'recall'].map(async (name) => {
      const json = join(folder, `${name}.json`);
      const parameters = [fileURLToPath(import.meta.url), '--only', name, '--seed', String(seed), '--json', json];
      const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'ignore', 'inherit'] });
      const [code] = (await once(child, 'close')) as [number | null];
      if (code !== 0) throw new Error(`the ${name} month ended with exit code ${code}`);
      const rows = JSON.parse(readFileSync(json, 'utf8')) as (Row & { readonly value: number | null })[];
      return rows.map((row): Row => Object.assign(row, { value: row.value ?? Number.NaN }));
    });
    return (await Promise.all(months)).flat();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The parts, one after another: rows measured at the same time would measure each other. */
const parts: Readonly<Record<string, () => Row[] | Promise<Row[]>>> = {
  nab: () => benchNab(join(data, 'nab')),
  smd: smdRows,
  fleet: fleetRows,
  first: () => firstRows(seed),
  cost: () => costRows(seed),
  score: () => scoreRows(data),
  storm: namedStormRows,
  roots: () => rootRows(data),
};

/** Parts of parts, for those who ask for them. */
const pieces: typeof parts = { quiet: () => quietRows(seed), recall: () => recallRows(seed) };

const only = typeof values['only'] === 'string' ? values['only'].split(',') : Object.keys(parts);
const known = { ...parts, ...pieces };
const unknown = only.find((name) => known[name] === undefined);
if (unknown !== undefined || !Number.isFinite(seed)) {
  process.stderr.write(
    `There is no part "${unknown ?? seed}". Known: ${Object.keys(known).join(', ')}; --seed is a number.\n`,
  );
  process.exit(2);
}
const rows: Row[] = [];
for (const name of only) {
  const started = performance.now();
  rows.push(...(await known[name]!()));
  process.stderr.write(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
}
report(rows);
