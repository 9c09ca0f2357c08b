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

/** A part in a process of its own. */
async function apart(name: string, folder: string): Promise<Row[]> {
  const json = join(folder, `${name}.json`);
  const parameters = [fileURLToPath(import.meta.url), '--only', name, '--seed', String(seed), '--json', json];
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the part "${name}" ended with exit code ${code}`);
  const rows = JSON.parse(readFileSync(json, 'utf8')) as (Row & { readonly value: number | null })[];
  return rows.map((row): Row => Object.assign(row, { value: row.value ?? Number.NaN }));
}

/** Parts side by side, two at a time, longest first: none of them is timed. */
async function together(names: readonly string[]): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-detect-'));
  const found = new Map<string, Row[]>();
  const waiting = [...names];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
      found.set(name, await apart(name, folder));
  };
  try {
    await Promise.all([work(), work()]);
    return names.flatMap((name) => found.get(name) ?? []);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is the same however busy the machine is, longest first. */
const untimed: Readonly<Record<string, () => Row[] | Promise<Row[]>>> = {
  recall: () => recallRows(seed),
  quiet: () => quietRows(seed),
  smd: smdRows,
  first: () => firstRows(seed),
  nab: () => benchNab(join(data, 'nab')),
  roots: () => rootRows(data),
};

/** One after another, once those are done: rows timed at the same time would measure each other. */
const timed: typeof untimed = {
  cost: () => costRows(seed),
  score: () => scoreRows(data),
  storm: namedStormRows,
};

/** Names for several, and parts by themselves. */
const parts: typeof untimed = {
  untimed: () => together(Object.keys(untimed)),
  ...timed,
};
const known: typeof untimed = { ...parts, ...untimed, fleet: () => together(['recall', 'quiet']) };

const only = typeof values['only'] === 'string' ? values['only'].split(',') : Object.keys(parts);
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
