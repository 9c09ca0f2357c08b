import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { EntityHistory, FleetHistory } from '../src/model/predictor.ts';

/** Cycles at which the remaining life of runs is capped, in truth and prediction alike (Heimes, 2008). */
export const CAP = 125;

const COLUMNS = [1, 2, 3].map((i) => `setting${i}`).concat(Array.from({ length: 21 }, (_, i) => `sensor${i + 1}`));

/** One of the turbofan sets: runs to failure, runs cut short, and the cycles that each of those had left. */
export interface Turbofans {
  readonly train: FleetHistory;
  readonly test: FleetHistory;
  /** Remaining cycles at the last row of each test run. */
  readonly left: readonly number[];
}

/** Reads `FD001` or `FD003` from the folder of public data. */
export function readTurbofans(folder: string, name: string): Turbofans {
  const read = (file: string): string =>
    gunzipSync(readFileSync(join(folder, 'cmapss', `${file}_${name}.txt.gz`))).toString();
  const left = read('RUL').trim().split(/\s+/).map(Number);
  return { train: fleet(read('train'), true), test: fleet(read('test'), false), left };
}

function fleet(text: string, fails: boolean): FleetHistory {
  const units = new Map<string, number[][]>();
  for (const line of text.split('\n')) {
    const cells = line.trim().split(/\s+/);
    if (cells.length < COLUMNS.length + 2) continue;
    const rows = units.get(cells[0]!) ?? [];
    if (rows.length === 0) units.set(cells[0]!, rows);
    rows.push(cells.slice(1).map(Number));
  }
  return { columns: COLUMNS, entities: [...units].map(([unit, rows]) => run(unit, rows, fails)) };
}

function run(unit: string, rows: readonly number[][], fails: boolean): EntityHistory {
  const times = Float64Array.from(rows, (row) => row[0]!);
  const values = Float32Array.from(rows.flatMap((row) => row.slice(1)));
  const end = times.at(-1)!;
  const failures = fails ? [{ time: end, kind: '' }] : [];
  return { entity: unit, times, values, failures, events: [], observedFrom: times[0]!, observedTo: end };
}
