import type { FloatArray } from '../../ml/matrix.ts';
import { fitOneClassSvm, loadOneClassSvm, type OneClassSvm } from '../../ml/one-class-svm.ts';
import type { MemberFactory, MemberModel } from './member.ts';
import { someRows } from './some-rows.ts';

/** Share of training rows outside; a tenth of these rows are support vectors, which is what a score costs. */
const NU = 0.1;
const MOST_ROWS = 2000;
/** Support vectors with less of the score than this do not take part in its blame: most are far away. */
const LEAST_PART = 1e-6;

/** Squared lengths of the support vectors. */
function squaresOf({ supportVectors: { data, rows, columns } }: OneClassSvm): Float64Array {
  const squares = new Float64Array(rows);
  for (let i = 0, at = 0; i < rows; i++)
    for (let c = 0; c < columns; c++, at++) squares[i] = squares[i]! + data[at]! * data[at]!;
  return squares;
}

/**
 * How much nearer the row would be to the support vectors that it is near to, were a column at its usual value, which is 0:
 * (x − v)² − v², that is x² − 2xv. They are weighed by their part in the score, so that what goes with the others, as a high
 * load does, is not blamed. Missing values have no part. O(support vectors × columns).
 */
class Nearness {
  readonly #svm: OneClassSvm;
  readonly #squares: Float64Array;
  readonly #parts: Float64Array;
  readonly #row: Float64Array;
  readonly #missing: number[] = [];

  constructor(svm: OneClassSvm) {
    this.#svm = svm;
    this.#squares = squaresOf(svm);
    this.#parts = new Float64Array(this.#squares.length);
    this.#row = new Float64Array(svm.columns);
  }

  blame(row: FloatArray, offset: number, out: Float64Array): void {
    this.#missing.length = 0;
    this.#row.forEach((_, c) => {
      const x = row[offset + c]!;
      if (Number.isNaN(x)) this.#missing.push(c);
      this.#row[c] = Number.isNaN(x) ? 0 : x;
    });
    this.#weigh();
    this.#average(out);
    this.#row.forEach((x, c) => (out[c] = Math.max(0, x * x - 2 * x * out[c]!)));
  }

  /** Each support vector's part in the score; they add up to 1. */
  #weigh(): void {
    const { supportVectors, coefficients, gamma } = this.#svm;
    const { data, columns } = supportVectors;
    const [parts, row] = [this.#parts, this.#row];
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < parts.length; i++) {
      const base = i * columns;
      let product = 0;
      for (let c = 0; c < columns; c++) product += row[c]! * data[base + c]!;
      let square = this.#squares[i]! - 2 * product;
      for (const c of this.#missing) square -= data[base + c]! ** 2;
      parts[i] = Math.log(coefficients[i]!) - gamma * square;
      most = Math.max(most, parts[i]!);
    }
    let total = 0;
    for (let i = 0; i < parts.length; i++) total += parts[i] = Math.exp(parts[i]! - most);
    for (let i = 0; i < parts.length; i++) parts[i] = parts[i]! / total;
  }

  /** The mean of the support vectors by their parts, into `out`. */
  #average(out: Float64Array): void {
    const { data, columns } = this.#svm.supportVectors;
    const parts = this.#parts;
    out.fill(0);
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (part < LEAST_PART) continue;
      const base = i * columns;
      for (let c = 0; c < columns; c++) out[c] = out[c]! + part * data[base + c]!;
    }
  }
}

function memberOf(svm: OneClassSvm): MemberModel {
  let nearness: Nearness | null = null;
  return {
    kind: 'svm',
    columns: svm.columns,
    score: (row, offset) => svm.scoreRow(row, offset),
    blame: (row, out, offset = 0) => (nearness ??= new Nearness(svm)).blame(row, offset, out),
    toBytes: () => svm.toBytes(),
  };
}

export const svmMember: MemberFactory = {
  kind: 'svm',
  fit: (rows) => memberOf(fitOneClassSvm(someRows(rows, MOST_ROWS), { nu: NU })),
  load: (bytes) => memberOf(loadOneClassSvm(bytes)),
};
