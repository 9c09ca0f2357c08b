import { type Address, type Kernels, roundUp } from './kernels/kernels.ts';
import { drawDropout, type Layout } from './neural-dense-stack.ts';
import { type Tensor, allocateTensor } from './neural-tensor.ts';
import type { Random } from './random.ts';

/** One LSTM layer as Keras knows it: gates in the order i, f, c, o; `kernel` inputs × 4·units, `recurrent` units × 4·units, row-major. */
export type LstmWeights = {
  readonly inputs: number;
  readonly units: number;
  readonly kernel: Float32Array;
  readonly recurrent: Float32Array;
  readonly bias: Float32Array;
};

/** Fresh weights: Glorot uniform inputs, orthogonal recurrence a gate (Saxe et al., 2014), forget bias 1 (Jozefowicz et al., 2015). */
export function randomLstm(inputs: number, units: number, random: Random): LstmWeights {
  const width = 4 * units;
  const limit = Math.sqrt(6 / (inputs + width));
  const kernel = Float32Array.from({ length: inputs * width }, () => (2 * random.next() - 1) * limit);
  const recurrent = new Float32Array(units * width);
  for (let gate = 0; gate < 4; gate++) {
    const rows = orthogonalRows(units, random);
    for (const [i, row] of rows.entries()) recurrent.set(row, i * width + gate * units);
  }
  const bias = new Float32Array(width).fill(1, units, 2 * units);
  return { inputs, units, kernel, recurrent, bias };
}

/** Above this size rows of independent normals are as good as orthogonal, and Gram and Schmidt would take units³. */
const LARGEST_ORTHOGONAL = 256;

/** Gram and Schmidt, modified, over random normal rows of unit length. */
function orthogonalRows(size: number, random: Random): Float64Array[] {
  const rows: Float64Array[] = [];
  for (let i = 0; i < size; i++) {
    const row = Float64Array.from({ length: size }, () => random.normal());
    for (const other of size > LARGEST_ORTHOGONAL ? [] : rows) {
      const projection = row.reduce((sum, value, j) => sum + value * other[j]!, 0);
      for (let j = 0; j < size; j++) row[j]! -= projection * other[j]!;
    }
    const norm = Math.hypot(...row);
    rows.push(row.map((value) => value / norm));
  }
  return rows;
}

/** Fields of the kernel's LstmPlan, in its order. */
const FIELDS = [
  'rows',
  'steps',
  'inputs',
  'units',
  'weights',
  'bias',
  'states',
  'gates',
  'cells',
  'squashed',
  'mask',
  'above',
  'aboveStride',
  'dropout',
  'weightGradient',
  'biasGradient',
  'hiddenGradient',
  'dh',
  'dc',
  'dz',
  'hiddenPanels',
  'inputPanels',
  'inputGradient',
] as const;

/** Sizes of a layer beside its weights. */
export type LstmPlace = Layout & {
  readonly steps: number;
  /** The gradient of x is wanted: a layer lies below. */
  readonly passesDown: boolean;
};

/** An LSTM layer in kernel memory. */
export type LstmLayer = {
  readonly tensors: readonly Tensor[];
  readonly units: number;
  /** Units rounded up to 8. */
  readonly width: number;
  /** x(t) of row r stands at `states + 4 · ((t · rows + r) · stride)`, rows rounded up as in `begin`; h(t-1) follows at `inputs`. */
  readonly states: Address;
  readonly stride: number;
  readonly inputs: number;
  /** Gradient of the last h, [rows][width]. */
  readonly dh: Address;
  readonly inputGradient: Address;
  /** Connects the layer above: it reads this layer's h as its x, and hands the gradient down. */
  connect(above: LstmLayer): void;
  /** Sets the rows of the batch (even) and a zero first state, clears x(0); draws dropout when `random` is given. */
  begin(rows: number, random?: Random): void;
  /** Which steps of which rows are real: [steps][rows] of -1 or 0, or address 0 when all are. */
  mask(address: Address): void;
  forward(): void;
  /** With `dh` filled by the caller. */
  backward(): void;
  /** The factors that dropout put on h, or 0. */
  dropoutMask(): Address;
  read(): LstmWeights;
  readGradient(): LstmWeights;
};

/** Lays one layer out and writes its weights. */
// oxlint-disable-next-line eslint/max-lines-per-function -- one memory map, read from top to bottom
export function createLstmLayer(kernels: Kernels, initial: LstmWeights, place: LstmPlace): LstmLayer {
  const { steps, training } = place;
  const rows = roundUp(place.rows, 4);
  const inputs = roundUp(initial.inputs, 8);
  const width = roundUp(initial.units, 8);
  const stride = inputs + width;
  const weights = allocateTensor(kernels, width * 4 * stride, training, true);
  const bias = allocateTensor(kernels, width * 4, training, false);
  const block = (count: number, needed = true): Address => (needed ? kernels.allocate(count) : 0);
  const dropoutMask = block(rows * width, training && place.dropout > 0);
  const fields: Record<(typeof FIELDS)[number], number> = {
    rows,
    steps,
    inputs,
    units: width,
    weights: weights.values,
    bias: bias.values,
    states: block((steps + 1) * rows * stride),
    gates: block(steps * rows * width * 4),
    cells: block((steps + 1) * rows * width),
    squashed: block(steps * rows * width),
    mask: 0,
    above: 0,
    aboveStride: 0,
    dropout: 0,
    weightGradient: weights.gradient,
    biasGradient: bias.gradient,
    hiddenGradient: 0,
    dh: block(rows * width, training),
    dc: block(rows * width, training),
    dz: block(rows * width * 4, training),
    hiddenPanels: block(width * width * 4, training),
    inputPanels: block(inputs * width * 4, training && place.passesDown),
    inputGradient: block(steps * rows * inputs, training && place.passesDown),
  };
  const plan = kernels.allocate(FIELDS.length);
  const set = (name: (typeof FIELDS)[number], value: number): void => {
    fields[name] = value;
    kernels.integers[plan / 4 + FIELDS.indexOf(name)] = value;
  };
  for (const name of FIELDS) set(name, fields[name]);
  writeWeights(kernels, initial, weights.values, bias.values);

  function begin(rowCount: number, random?: Random): void {
    const { floats } = kernels;
    set('rows', rowCount);
    const drops = dropoutMask !== 0 && random !== undefined;
    set('dropout', drops ? dropoutMask : 0);
    if (drops) drawDropout(kernels, dropoutMask, rowCount * width, place.dropout, random);
    floats.fill(0, fields.states / 4, fields.states / 4 + rowCount * stride);
    floats.fill(0, fields.cells / 4, fields.cells / 4 + rowCount * width);
    if (!training) return;
    floats.fill(0, fields.dh / 4, fields.dh / 4 + rowCount * width);
    floats.fill(0, fields.dc / 4, fields.dc / 4 + rowCount * width);
  }

  return {
    tensors: [weights, bias],
    units: initial.units,
    width,
    states: fields.states,
    stride,
    inputs,
    dh: fields.dh,
    inputGradient: fields.inputGradient,
    connect: (above) => {
      set('above', above.states);
      set('aboveStride', above.stride);
      set('hiddenGradient', above.inputGradient);
    },
    begin,
    mask: (address) => set('mask', address),
    forward: () => kernels.run.lstmForward(plan),
    backward: () => kernels.run.lstmBackward(plan),
    dropoutMask: () => fields.dropout,
    read: () => readWeights(kernels, initial, weights.values, bias.values),
    readGradient: () => readWeights(kernels, initial, weights.gradient, bias.gradient),
  };
}

/** Place of the weight from input `k` (x first, then h from `inputs` rounded up) to one gate of one unit in the kernel's panels. */
function panelIndex(stride: number, k: number, gate: number, unit: number): number {
  return ((unit >> 2) * stride + k) * 16 + gate * 4 + (unit & 3);
}

type Move = (matrix: 'kernel' | 'recurrent' | 'bias', plain: number, panel: number) => void;

function eachWeight({ inputs, units }: { inputs: number; units: number }, move: Move): void {
  const offset = roundUp(inputs, 8);
  const stride = offset + roundUp(units, 8);
  for (let gate = 0; gate < 4; gate++) {
    for (let unit = 0; unit < units; unit++) {
      const column = gate * units + unit;
      for (let k = 0; k < inputs; k++) move('kernel', k * 4 * units + column, panelIndex(stride, k, gate, unit));
      for (let h = 0; h < units; h++) {
        move('recurrent', h * 4 * units + column, panelIndex(stride, offset + h, gate, unit));
      }
      move('bias', column, panelIndex(1, 0, gate, unit));
    }
  }
}

function writeWeights(kernels: Kernels, weights: LstmWeights, values: Address, bias: Address): void {
  const { floats } = kernels;
  eachWeight(weights, (matrix, plain, panel) => {
    floats[(matrix === 'bias' ? bias : values) / 4 + panel] = weights[matrix][plain]!;
  });
}

function readWeights(kernels: Kernels, like: LstmWeights, values: Address, bias: Address): LstmWeights {
  const { floats } = kernels;
  const copy = {
    ...like,
    kernel: new Float32Array(like.kernel.length),
    recurrent: new Float32Array(like.recurrent.length),
    bias: new Float32Array(like.bias.length),
  };
  eachWeight(like, (matrix, plain, panel) => {
    copy[matrix][plain] = floats[(matrix === 'bias' ? bias : values) / 4 + panel]!;
  });
  return copy;
}
