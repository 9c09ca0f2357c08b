import type { ForestTarget } from './forest-tree.ts';
import { MlError, requireInteger } from './ml-error.ts';
import { checkTarget } from './supervised-rows.ts';

export type ForestTask = 'classification' | 'regression';

/** Options that random forests and extremely randomised trees share. */
export type ForestOptions = {
  readonly seed: number;
  /** `classification`: targets are class numbers from 0. `regression`: any finite numbers up to ±1e100. */
  readonly task: ForestTask;
  /** Number of classes, 2 to 256. Default: the largest target plus one, at least 2. */
  readonly classes?: number;
  /** Number of trees, 1 to 10,000. Default 100. */
  readonly trees?: number;
  /** Number of the first tree: workers that grow trees 0–49 and 50–99 give, merged, what one gives that grows all. Default 0. */
  readonly firstTree?: number;
  /** Columns tried at a node, 1 or more. Default: the method's. */
  readonly columnsPerSplit?: number;
  /** Least distinct rows of a leaf, 1 or more. Default: the method's. */
  readonly minLeafRows?: number;
  /** Most splits on the way to a leaf, 1 to 512. Default 512. */
  readonly maxDepth?: number;
  /** Called after every tree with the number grown. */
  readonly onTree?: (trees: number) => void;
  /** Looked at before every tree; when raised, the fit ends with `ML_CANCELLED`. */
  readonly signal?: { readonly aborted: boolean };
};

export type ForestDefaults = { readonly columnsPerSplit: number; readonly minLeafRows: number };

export type ForestSettings = {
  readonly seed: number;
  readonly trees: number;
  readonly firstTree: number;
  readonly columnsPerSplit: number;
  readonly minLeafRows: number;
  readonly maxDepth: number;
} & Pick<ForestOptions, 'onTree' | 'signal'>;

const MAX_CLASSES = 256;
/** Squares of larger targets leave the range of float64 in sums. */
const LARGEST_TARGET = 1e100;

/** Fills in the defaults. Throws `ML_PARAMETER` on an option out of its range. */
export function forestSettings(options: ForestOptions, columns: number, defaults: ForestDefaults): ForestSettings {
  const asked = requireInteger('columnsPerSplit', options.columnsPerSplit ?? defaults.columnsPerSplit, 1);
  return {
    ...options,
    trees: requireInteger('trees', options.trees ?? 100, 1, 10_000),
    firstTree: requireInteger('firstTree', options.firstTree ?? 0, 0, 10_000_000),
    columnsPerSplit: Math.min(asked, columns),
    minLeafRows: requireInteger('minLeafRows', options.minLeafRows ?? defaults.minLeafRows, 1),
    maxDepth: requireInteger('maxDepth', options.maxDepth ?? 512, 1, 512),
  };
}

/** Targets in the form that trees are grown on. Throws `ML_SHAPE`, `ML_VALUE` or `ML_PARAMETER`. */
export function forestTarget(target: ArrayLike<number>, rows: number, options: ForestOptions): ForestTarget {
  const value = checkTarget(target, rows);
  if (options.task === 'regression') return regressionTarget(value);
  const bad = value.findIndex((y) => !(Number.isInteger(y) && y >= 0 && y < MAX_CLASSES));
  if (bad >= 0) throw new MlError('ML_VALUE', `target ${bad} is ${value[bad]}, must be a class from 0 to 255`);
  const largest = value.reduce((max, y) => Math.max(max, y), 1);
  const classes = requireInteger('classes', options.classes ?? largest + 1, 2, MAX_CLASSES);
  if (largest >= classes) throw new MlError('ML_VALUE', `a target is class ${largest} of ${classes}`);
  const shared = { task: 'classification', outputs: classes, centre: 0 } as const;
  if (classes === 2) return { ...shared, sums: 1, value, slot: new Int32Array(rows) };
  return { ...shared, sums: classes, value: new Float64Array(rows).fill(1), slot: Int32Array.from(value) };
}

function regressionTarget(value: Float64Array): ForestTarget {
  const bad = value.findIndex((y) => Math.abs(y) > LARGEST_TARGET);
  if (bad >= 0) throw new MlError('ML_VALUE', `target ${bad} is ${value[bad]}, must be within ±${LARGEST_TARGET}`);
  const centre = value.reduce((sum, y) => sum + y, 0) / value.length;
  const slot = new Int32Array(value.length);
  return { task: 'regression', outputs: 1, sums: 1, value: value.map((y) => y - centre), slot, centre };
}
