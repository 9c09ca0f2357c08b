import { renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** One row of a benchmark. Peers are rows without a bound. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bound: number | null;
  readonly better: 'higher' | 'lower';
  readonly note?: string;
}

/** A row is good when it has no bound or keeps it; a value that could not be had is never good. */
const isOk = (row: Row): boolean =>
  Number.isFinite(row.value) &&
  (row.bound === null || (row.better === 'higher' ? row.value >= row.bound : row.value <= row.bound));

const show = (value: number): string =>
  Number.isFinite(value) ? value.toLocaleString('en', { maximumSignificantDigits: 4 }) : 'absent';

/** Prints the rows as a table and, with `--json FILE`, writes them as an array. */
export function report(rows: readonly Row[]): void {
  const { values } = parseArgs({ options: { json: { type: 'string' } }, strict: false });
  const lines = rows.map((row) => [
    row.name,
    show(row.value),
    row.unit,
    row.bound === null ? '' : `${row.better === 'higher' ? '≥' : '≤'} ${show(row.bound)}`,
    row.bound === null ? '' : isOk(row) ? 'ok' : 'missed',
    row.note ?? '',
  ]);
  const table = [['row', 'value', 'unit', 'bound', '', 'note'], ...lines];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
  for (const line of table) {
    process.stdout.write(
      `${line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
  if (typeof values['json'] === 'string') {
    const json = rows.map((row) => ({
      name: row.name,
      value: Number.isFinite(row.value) ? row.value : null,
      unit: row.unit,
      bound: row.bound,
      better: row.better,
      ok: isOk(row),
      note: row.note ?? '',
    }));
    writeFileSync(`${values['json']}.part`, `${JSON.stringify(json, null, 2)}\n`);
    renameSync(`${values['json']}.part`, values['json']);
  }
}
