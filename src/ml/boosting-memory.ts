import { BIN_STRIDE, type BinnedMatrix } from './binned-matrix.ts';
import { createKernels, type Address, type Kernels } from './kernels/kernels.ts';
import { MlError } from './ml-error.ts';

/** Numbers a column takes in a histogram: the sums of gradients and of hessians of every bin, side by side. */
export const COLUMN_CELLS = 2 * BIN_STRIDE;

/** Bytes of histograms kept for subtraction; beyond it a leaf's histogram is summed from its rows again. */
export const MAX_HISTOGRAM_BYTES = 256 * 1024 * 1024;

/** A released instance is kept for the next fit of this thread unless it has grown beyond this. */
const MAX_IDLE_BYTES = 128 * 1024 * 1024;

/** Every WebAssembly memory reserves gigabytes of address space, so fits one after another share one. */
let idle: Kernels | undefined;

function takeKernels(): Kernels {
  const kernels = idle ?? createKernels('training');
  idle = undefined;
  return kernels;
}

/** Sums of one node by column and bin, in the kernels' memory. */
export type Histogram = { readonly address: Address; readonly cells: Float64Array };

/** Rows of one node: `order[start … end - 1]`. */
export type RowRange = { readonly start: number; readonly end: number };

/** Rows whose bin in `column` is at most `bin` go left; missing ones where `missingLeft` says. */
export type BinTest = { readonly column: number; readonly bin: number; readonly missingLeft: boolean };

/** The work space of one fit, laid out once in the memory of a kernel instance. Call `release` at the end. */
export class BoostingMemory {
  /** Rows, permuted so that every node owns a range. */
  readonly order: Int32Array;
  /** Gradient and hessian of every row, side by side. */
  readonly gradients: Float64Array;
  /** Histograms that may be in use at once. */
  readonly histograms: Histogram[];
  private readonly kernels: Kernels;
  private readonly rows: number;
  private readonly addresses: Address[];
  private readonly orderAt: Address;
  private readonly scratchAt: Address;
  private readonly gradientsAt: Address;
  private readonly pairsAt: Address;
  private readonly columnList: Uint32Array;
  private readonly columnListAt: Address;
  private columns = 0;

  /** `leaves` is the most histograms that are wanted at once; less are kept where they would take over `maxBytes`. */
  constructor(matrix: BinnedMatrix, columns: number, leaves: number, maxBytes: number) {
    const { rows } = matrix;
    const kernels = takeKernels();
    const cells = columns * COLUMN_CELLS;
    const slots = Math.max(2, Math.min(leaves + 1, Math.floor(maxBytes / (8 * cells))));
    this.kernels = kernels;
    this.rows = rows;
    this.addresses = matrix.bins.map(() => kernels.allocate(Math.ceil(rows / 4)));
    this.orderAt = kernels.allocate(rows);
    this.scratchAt = kernels.allocate(rows);
    this.gradientsAt = kernels.allocate(4 * rows);
    this.pairsAt = kernels.allocate(4 * rows);
    this.columnListAt = kernels.allocate(columns);
    const histogramsAt = Array.from({ length: slots }, () => kernels.allocate(2 * cells));
    // Views last: memory moved while it grew.
    const { buffer } = kernels.floats;
    for (const [column, address] of this.addresses.entries()) {
      new Uint8Array(buffer, address, rows).set(matrix.bins[column]!);
    }
    this.order = new Int32Array(buffer, this.orderAt, rows);
    this.gradients = new Float64Array(buffer, this.gradientsAt, 2 * rows);
    this.columnList = new Uint32Array(buffer, this.columnListAt, columns);
    this.histograms = histogramsAt.map((address) => ({ address, cells: new Float64Array(buffer, address, cells) }));
  }

  /** Gives the memory to the next fit; nothing of this work space may be used afterwards. */
  release(): void {
    this.kernels.release();
    if (this.kernels.floats.byteLength <= MAX_IDLE_BYTES) idle = this.kernels;
  }

  /** Chooses the columns that histograms are built on from now on; as many as the constructor was told. */
  useColumns(columns: Int32Array): void {
    if (columns.length !== this.columnList.length) throw new MlError('ML_SHAPE', 'another number of columns');
    this.columns = columns.length;
    for (let i = 0; i < columns.length; i++) this.columnList[i] = this.addresses[columns[i]!]!;
  }

  /** Sums the gradients of a node by column and bin. */
  build(histogram: Histogram, range: RowRange): void {
    const { run } = this.kernels;
    const count = range.end - range.start;
    const order = this.orderAt + 4 * range.start;
    // All rows in their own order read the gradients where they stand.
    const whole = count === this.rows;
    if (!whole) run.gatherPairs(this.pairsAt, this.gradientsAt, order, count);
    const pairs = whole ? this.gradientsAt : this.pairsAt;
    run.buildHistogram(histogram.address, this.columnListAt, this.columns, order, pairs, count);
  }

  /** `parent` minus `child`, into `parent`: the other child's sums without a look at its rows. */
  subtract(parent: Histogram, child: Histogram): void {
    this.kernels.run.subtractHistogram(parent.address, child.address, this.columns);
  }

  /** Reorders a node's rows into left and right, each in its old order, and returns where right starts. */
  partition(range: RowRange, test: BinTest): number {
    const order = this.orderAt + 4 * range.start;
    const count = range.end - range.start;
    const bins = this.addresses[test.column]!;
    const { run } = this.kernels;
    const left = run.partitionRows(order, this.scratchAt, count, bins, test.bin, test.missingLeft ? 1 : 0);
    return range.start + left;
  }
}
