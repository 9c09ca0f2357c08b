import type { Matrix } from './matrix.ts';

/** exp(-gamma · ‖a − b‖²) between the rows of one matrix, a row at a time, with a bounded cache of rows. */
export class RbfRows {
  readonly #data: Float64Array;
  readonly #columns: number;
  readonly #rows: number;
  readonly #gamma: number;
  readonly #norms: Float64Array;
  readonly #capacity: number;
  /** Least recently used first: a Map keeps the order of insertion. */
  readonly #cache = new Map<number, Float32Array>();

  /** `cacheBytes` bounds the rows that are kept; two always are. */
  constructor(matrix: Matrix, gamma: number, cacheBytes: number) {
    this.#data = Float64Array.from(matrix.data);
    this.#columns = matrix.columns;
    this.#rows = matrix.rows;
    this.#gamma = gamma;
    this.#norms = new Float64Array(matrix.rows);
    for (let row = 0; row < matrix.rows; row++) this.#norms[row] = this.#dot(row, row);
    this.#capacity = Math.max(2, Math.floor(cacheBytes / (4 * matrix.rows)));
  }

  /** Kernel values of row `i` with every row; valid until two more rows were asked for. */
  row(i: number): Float32Array {
    const known = this.#cache.get(i);
    if (known !== undefined) {
      this.#cache.delete(i);
      this.#cache.set(i, known);
      return known;
    }
    const values = this.#spare();
    this.#fill(i, values);
    this.#cache.set(i, values);
    return values;
  }

  /** A new array, or the one of the row that was used longest ago when the cache is full. */
  #spare(): Float32Array {
    if (this.#cache.size < this.#capacity) return new Float32Array(this.#rows);
    const [[oldest, values]] = this.#cache as unknown as readonly [readonly [number, Float32Array]];
    this.#cache.delete(oldest);
    return values;
  }

  #fill(i: number, values: Float32Array): void {
    const norms = this.#norms;
    const gamma = this.#gamma;
    const own = norms[i]!;
    for (let j = 0; j < this.#rows; j++) {
      const squared = own + norms[j]! - 2 * this.#dot(i, j);
      values[j] = Math.exp(-gamma * (squared > 0 ? squared : 0));
    }
  }

  #dot(i: number, j: number): number {
    const data = this.#data;
    const columns = this.#columns;
    let a = i * columns;
    let b = j * columns;
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += data[a++]! * data[b++]!;
    return sum;
  }
}
