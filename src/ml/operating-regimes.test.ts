import { expect, test } from 'vitest';
import { fitOperatingRegimes, loadOperatingRegimes } from './operating-regimes.ts';
import { createRandom } from './random.ts';

const ENTITIES = 20;
const ROWS = 100;

/** Rows of [setting, second setting, response, response, noise] by what `value` gives for each regime. */
function fleet(regimes: number, spread: number, drift = 0) {
  const random = createRandom(3);
  const data = new Float64Array(ENTITIES * ROWS * 5);
  const truth = new Int32Array(ENTITIES * ROWS);
  for (let i = 0; i < truth.length; i++) {
    const age = (i % ROWS) / ROWS;
    const k = drift > 0 ? Math.min(regimes - 1, Math.floor(age * regimes * drift)) : random.int(regimes);
    truth[i] = k;
    data.set(
      [
        10 * k + spread * random.normal(),
        (k % 2) * 3,
        40 * k + random.normal(),
        7 - 15 * k + 3 * random.normal(),
        random.normal(),
      ],
      5 * i,
    );
  }
  const starts = Array.from({ length: ENTITIES + 1 }, (_, e) => e * ROWS);
  return { rows: { matrix: { data, rows: truth.length, columns: 5 }, starts }, truth };
}

test.each([
  [2, 0.01],
  [6, 0.01],
  [6, 1],
])('finds %i regimes with levels spread by %f, and scales within each', (count, spread) => {
  const { rows, truth } = fleet(count, spread);
  const regimes = fitOperatingRegimes(rows);
  expect(regimes.count).toBe(count);
  const met = new Map<number, Set<number>>();
  const out = new Float64Array(5);
  let [sum, squares] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    const found = regimes.scaleRow(rows.matrix.data, 5 * i, out);
    met.set(found, (met.get(found) ?? new Set()).add(truth[i]!));
    sum += out[2]! / truth.length;
    squares += out[2]! ** 2 / truth.length;
  }
  expect([...met.values()].every((set) => set.size === 1)).toBe(true);
  expect(sum).toBeCloseTo(0, 6);
  expect(squares).toBeCloseTo(1, 6);
});

test('finds none in one regime, in levels of a rounded quantity, and in wear that comes in steps', () => {
  expect(fitOperatingRegimes(fleet(1, 1).rows).count).toBe(1);
  const rounded = fleet(1, 1).rows;
  for (let i = 0; i < rounded.matrix.rows; i++)
    rounded.matrix.data[5 * i] = Math.round(rounded.matrix.data[5 * i]! * 2);
  expect(fitOperatingRegimes(rounded).count).toBe(1);
  expect(fitOperatingRegimes(fleet(3, 0.01, 1).rows).count).toBe(1);
});

test('a constant column gives 0, a missing one NaN, missing settings do not stop it', () => {
  const { rows } = fleet(3, 0.01);
  for (let i = 0; i < rows.matrix.rows; i++) rows.matrix.data[5 * i + 4] = 8;
  const regimes = fitOperatingRegimes(rows);
  const out = new Float64Array(5);
  regimes.scaleRow(Float64Array.of(Number.NaN, Number.NaN, Number.NaN, 7, 8), 0, out);
  expect(out[4]).toBe(0);
  expect(out[2]).toBeNaN();
  expect(Number.isFinite(out[3])).toBe(true);
});

test('loads as it was saved, to the bit; damage is refused', () => {
  const { rows } = fleet(6, 0.01);
  const regimes = fitOperatingRegimes(rows);
  const bytes = regimes.toBytes();
  const loaded = loadOperatingRegimes(Buffer.from(bytes));
  const [a, b] = [new Float64Array(5), new Float64Array(5)];
  for (let i = 0; i < 50; i++) {
    expect(loaded.scaleRow(rows.matrix.data, 5 * i, a)).toBe(regimes.scaleRow(rows.matrix.data, 5 * i, b));
    expect(a).toEqual(b);
  }
  bytes[bytes.length - 9]! ^= 1;
  expect(() => loadOperatingRegimes(bytes)).toThrow(expect.objectContaining({ code: 'ML_CHECKSUM' }));
  expect(() => fitOperatingRegimes({ matrix: rows.matrix, starts: [0, 1] })).toThrow(
    expect.objectContaining({ code: 'ML_SHAPE' }),
  );
});
