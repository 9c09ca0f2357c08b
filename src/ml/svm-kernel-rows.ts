import { type Address, type Kernels, roundUp } from './kernels/kernels.ts';
import type { Matrix } from './matrix.ts';

/** Vectors that the compiled kernel takes at a time. */
const LANES = 4;

/** Vectors as the compiled Gaussian kernel reads them: `blocks` panels of four, the last filled up with zeros. */
export type RbfPanels = { readonly address: Address; readonly blocks: number };

/** Lays vectors out in panels in the memory of `kernels`; gone with its next release. */
export function layOutPanels(kernels: Kernels, { data, rows, columns }: Matrix): RbfPanels {
  const blocks = roundUp(rows, LANES) / LANES;
  const address = kernels.allocate(2 * blocks * LANES * columns);
  const { doubles } = kernels;
  for (let row = 0; row < rows; row++) {
    let at = address / 8 + (row - (row % LANES)) * columns + (row % LANES);
    for (let c = 0; c < columns; c++, at += LANES) doubles[at] = data[row * columns + c]!;
  }
  return { address, blocks };
}

/** exp(-gamma · ‖a − b‖²) between the rows of one matrix, a row at a time, with a bounded cache of rows. */
export class RbfRows {
  readonly #kernels: Kernels;
  readonly #matrix: Matrix;
  readonly #gamma: number;
  readonly #panels: RbfPanels;
  readonly #own: Address;
  readonly #values: Address;
  readonly #capacity: number;
  /** Least recently used first: a Map keeps the order of insertion. */
  readonly #cache = new Map<number, Float32Array>();

  /** Works in memory of `kernels` that the caller releases. `cacheBytes` bounds the rows that are kept; two always are. */
  constructor(kernels: Kernels, matrix: Matrix, { gamma, cacheBytes }: { gamma: number; cacheBytes: number }) {
    this.#kernels = kernels;
    this.#matrix = matrix;
    this.#gamma = gamma;
    this.#panels = layOutPanels(kernels, matrix);
    this.#own = kernels.allocate(2 * matrix.columns);
    this.#values = kernels.allocate(this.#panels.blocks * LANES);
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
    if (this.#cache.size < this.#capacity) return new Float32Array(this.#matrix.rows);
    const [[oldest, values]] = this.#cache as unknown as readonly [readonly [number, Float32Array]];
    this.#cache.delete(oldest);
    return values;
  }

  #fill(i: number, values: Float32Array): void {
    const { run, doubles, floats } = this.#kernels;
    const { data, columns } = this.#matrix;
    const { address, blocks } = this.#panels;
    for (let c = 0; c < columns; c++) doubles[this.#own / 8 + c] = data[i * columns + c]!;
    run.rbfRow(this.#own, address, this.#values, blocks, columns, this.#gamma);
    values.set(floats.subarray(this.#values / 4, this.#values / 4 + values.length));
  }
}
