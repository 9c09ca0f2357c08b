/** Acting: every row of its table, each part in a process of its own. `--only regret,ope,harm,guard,disk` chooses parts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { report, type Row } from './report.ts';

const PARTS = ['regret', 'ope', 'harm', 'guard', 'disk'];
const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' } }, strict: false });

/** Runs one part: what it holds in memory goes with it. */
async function rowsOf(name: string): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'act-'));
  try {
    const json = join(folder, 'rows.json');
    const script = fileURLToPath(new URL(`act-${name}.js`, import.meta.url));
    const child = spawn(process.execPath, [...process.execArgv, script, '--json', json], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, VIGIA_BENCH_DATA: resolve(process.env['VIGIA_BENCH_DATA'] ?? '../shared/data') },
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`act-${name} ended with exit code ${code}`);
    const rows = JSON.parse(readFileSync(json, 'utf8')) as (Row & { readonly value: number | null })[];
    return rows.map((row): Row => Object.assign(row, { value: row.value ?? Number.NaN }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const only = typeof values['only'] === 'string' ? values['only'].split(',') : PARTS;
const unknown = only.find((name) => !PARTS.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`There is no part "${unknown}". Known: ${PARTS.join(', ')}.\n`);
  process.exit(2);
}
const rows: Row[] = [];
for (const name of only) rows.push(...(await rowsOf(name)));
report(rows);
