import type { Matrix } from './matrix.ts';
import { groupOneColumn } from './one-column-groups.ts';
import type { RegimeRows } from './operating-regimes.ts';

/** More would leave too few rows in each, and are rather a scale than a set of modes. */
export const MAX_REGIMES = 12;
/** A regime with less of the rows cannot be scaled by its own. */
const LEAST_SHARE = 0.01;
/** Rows that decide; the rest only adds precision. */
const SAMPLE_ROWS = 6000;
/** How much of the other columns' variance regimes must explain, on average over the quarter they explain best. */
const LEAST_EXPLAINED = 0.3;
/** What one more driving column must add to it. */
const LEAST_ADDED = 0.05;
/** Most that the shares of the regimes may differ between early and late rows, as total variation. */
const MOST_DRIFT = 0.25;

/** Groups of the sampled rows, by the columns that tell them apart; -1 where one of those is missing. */
export type Grouping = { readonly driving: readonly number[]; readonly labels: Int32Array; readonly count: number };

export type Sample = {
  readonly rows: Int32Array;
  /** 1 for rows in the later half of their entity's life. */
  readonly late: Uint8Array;
};

/** Evenly over all rows, so that every entity has its share. */
export function sampleRows({ matrix, starts }: RegimeRows): Sample {
  const count = Math.min(matrix.rows, SAMPLE_ROWS);
  const rows = Int32Array.from({ length: count }, (_, i) => Math.floor((i * matrix.rows) / count));
  const late = new Uint8Array(count);
  let entity = 0;
  for (let i = 0; i < count; i++) {
    while (starts[entity + 1]! <= rows[i]!) entity++;
    late[i] = 2 * (rows[i]! - starts[entity]!) >= starts[entity + 1]! - starts[entity]! ? 1 : 0;
  }
  return { rows, late };
}

/** Adds driving columns as long as each tells more about the others. */
export function findGrouping(matrix: Matrix, sample: Sample): Grouping | undefined {
  const candidates = Array.from({ length: matrix.columns }, (_, column) => groupColumn(matrix, sample, column)).filter(
    (grouping) => grouping !== undefined,
  );
  let best: Grouping | undefined;
  let explained = 0;
  for (let round = 0; round < 3; round++) {
    let better: Grouping | undefined;
    let most = explained + (best === undefined ? LEAST_EXPLAINED : LEAST_ADDED);
    for (const candidate of candidates) {
      const joint = best === undefined ? candidate : join(best, candidate);
      if (joint === undefined || !isSound(joint, sample)) continue;
      const share = explainedShare(matrix, sample, joint);
      // Several columns may tell the same groups apart; the first of them is as good as any.
      if (share > most + 1e-3) [most, better] = [share, joint];
    }
    if (better === undefined) return best;
    [best, explained] = [better, most];
  }
  return best;
}

function groupColumn(matrix: Matrix, { rows }: Sample, column: number): Grouping | undefined {
  const values = Float64Array.from(rows, (row) => matrix.data[row * matrix.columns + column]!);
  const cuts = groupOneColumn(values, MAX_REGIMES);
  if (cuts === undefined) return undefined;
  const labels = Int32Array.from(values, (x) => (x === x ? cuts.filter((cut) => x > cut).length : -1));
  return { driving: [column], labels, count: cuts.length + 1 };
}

/** Groups by both; those that never meet do not count. */
function join(one: Grouping, other: Grouping): Grouping | undefined {
  if (one.driving.includes(other.driving[0]!)) return undefined;
  const ids = new Map<number, number>();
  const labels = one.labels.map((a, i) => {
    const b = other.labels[i]!;
    if (a < 0 || b < 0) return -1;
    const key = a * other.count + b;
    if (!ids.has(key)) ids.set(key, ids.size);
    return ids.get(key)!;
  });
  return { driving: [...one.driving, ...other.driving], labels, count: ids.size };
}

/** Few enough, each large enough, and met early and late alike. */
function isSound({ labels, count }: Grouping, { late }: Sample): boolean {
  if (count < 2 || count > MAX_REGIMES) return false;
  const early = new Float64Array(count);
  const later = new Float64Array(count);
  for (let i = 0; i < labels.length; i++) if (labels[i]! >= 0) (late[i] === 1 ? later : early)[labels[i]!]! += 1;
  const sum = (values: Float64Array): number => values.reduce((total, x) => total + x, 0);
  const [earlyRows, laterRows] = [sum(early), sum(later)];
  if (earlyRows === 0 || laterRows === 0) return false;
  let drift = 0;
  for (let k = 0; k < count; k++) {
    if ((early[k]! + later[k]!) / (earlyRows + laterRows) < LEAST_SHARE) return false;
    drift += Math.abs(early[k]! / earlyRows - later[k]! / laterRows) / 2;
  }
  return drift <= MOST_DRIFT;
}

/** Explained variance of the other columns: means from every other row, judged on the rows between; the best quarter's mean. */
function explainedShare(matrix: Matrix, sample: Sample, grouping: Grouping): number {
  const shares: number[] = [];
  for (let column = 0; column < matrix.columns; column++) {
    if (!grouping.driving.includes(column)) shares.push(explainedOf(matrix, sample, grouping, column));
  }
  if (shares.length === 0) return 0;
  shares.sort((a, b) => b - a);
  const quarter = shares.slice(0, Math.ceil(shares.length / 4));
  return quarter.reduce((sum, x) => sum + x, 0) / quarter.length;
}

function explainedOf(matrix: Matrix, { rows }: Sample, grouping: Grouping, column: number): number {
  const sums = new Float64Array(grouping.count + 1);
  const counts = new Float64Array(grouping.count + 1);
  const valueAt = (i: number): number => matrix.data[rows[i]! * matrix.columns + column]!;
  for (let i = 0; i < rows.length; i += 2) {
    const x = valueAt(i);
    const k = grouping.labels[i]!;
    if (x !== x || k < 0) continue;
    for (const at of [k, grouping.count]) {
      sums[at]! += x;
      counts[at]! += 1;
    }
  }
  let left = 0;
  let total = 0;
  const overall = sums[grouping.count]! / counts[grouping.count]!;
  for (let i = 1; i < rows.length; i += 2) {
    const x = valueAt(i);
    const k = grouping.labels[i]!;
    if (x !== x || k < 0 || counts[k] === 0) continue;
    left += (x - sums[k]! / counts[k]!) ** 2;
    total += (x - overall) ** 2;
  }
  return total > 0 ? Math.max(0, 1 - left / total) : 0;
}
