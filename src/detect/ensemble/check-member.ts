import { describe, expect, it } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import type { Matrix } from '../../ml/matrix.ts';
import type { MemberFactory, MemberModel } from './member.ts';

const COLUMNS = 8;

/** Rows of a load that most columns follow, noise, a constant column, and missing values now and then. */
export function memberRows(rows: number, seed: number): Matrix {
  const random = createRandom(seed);
  const data = new Float32Array(rows * COLUMNS);
  for (let r = 0; r < rows; r++) {
    const load = random.normal();
    for (let c = 0; c < COLUMNS; c++) {
      const value = c === COLUMNS - 1 ? 0 : 0.8 * load + 0.6 * random.normal();
      data[r * COLUMNS + c] = random.next() < 0.01 ? Number.NaN : value;
    }
  }
  return { data, rows, columns: COLUMNS };
}

const scoresOf = (model: MemberModel, { data, rows, columns }: Matrix): number[] =>
  Array.from({ length: rows }, (_, r) => model.score(data, r * columns));

/** What every joint member must do, whatever it is made of; a package runs it on its own. */
export function checkMember(factory: MemberFactory): void {
  const options = { seed: 7, features: COLUMNS };
  const history = memberRows(600, 1);
  const later = memberRows(200, 2);
  const fitted = (): MemberModel => factory.fit(history, options);
  const odd = (): Float64Array => Float64Array.from({ length: COLUMNS }, (_, c) => (c % 2 === 0 ? 6 : -6));

  describe(`member ${factory.kind}`, () => {
    it('says its kind and the length of a row', () => {
      const model = fitted();
      expect(model.kind).toBe(factory.kind);
      expect(model.columns).toBe(COLUMNS);
    });

    it('gives a finite score to every row, and the same again', () => {
      const model = fitted();
      const scores = scoresOf(model, later);
      expect(scores.every(Number.isFinite)).toBe(true);
      model.score(odd());
      expect(scoresOf(model, later)).toEqual(scores);
    });

    it('scores what breaks the relations and lies far out above what is usual', () => {
      const model = fitted();
      const usual = scoresOf(model, later).toSorted((a, b) => a - b);
      expect(model.score(odd())).toBeGreaterThan(usual[Math.floor(0.99 * usual.length)]!);
    });

    it('takes rows that are missing in part or whole, and wild ones', () => {
      const model = fitted();
      const rows = [
        odd().fill(Number.NaN, 0, 3),
        new Float64Array(COLUMNS).fill(Number.NaN),
        new Float64Array(COLUMNS).fill(1e3),
        new Float64Array(COLUMNS),
      ];
      for (const row of rows) expect(Number.isFinite(model.score(row))).toBe(true);
    });

    it('blames the columns that are far out, and none that is missing', () => {
      const model = fitted();
      const row = new Float64Array(COLUMNS);
      row[2] = 8;
      row[5] = Number.NaN;
      const blame = new Float64Array(COLUMNS);
      model.blame(row, blame);
      expect(blame.every((one) => Number.isFinite(one) && one >= 0)).toBe(true);
      expect(blame.indexOf(Math.max(...blame))).toBe(2);
      expect(blame[5]).toBe(0);
    });

    it('is the same for the same rows and seed', () => {
      expect(scoresOf(fitted(), later)).toEqual(scoresOf(fitted(), later));
    });

    it('scores the same to the bit after it was saved and loaded', () => {
      const model = fitted();
      const loaded = factory.load(model.toBytes());
      expect(loaded.columns).toBe(COLUMNS);
      expect(scoresOf(loaded, later)).toEqual(scoresOf(model, later));
      expect([...loaded.toBytes()]).toEqual([...model.toBytes()]);
    });

    it.each([0, 10, 200])('refuses bytes that are cut at %i', (at) => {
      const bytes = fitted().toBytes();
      expect(() => factory.load(bytes.subarray(0, at))).toThrow(Error);
    });

    it('learns from rows in which nothing ever moves or is there', () => {
      const still = factory.fit({ data: new Float32Array(100 * COLUMNS), rows: 100, columns: COLUMNS }, options);
      expect(Number.isFinite(still.score(odd()))).toBe(true);
      const data = memberRows(100, 3).data;
      for (let i = 0; i < data.length; i += COLUMNS) data[i] = Number.NaN;
      const without = factory.fit({ data, rows: 100, columns: COLUMNS }, options);
      expect(Number.isFinite(without.score(odd()))).toBe(true);
    });
  });
}
