import { loadLinearPosterior } from './linear-posterior.ts';
import { loadLogisticPosterior } from './logistic-posterior.ts';
import type { FloatArray, Matrix } from './matrix.ts';
import { checkMatrix } from './matrix.ts';
import { MlError, requireInteger, requireNumber } from './ml-error.ts';
import { createRandom } from './random.ts';
import type { RewardPosterior } from './reward-posterior.ts';
import { type DecodedModel, decodeModel, encodeModel, type SectionArray } from './serialize.ts';

export type BanditOptions = {
  /** Number of actions, 1 to 1,000. */
  readonly actions: number;
  /**
   * What is believed at first, copied: one posterior an action, or one for all of them. Then the rows must tell actions apart.
   */
  readonly posteriors: readonly RewardPosterior[];
  /**
   * Share of decisions taken uniformly over the allowed actions, 0 to 1. Default 0.01. It floors every propensity at share /
   * allowed actions, without which an action that is never tried can never be judged from the log.
   */
  readonly uniformShare?: number;
  readonly seed: number;
};

/** A decision, with everything that a log needs for off-policy evaluation beside the context and the reward. */
export type BanditChoice = {
  readonly action: number;
  /** Probability with which this action was chosen. */
  readonly propensity: number;
  /** Probabilities of all actions; they sum to 1, and are 0 where an action was not allowed. */
  readonly propensities: Float64Array;
  /** Which frozen policy chose. */
  readonly epoch: number;
};

export type BanditOutcome = {
  readonly action: number;
  /** The row of that action as it was at the decision. */
  readonly row: FloatArray;
  readonly reward: number;
  /** As in `RewardPosterior.observe`. */
  readonly weight?: number;
};

/**
 * A contextual bandit whose policy is frozen by epoch. Outcomes may come late, in any order, more or fewer than decisions, also
 * of actions that somebody else chose: they sharpen a copy that takes over at `advance`. Within an epoch the propensities are a
 * fixed function of the context, so its decisions are independent and its log can be evaluated; a missing outcome says nothing.
 *
 * `contexts` has one row an action, or a single row that all share. `allowed` holds a truthy value for every action that may be
 * taken; without it all may. Throws `ML_SHAPE`, `ML_VALUE`, and `ML_PARAMETER` where no action is allowed.
 */
export type Bandit = {
  readonly actions: number;
  readonly features: number;
  readonly epoch: number;
  /** Decisions so far, which number the stream that chooses. */
  readonly decisions: number;
  /** The frozen policy at a context; the same call gives the same numbers until `advance`. */
  propensities(contexts: Matrix, allowed?: ArrayLike<number | boolean>): Float64Array;
  /** Draws an action from exactly these propensities. */
  choose(contexts: Matrix, allowed?: ArrayLike<number | boolean>): BanditChoice;
  /** Learns for the next epoch. Throws the codes of `RewardPosterior.observe`. */
  observe(outcome: BanditOutcome): void;
  /** Starts the next epoch with everything learnt so far; returns its number. */
  advance(): number;
  /** The whole state: frozen and learning posteriors, epoch, decisions. Loading it goes on as if nothing had happened. */
  toBytes(): Uint8Array;
};

/** How a policy weighs the allowed actions; writes unnormalised shares of them into `shares`, zeros elsewhere. */
export type Weigher = (question: {
  readonly posteriors: readonly RewardPosterior[];
  readonly contexts: Matrix;
  readonly allowed: readonly number[];
  readonly shares: Float64Array;
  readonly epoch: number;
}) => void;

export type BanditState = {
  readonly actions: number;
  readonly serving: readonly RewardPosterior[];
  readonly learning: readonly RewardPosterior[];
  readonly uniformShare: number;
  readonly seed: number;
  readonly epoch: number;
  readonly decisions: number;
};

export type BanditKind = {
  readonly kind: string;
  readonly version: number;
  readonly header: Readonly<Record<string, number>>;
  readonly weigh: Weigher;
};

const MAX_ACTIONS = 1000;

/** A new bandit's state. Throws `ML_PARAMETER` and `ML_SHAPE`. */
export function startBandit(options: BanditOptions): BanditState {
  const actions = requireInteger('actions', options.actions, 1, MAX_ACTIONS);
  const { posteriors } = options;
  if (posteriors.length !== 1 && posteriors.length !== actions) {
    throw new MlError('ML_SHAPE', `${actions} actions need 1 or ${actions} posteriors, got ${posteriors.length}`);
  }
  const features = posteriors[0]!.features;
  if (posteriors.some((posterior) => posterior.features !== features)) {
    throw new MlError('ML_SHAPE', 'all posteriors must have the same features');
  }
  createRandom(options.seed);
  return {
    actions,
    serving: posteriors.map((posterior) => posterior.clone()),
    learning: posteriors.map((posterior) => posterior.clone()),
    uniformShare: requireNumber('uniformShare', options.uniformShare ?? 0.01, 0, 1),
    seed: options.seed,
    epoch: 0,
    decisions: 0,
  };
}

/** The posterior of an action, where all may share one. */
export const posteriorOf = (posteriors: readonly RewardPosterior[], action: number): RewardPosterior =>
  posteriors[posteriors.length === 1 ? 0 : action]!;

/** Where the row of an action starts. */
export const rowOffset = ({ rows, columns }: Matrix, action: number): number => (rows === 1 ? 0 : action * columns);

/** The part of a bandit that does not depend on how it weighs actions. */
export function createBandit(start: BanditState, { kind, version, header, weigh }: BanditKind): Bandit {
  const { actions, learning, uniformShare, seed } = start;
  const { features } = learning[0]!;
  const random = createRandom(seed).fork('choices');
  let { serving, epoch, decisions } = start;

  function propensities(contexts: Matrix, mask?: ArrayLike<number | boolean>): Float64Array {
    checkContexts(contexts, actions, features);
    const allowed = allowedActions(mask, actions);
    const shares = new Float64Array(actions);
    weigh({ posteriors: serving, contexts, allowed, shares, epoch });
    const sum = shares.reduce((total, share) => total + share, 0);
    if (!(sum > 0)) throw new MlError('ML_VALUE', 'the contexts are too large to compare actions');
    for (const action of allowed) {
      shares[action] = (1 - uniformShare) * (shares[action]! / sum) + uniformShare / allowed.length;
    }
    return shares;
  }

  return {
    actions,
    features,
    get epoch() {
      return epoch;
    },
    get decisions() {
      return decisions;
    },
    propensities,
    choose: (contexts, allowed) => {
      const shares = propensities(contexts, allowed);
      const action = drawFrom(shares, random.fork(decisions).next());
      decisions += 1;
      return { action, propensity: shares[action]!, propensities: shares, epoch };
    },
    observe: ({ action, row, reward, weight = 1 }) => {
      requireInteger('action', action, 0, actions - 1);
      posteriorOf(learning, action).observe(row, reward, { weight });
    },
    advance: () => {
      serving = learning.map((posterior) => posterior.clone());
      epoch += 1;
      return epoch;
    },
    toBytes: () => writeBandit({ ...start, serving, epoch, decisions }, { kind, version, header }),
  };
}

function writeBandit(state: BanditState, { kind, version, header }: Omit<BanditKind, 'weigh'>): Uint8Array {
  const { actions, serving, learning, uniformShare, epoch, decisions } = state;
  const sections: Record<string, SectionArray> = { seed: Float64Array.of(state.seed) };
  serving.forEach((posterior, i) => (sections[`serving-${i}`] = posterior.toBytes()));
  learning.forEach((posterior, i) => (sections[`learning-${i}`] = posterior.toBytes()));
  const numbers = { actions, posteriors: learning.length, uniformShare, epoch, decisions };
  return encodeModel(kind, version, { ...header, ...numbers }, sections);
}

/** The state in a decoded bandit. Throws `ML_FORMAT` and what the posteriors' loaders throw. */
export function readBandit(model: DecodedModel): BanditState {
  const actions = model.integer('actions', 1, MAX_ACTIONS);
  const count = model.integer('posteriors', 1, actions);
  if (count !== 1 && count !== actions) throw new MlError('ML_FORMAT', `${count} posteriors for ${actions} actions`);
  const read = (name: string): RewardPosterior[] =>
    Array.from({ length: count }, (_, i) => loadPosterior(model.section(`${name}-${i}`, 'u8')));
  const serving = read('serving');
  const learning = read('learning');
  const { features } = learning[0]!;
  if ([...serving, ...learning].some((posterior) => posterior.features !== features)) {
    throw new MlError('ML_FORMAT', 'posteriors of different features');
  }
  const seed = model.section('seed', 'f64', 1)[0]!;
  if (!Number.isFinite(seed)) throw new MlError('ML_FORMAT', 'the seed is not a finite number');
  return {
    actions,
    serving,
    learning,
    seed,
    uniformShare: model.number('uniformShare', 0, 1),
    epoch: model.integer('epoch', 0, Number.MAX_SAFE_INTEGER),
    decisions: model.integer('decisions', 0, Number.MAX_SAFE_INTEGER),
  };
}

function loadPosterior(bytes: Uint8Array): RewardPosterior {
  return decodeModel(bytes).kind === 'logistic-posterior' ? loadLogisticPosterior(bytes) : loadLinearPosterior(bytes);
}

function checkContexts(contexts: Matrix, actions: number, features: number): void {
  checkMatrix(contexts);
  if ((contexts.rows !== 1 && contexts.rows !== actions) || contexts.columns !== features) {
    const got = `${contexts.rows} × ${contexts.columns}`;
    throw new MlError('ML_SHAPE', `contexts must be 1 or ${actions} rows of ${features}, got ${got}`);
  }
}

function allowedActions(mask: ArrayLike<number | boolean> | undefined, actions: number): number[] {
  if (mask !== undefined && mask.length !== actions) {
    throw new MlError('ML_SHAPE', `the mask has ${mask.length} values for ${actions} actions`);
  }
  const allowed: number[] = [];
  for (let action = 0; action < actions; action++) if (mask === undefined || mask[action]) allowed.push(action);
  if (allowed.length === 0) throw new MlError('ML_PARAMETER', 'no action is allowed');
  return allowed;
}

/** The action in whose part of [0, 1) the number falls; never one of probability 0. */
function drawFrom(shares: Float64Array, uniform: number): number {
  let left = uniform;
  let last = 0;
  for (let action = 0; action < shares.length; action++) {
    if (shares[action] === 0) continue;
    last = action;
    left -= shares[action]!;
    if (left < 0) break;
  }
  return last;
}

/** Adds 1 in all to the shares of the actions whose value is largest; equals divide it. */
export function shareAmongBest(allowed: readonly number[], values: Float64Array, shares: Float64Array): void {
  let best = Number.NEGATIVE_INFINITY;
  let equals = 0;
  for (let k = 0; k < allowed.length; k++) {
    const value = values[k]!;
    if (value > best) {
      best = value;
      equals = 1;
    } else if (value === best) equals += 1;
  }
  for (let k = 0; k < allowed.length; k++) if (values[k] === best) shares[allowed[k]!]! += 1 / equals;
}
