import { checkSpace, drawParameters, type HyperParameters, type HyperSpace } from './hyper-space.ts';
import { MlError, requireInteger, requireNumber } from './ml-error.ts';
import { createRandom } from './random.ts';
import type { TimeFold } from './time-folds.ts';

/** One training to make. */
export type Trial<Space extends HyperSpace> = {
  readonly parameters: HyperParameters<Space>;
  /** Shortened to the newest part of its training rows in the early rungs of a halving. */
  readonly fold: TimeFold;
  /** Part of the training rows that is left in the fold, in (0, 1]. */
  readonly share: number;
  /** Aborts with the caller's signal. */
  readonly signal: AbortSignal | undefined;
  /** Until the budget ends; an evaluation that can stop early should keep to it. */
  readonly secondsLeft: number;
};

export type SearchProgress = {
  readonly trials: number;
  readonly seconds: number;
  /** Best mean loss on whole folds so far; undefined before the first. */
  readonly loss: number | undefined;
};

export type HyperSearchOptions<Space extends HyperSpace> = {
  readonly space: Space;
  /** Tried first and on everything: what is found is never worse than it on the folds. */
  readonly defaults: HyperParameters<Space>;
  /** From `timeFolds`. */
  readonly folds: readonly TimeFold[];
  /** Trains and validates; lower is better. NaN, infinite or an `MlError` other than `ML_CANCELLED` rules the candidate out. */
  readonly evaluate: (trial: Trial<Space>) => number | Promise<number>;
  /**
   * `random` (Bergstra and Bengio, 2012) tries every candidate on all rows. `halving` (Jamieson and Talwalkar, 2016) starts all
   * on the newest ninth of the rows and keeps the best third for three times as many. Default `halving`.
   */
  readonly method?: 'random' | 'halving';
  /** Candidates besides the defaults, 0 to 10,000. Default 27. */
  readonly candidates?: number;
  /** No training starts after this many seconds. One that runs is waited for. */
  readonly budgetSeconds: number;
  /** Milliseconds from any start, never backwards. */
  readonly now: () => number;
  readonly seed: number;
  /** Ends the search with `ML_CANCELLED` before the next training. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SearchProgress) => void;
};

export type HyperSearchResult<Space extends HyperSpace> = {
  readonly parameters: HyperParameters<Space>;
  /** Mean loss over whole folds, chosen as the least of many: too good by that; judge it on newer rows. */
  readonly loss: number;
  readonly defaultLoss: number;
  /** Trainings made. */
  readonly trials: number;
  /** False when the budget ended first. */
  readonly complete: boolean;
  /** Every candidate that was tried on whole folds, best first. */
  readonly ranking: readonly { readonly parameters: HyperParameters<Space>; readonly loss: number }[];
};

/** Of each rung of a halving the best third goes on. */
const KEEP = 3;
/** Most rungs on less than all rows: a ninth is the least that still says something of the whole. */
const MAX_SHORT_RUNGS = 2;

type Candidate<Space extends HyperSpace> = { readonly parameters: HyperParameters<Space>; loss: number };

/**
 * Looks for hyper-parameters within a budget. Same seed, folds and losses, same result, unless the budget cuts it short; then the
 * best of what was finished counts. Throws `ML_PARAMETER`, `ML_CANCELLED`, and `ML_NOT_CONVERGED` when neither the defaults nor
 * any other candidate gave a loss in time.
 */
export async function searchHyperParameters<const Space extends HyperSpace>(
  options: HyperSearchOptions<Space>,
): Promise<HyperSearchResult<Space>> {
  checkSpace(options.space);
  if (options.folds.length === 0) throw new MlError('ML_PARAMETER', 'a search needs at least one fold');
  const count = requireInteger('candidates', options.candidates ?? 27, 0, 10_000);
  const trainer = createTrainer(options);
  const random = createRandom(options.seed);
  const defaults: Candidate<Space> = { parameters: options.defaults, loss: Number.NaN };
  const others = Array.from({ length: count }, (_, i): Candidate<Space> => {
    return { parameters: drawParameters(options.space, random.fork(i)), loss: Number.NaN };
  });
  let complete = await trainer.measure(defaults, 1);
  const survivors = complete && options.method !== 'random' ? await halve(others, trainer) : others;
  for (const candidate of complete && survivors ? survivors : []) complete &&= await trainer.measure(candidate, 1);
  const ranking = trainer.whole().toSorted((a, b) => a.loss - b.loss);
  const best = ranking[0];
  if (best === undefined) throw new MlError('ML_NOT_CONVERGED', 'no candidate gave a loss within the budget');
  return {
    parameters: best.parameters,
    loss: best.loss,
    defaultLoss: defaults.loss,
    trials: trainer.trials(),
    complete: complete && survivors !== undefined,
    ranking,
  };
}

type Trainer<Space extends HyperSpace> = {
  /** Sets the loss of a candidate: mean over folds, infinite when it failed. False when the budget ended before. */
  measure(candidate: Candidate<Space>, share: number): Promise<boolean>;
  /** Candidates measured on whole folds. */
  whole(): Candidate<Space>[];
  trials(): number;
};

function createTrainer<Space extends HyperSpace>(options: HyperSearchOptions<Space>): Trainer<Space> {
  const { folds, evaluate, now, signal } = options;
  const budget = requireNumber('budgetSeconds', options.budgetSeconds, 0);
  const started = now();
  const whole: Candidate<Space>[] = [];
  let trials = 0;
  let best: number | undefined;

  async function lossOn(candidate: Candidate<Space>, fold: TimeFold, share: number): Promise<number | undefined> {
    if (signal?.aborted) throw new MlError('ML_CANCELLED', 'the search was cancelled');
    const secondsLeft = budget - (now() - started) / 1000;
    if (secondsLeft <= 0) return undefined;
    trials += 1;
    const shorter = { ...fold, trainFrom: fold.trainTo - Math.ceil((fold.trainTo - fold.trainFrom) * share) };
    const { parameters } = candidate;
    try {
      const loss = await evaluate({ parameters, fold: shorter, share, signal, secondsLeft });
      return Number.isFinite(loss) ? loss : Infinity;
    } catch (error) {
      if (error instanceof MlError && error.code !== 'ML_CANCELLED') return Infinity;
      throw error;
    }
  }

  async function measure(candidate: Candidate<Space>, share: number): Promise<boolean> {
    let sum = 0;
    for (const fold of folds) {
      const loss = await lossOn(candidate, fold, share);
      if (loss === undefined) return false;
      sum += loss / folds.length;
      if (sum === Infinity) break;
    }
    candidate.loss = sum;
    if (share === 1 && sum < Infinity) {
      whole.push({ ...candidate });
      best = Math.min(best ?? Infinity, sum);
    }
    options.onProgress?.({ trials, seconds: (now() - started) / 1000, loss: best });
    return true;
  }

  return { measure, whole: () => whole, trials: () => trials };
}

/** The candidates that came through all rungs but the last, which is on all rows; undefined when the budget ended before. */
async function halve<Space extends HyperSpace>(
  all: readonly Candidate<Space>[],
  trainer: Trainer<Space>,
): Promise<readonly Candidate<Space>[] | undefined> {
  let survivors = all;
  const affordable = Math.floor(Math.log(all.length) / Math.log(KEEP) + 1e-9);
  for (let rung = Math.min(MAX_SHORT_RUNGS, affordable); rung > 0; rung--) {
    for (const candidate of survivors) if (!(await trainer.measure(candidate, KEEP ** -rung))) return undefined;
    survivors = survivors
      .filter(({ loss }) => loss < Infinity)
      .toSorted((a, b) => a.loss - b.loss)
      .slice(0, Math.max(1, Math.floor(survivors.length / KEEP)));
  }
  return survivors;
}
