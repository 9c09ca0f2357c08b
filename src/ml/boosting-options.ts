import { MAX_BINS } from './binned-matrix.ts';
import { requireInteger, requireNumber } from './ml-error.ts';

/** Options of boosting. Defaults are LightGBM's for shape and rate, XGBoost's for regularisation. */
export type BoostingOptions = {
  readonly seed: number;
  /** Most rounds, one tree each, 1 to 100,000. Default 100. */
  readonly trees?: number;
  /** Share of each tree's answer that is added, above 0 to 1. Default 0.1. */
  readonly learningRate?: number;
  /** Most leaves of a tree, 2 to 4,096. Default 31. */
  readonly maxLeaves?: number;
  /** Most splits on the way to a leaf, 1 to 64. Default 64. */
  readonly maxDepth?: number;
  /** L2 penalty on leaf values, 0 or more. Default 1. */
  readonly l2?: number;
  /** Least sum of hessians of a leaf, 0 or more: rows for the squared loss, about rows × p(1-p) for logistic. Default 1. */
  readonly minChildWeight?: number;
  /**
   * Logistic only: hessians of a row are no smaller than this, 0 to 0.25. At a rare event they nearly vanish, so that a hundred rows
   * that all have it weigh too little for a leaf, and what leaf they get is thrown far (a bound on the curvature, Böhning, 1992). Default 0.
   */
  readonly leastHessian?: number;
  /** Least drop of the loss that a split must bring, 0 or more. Default 0. */
  readonly minGain?: number;
  /** Share of the rows that each tree sees, above 0 to 1. Default 1. */
  readonly rowSample?: number;
  /** Share of the columns that each tree sees, above 0 to 1. Default 1. */
  readonly columnSample?: number;
  /** Most bins of a column, 2 to 255. Default 255. */
  readonly maxBins?: number;
  /** Spends a part of the bins on both ends of each column, for events as rare as the values there. Default false. */
  readonly fineTails?: boolean;
  /** Rounds without a better validation loss after which to stop; the best round is kept. Default 20. */
  readonly patience?: number;
  /** Called after every round, with the validation loss when there is one. */
  readonly onRound?: (round: number, validationLoss: number | undefined) => void;
  /** Looked at before every round; when raised, the fit ends with `ML_CANCELLED`. */
  readonly signal?: { readonly aborted: boolean };
};

/** Options with every default filled in. */
export type BoostingSettings = Required<Omit<BoostingOptions, 'onRound' | 'signal'>> &
  Pick<BoostingOptions, 'onRound' | 'signal'>;

const SMALLEST_SHARE = 1e-6;

/** Fills in the defaults. Throws `ML_PARAMETER` on an option out of its range. */
// oxlint-disable-next-line eslint/complexity -- one line an option
export function boostingSettings(options: BoostingOptions): BoostingSettings {
  return {
    ...options,
    trees: requireInteger('trees', options.trees ?? 100, 1, 100_000),
    learningRate: requireNumber('learningRate', options.learningRate ?? 0.1, SMALLEST_SHARE, 1),
    maxLeaves: requireInteger('maxLeaves', options.maxLeaves ?? 31, 2, 4096),
    maxDepth: requireInteger('maxDepth', options.maxDepth ?? 64, 1, 64),
    l2: requireNumber('l2', options.l2 ?? 1, 0),
    minChildWeight: requireNumber('minChildWeight', options.minChildWeight ?? 1, 0),
    leastHessian: requireNumber('leastHessian', options.leastHessian ?? 0, 0, 0.25),
    minGain: requireNumber('minGain', options.minGain ?? 0, 0),
    rowSample: requireNumber('rowSample', options.rowSample ?? 1, SMALLEST_SHARE, 1),
    columnSample: requireNumber('columnSample', options.columnSample ?? 1, SMALLEST_SHARE, 1),
    fineTails: options.fineTails ?? false,
    maxBins: requireInteger('maxBins', options.maxBins ?? MAX_BINS, 2, MAX_BINS),
    patience: requireInteger('patience', options.patience ?? 20, 1),
  };
}
