import { expect, test } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import { type FusedColumns, fuseColumns } from './fuse-columns.ts';

/** Two signals that are no part of it, the columns, then their sums; one value in five is missing, and of every 50th row all are. */
function example(rows: number, columns: number, wanted: readonly number[]): FusedColumns {
  const random = createRandom(rows + columns);
  const sums = 7;
  const values = Float64Array.from({ length: (2 + columns + sums) * rows }, (_, i) =>
    random.next() < 0.2 || (i % rows) % 50 === 49 ? Number.NaN : random.normal(),
  );
  const weights = Float64Array.from({ length: sums * columns }, () => random.normal());
  return { values, rows, first: 2, columns, to: 2 + columns, weights, wanted: Int32Array.from(wanted) };
}

/** The same sums one by one. */
function plainly({ values, rows, first, columns, to, weights, wanted }: FusedColumns): Float64Array {
  const out = values.slice();
  for (const sum of wanted) {
    for (let row = 0; row < rows; row++) {
      let [total, seen] = [0, 0];
      for (let c = 0; c < columns; c++) {
        const x = values[(first + c) * rows + row]!;
        if (Number.isNaN(x)) continue;
        total += x * weights[sum * columns + c]!;
        seen++;
      }
      out[(to + sum) * rows + row] = seen > 0 ? total : Number.NaN;
    }
  }
  return out;
}

test.each([
  { rows: 1, columns: 2, wanted: [0] },
  { rows: 127, columns: 3, wanted: [0, 1, 2] },
  { rows: 130, columns: 7, wanted: [1, 2, 4, 6] },
  { rows: 300, columns: 30, wanted: [0, 1, 2, 3, 4, 5, 6] },
  { rows: 256, columns: 5, wanted: [6, 3] },
])('$rows rows of $columns columns: every bit as one sum after the other, and nothing else is touched', (given) => {
  const fused = example(given.rows, given.columns, given.wanted);
  const expected = plainly(fused);
  fuseColumns(fused);
  expect(fused.values).toEqual(expected);
});

test('what another call left behind does not count', () => {
  const wild = example(128, 9, [0]);
  wild.values.fill(Infinity);
  fuseColumns(wild);
  const fused = example(128, 4, [0, 1]);
  const expected = plainly(fused);
  fuseColumns(fused);
  expect(fused.values).toEqual(expected);
});
