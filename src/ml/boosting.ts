import { OBJECTIVES, type LossRows, type Objective, type ObjectiveName } from './boosting-objective.ts';
import type { BoostingSettings } from './boosting-options.ts';
import { BoostingTreeGrower } from './boosting-tree.ts';
import { MISSING_BIN, type BinnedMatrix } from './binned-matrix.ts';
import { MlError } from './ml-error.ts';
import { createRandom, type Random } from './random.ts';
import { TreeBuilder } from './tree-builder.ts';
import type { TreeEnsemble } from './tree-ensemble.ts';

/** Rows to learn from or to validate on, in bins of the same edges. */
export type BoostingRows = {
  readonly matrix: BinnedMatrix;
  readonly target: Float64Array;
  readonly weights: Float64Array | undefined;
};

export type Boosted = {
  readonly trees: TreeEnsemble;
  /** Margin before the first tree. */
  readonly base: number;
  /** Share of the total gain by column; sums to 1, or to 0 when no split was worth it. */
  readonly importance: Float64Array;
  /** Loss on the validation rows after every round; empty without them. */
  readonly validationLosses: readonly number[];
};

/** The boosting loop over binned rows. Throws `ML_CANCELLED` when the signal is raised between two rounds. */
export function boost(
  objectiveName: ObjectiveName,
  training: BoostingRows,
  settings: BoostingSettings,
  validation?: BoostingRows,
): Boosted {
  const objective = OBJECTIVES[objectiveName];
  const base = objective.base(training.target, training.weights);
  const run = new BoostingRun(objective, base, training, settings);
  try {
    return runRounds(run, settings, validation && new Checker(objective, base, validation));
  } finally {
    run.grower.memory.release();
  }
}

function runRounds(run: BoostingRun, settings: BoostingSettings, checker: Checker | undefined): Boosted {
  for (let round = 0; round < settings.trees; round++) {
    if (settings.signal?.aborted === true) throw new MlError('ML_CANCELLED', `cancelled after ${round} rounds`);
    run.addTree(round);
    const loss = checker?.check(run);
    settings.onRound?.(round + 1, loss);
    if (checker !== undefined && checker.sinceBest >= settings.patience) break;
  }
  if (checker !== undefined) run.builder.truncate(checker.bestTrees);
  return {
    trees: run.builder.finish(),
    base: run.base,
    importance: shares(run.grower.gain),
    validationLosses: checker?.losses ?? [],
  };
}

function shares(gain: Float64Array): Float64Array {
  const total = gain.reduce((sum, x) => sum + x, 0);
  return total > 0 ? gain.map((x) => x / total) : gain;
}

/** State of one fit. */
class BoostingRun {
  readonly builder: TreeBuilder;
  readonly grower: BoostingTreeGrower;
  readonly base: number;
  private readonly objective: Objective;
  private readonly training: BoostingRows;
  private readonly settings: BoostingSettings;
  private readonly rows: LossRows;
  private readonly random: Random;
  private readonly allColumns: Int32Array;
  private readonly columnCount: number;
  private readonly left: Int32Array;

  constructor(objective: Objective, base: number, training: BoostingRows, settings: BoostingSettings) {
    const { matrix, target, weights } = training;
    this.base = base;
    this.objective = objective;
    this.training = training;
    this.settings = settings;
    this.builder = new TreeBuilder(matrix.columns, 1);
    this.columnCount = Math.max(1, Math.round(settings.columnSample * matrix.columns));
    this.grower = new BoostingTreeGrower(matrix, this.columnCount, settings);
    this.rows = {
      target,
      weights,
      margins: new Float64Array(matrix.rows).fill(base),
      leastHessian: settings.leastHessian,
    };
    this.random = createRandom(settings.seed);
    this.allColumns = Int32Array.from({ length: matrix.columns }, (_, column) => column);
    this.left = new Int32Array(settings.rowSample < 1 ? matrix.rows : 0);
  }

  addTree(round: number): void {
    const random = this.random.fork(round);
    this.objective.derivatives(this.rows, this.grower.memory.gradients);
    const count = this.drawRows(random);
    this.grower.grow(this.builder, count, this.drawColumns(random));
    this.settle(count);
  }

  /** Puts the rows of this tree at the start of the grower's order, and the others into `left`. */
  private drawRows(random: Random): number {
    const { order } = this.grower.memory;
    const { rowSample } = this.settings;
    const { rows } = this.training.matrix;
    let taken = 0;
    let left = 0;
    for (let row = 0; row < rows; row++) {
      if (rowSample >= 1 || random.next() < rowSample) order[taken++] = row;
      else this.left[left++] = row;
    }
    return taken;
  }

  private drawColumns(random: Random): Int32Array {
    const { allColumns, columnCount } = this;
    if (columnCount === allColumns.length) return allColumns;
    return random.shuffle(allColumns.slice()).subarray(0, columnCount).sort();
  }

  /** Sets the values of the new leaves and adds them to the margins of all rows. */
  private settle(count: number): void {
    const { grower, builder, settings, rows } = this;
    for (const leaf of grower.leaves) {
      const { gradient, hessian } = leaf.sums;
      const value = hessian + settings.l2 > 0 ? (-settings.learningRate * gradient) / (hessian + settings.l2) : 0;
      builder.value[leaf.node] = value;
      for (let i = leaf.start; i < leaf.end; i++) rows.margins[grower.memory.order[i]!]! += value;
    }
    const { matrix } = this.training;
    for (let i = 0; i < matrix.rows - count; i++) {
      const row = this.left[i]!;
      rows.margins[row]! += builder.value[this.findLeafByBins(matrix, row)]!;
    }
  }

  /** The leaf of the newest tree that a binned row ends in. */
  findLeafByBins(matrix: BinnedMatrix, row: number): number {
    const { builder, grower } = this;
    const root = builder.roots.at(-1)!;
    let node = root;
    let column = builder.feature[node]!;
    while (column >= 0) {
      const bin = matrix.bins[column]![row]!;
      const goesLeft = bin === MISSING_BIN ? builder.missingLeft[node] === 1 : bin <= grower.splitBins[node - root]!;
      node = builder.left[node]! + (goesLeft ? 0 : 1);
      column = builder.feature[node]!;
    }
    return node;
  }
}

/** Follows the loss on rows that the trees have not seen. */
class Checker {
  readonly losses: number[] = [];
  bestTrees = 0;
  sinceBest = 0;
  private best = Infinity;
  private readonly objective: Objective;
  private readonly matrix: BinnedMatrix;
  private readonly rows: LossRows;

  constructor(objective: Objective, base: number, { matrix, target, weights }: BoostingRows) {
    this.objective = objective;
    this.matrix = matrix;
    this.rows = { target, weights, margins: new Float64Array(matrix.rows).fill(base) };
    this.best = objective.loss(this.rows);
  }

  check(run: BoostingRun): number {
    const { margins } = this.rows;
    for (let row = 0; row < margins.length; row++) {
      margins[row]! += run.builder.value[run.findLeafByBins(this.matrix, row)]!;
    }
    const loss = this.objective.loss(this.rows);
    this.losses.push(loss);
    this.sinceBest = loss < this.best ? 0 : this.sinceBest + 1;
    if (loss < this.best) {
      this.best = loss;
      this.bestTrees = this.losses.length;
    }
    return loss;
  }
}
