import type { Matrix } from '../../ml/matrix.ts';
import { loadOperatingRegimes, type OperatingRegimes } from '../../ml/operating-regimes.ts';
import { type DecodedModel, decodeModel, encodeModel, requireKind } from '../../ml/serialize.ts';
import { MlError } from '../../ml/ml-error.ts';
import type { TrainingHistory } from '../../model/trainer.ts';
import { HELD_OUT, jointRows, rowsWhere, type Standard } from './joint-rows.ts';
import type { MemberFactory, MemberModel } from './member.ts';
import { priorWorth } from './members.ts';
import { mergeSurprises } from './merge-surprises.ts';
import { loadRegimeScales, type RegimeScales, regimeSections, usualRegimeScales } from './regime-scaling.ts';
import type { Scale } from './row-scaling.ts';
import { fitSurpriseTail, loadSurpriseTail, type SurpriseTail } from './surprise-tail.ts';
import { halfLives } from './trailing-means.ts';

const KIND = 'joint-models';
const VERSION = 1;
/** Fewer rows in all than this are no history. */
const LEAST_ROWS = 60;
const MAX_FEATURES = 4096;
const MAX_MEMBERS = 32;
/** Held-out stretches as long as the longest half-life at which a surprise counts for half: rows within one are not independent. */
const HALF_TRUST = 2;

/** A fitted member and what its scores mean on rows that it was not fitted on. */
export interface JudgedMember {
  readonly model: MemberModel;
  readonly tail: SurpriseTail;
}

/** The joint members of one entity kind: fitted once, shared by all its entities. */
export interface JointModels {
  /** Names; columns of an entity are matched by them. */
  readonly features: readonly string[];
  readonly cadenceMs: number;
  readonly halfLivesMs: readonly number[];
  readonly standard: Standard;
  readonly members: readonly JudgedMember[];
  /** One a member; adds up to 1. */
  readonly weights: Float64Array;
  /** Of the merged surprise. */
  readonly merged: SurpriseTail;
  /** What the merged surprise is worth, 0 to 1: little while the history that calibrates is short beside the trailing means. */
  readonly trust: number;
  /** What a new entity's level and spread are taken for, until it has its own; within its regime where there are any. */
  readonly usual: Scale;
  /** Operating regimes of the kind, and how a new entity is scaled in them; null where there are none. */
  readonly within: { readonly regimes: OperatingRegimes; readonly usual: RegimeScales } | null;
  toBytes(): Uint8Array;
}

export interface JointOptions {
  readonly cadenceMs: number;
  readonly seed: number;
  readonly members: readonly MemberFactory[];
  /** What a member's word is worth, by kind; need not add up. Default: what published comparisons find. */
  readonly worth?: (kind: string) => number;
  /** Whether rows are scaled within operating regimes where there are any; default true. */
  readonly regimes?: boolean;
}

/** Models, and the scale of each history, in order: an entity that was among them need not begin anew. */
export interface FittedJointModels {
  readonly models: JointModels;
  readonly scales: readonly Scale[];
  /** Scale of each history in each regime; none where there are no regimes. */
  readonly within: readonly RegimeScales[];
}

/**
 * Fits the members of a kind on the normal history of its entities. The last part of each history in time calibrates
 * models fitted on the part before it; then they are fitted on everything. Null when there is too little history.
 *
 * About a second for 25,000 rows of 40 features, two thirds of it the support vector machine and the autoencoder. The
 * same histories, options and seed give the same bytes.
 */
export function fitJointModels(histories: readonly TrainingHistory[], options: JointOptions): FittedJointModels | null {
  const features = [...new Set(histories.flatMap((history) => history.features))].slice(0, MAX_FEATURES);
  const halfLivesMs = halfLives(features.length, options.cadenceMs);
  const rows = jointRows(histories, features, { halfLivesMs, regimes: options.regimes ?? true });
  if (features.length === 0 || rows.matrix.rows < LEAST_ROWS) return null;
  const parts = { earlier: rowsWhere(rows, 0), later: rowsWhere(rows, 1), all: rows.matrix };
  const members = options.members.map((factory) =>
    fitMember(factory, parts, { seed: options.seed, features: features.length }),
  );
  const worth = members.map(({ judged }) => (options.worth ?? priorWorth)(judged.model.kind));
  const weights = normalised(worth);
  const models = modelsOf({
    features,
    cadenceMs: options.cadenceMs,
    halfLivesMs,
    standard: rows.standard,
    members: members.map(({ judged }) => judged),
    weights,
    merged: fitSurpriseTail(mergedSurprises(members, weights)),
    trust: trustIn(heldOutMs(histories) / halfLivesMs.at(-1)!),
    usual: usualScale(rows.scales, features.length),
    within: rows.found && {
      regimes: rows.found.regimes,
      usual: usualRegimeScales(
        rows.found.scales,
        usualScale(
          rows.found.scales.map(({ origin }) => origin),
          features.length,
        ),
      ),
    },
  });
  return { models, scales: rows.scales, within: rows.found?.scales ?? [] };
}

/** Loads what `toBytes` wrote; members are found by kind. Throws the codes of `decodeModel`, and `ML_KIND` for a member that is not known. */
export function loadJointModels(bytes: Uint8Array, factories: readonly MemberFactory[]): JointModels {
  const saved = decodeModel(bytes);
  requireKind(saved, KIND, VERSION);
  const features = texts(saved.header['features'], MAX_FEATURES);
  const kinds = texts(saved.header['kinds'], MAX_MEMBERS);
  const halfLivesMs = [...saved.section('halfLives', 'f64')];
  const columns = features.length * (1 + halfLivesMs.length);
  const members = kinds.map((kind, i): JudgedMember => {
    const factory = factories.find((one) => one.kind === kind);
    if (factory === undefined) throw new MlError('ML_KIND', `no member of kind ${kind}`);
    const model = factory.load(saved.section(`member${i}`, 'u8'));
    if (model.columns !== columns) throw new MlError('ML_FORMAT', `member ${kind} has other columns`);
    return { model, tail: loadSurpriseTail(saved.section(`tail${i}`, 'u8')) };
  });
  return modelsOf({
    features,
    cadenceMs: saved.number('cadenceMs', 1),
    halfLivesMs,
    standard: { mean: saved.section('mean', 'f64', columns), deviation: saved.section('deviation', 'f64', columns) },
    members,
    weights: saved.section('weights', 'f64', kinds.length),
    merged: loadSurpriseTail(saved.section('merged', 'u8')),
    trust: saved.number('trust', 0, 1),
    usual: {
      centre: saved.section('centre', 'f64', features.length),
      variance: saved.section('variance', 'f64', features.length),
    },
    within: loadWithin(saved, features.length),
  });
}

/** Models of before there were regimes have none. */
function loadWithin(saved: DecodedModel, features: number): JointModels['within'] {
  if (saved.header['regimes'] !== true) return null;
  const regimes = loadOperatingRegimes(saved.section('regimes', 'u8'));
  if (regimes.columns !== features || regimes.count < 2) throw new MlError('ML_FORMAT', 'the regimes do not fit');
  return { regimes, usual: loadRegimeScales(saved, { features, count: regimes.count, entities: 1 })[0]! };
}

function modelsOf(parts: Omit<JointModels, 'toBytes'>): JointModels {
  return { ...parts, toBytes: () => bytesOf(parts) };
}

function bytesOf({ features, cadenceMs, members, ...parts }: Omit<JointModels, 'toBytes'>): Uint8Array {
  const { within } = parts;
  const header = {
    features,
    cadenceMs,
    trust: parts.trust,
    kinds: members.map(({ model }) => model.kind),
    ...(within && { regimes: true }),
  };
  return encodeModel(KIND, VERSION, header, {
    halfLives: Float64Array.from(parts.halfLivesMs),
    mean: parts.standard.mean,
    deviation: parts.standard.deviation,
    weights: parts.weights,
    merged: parts.merged.toBytes(),
    centre: parts.usual.centre,
    variance: parts.usual.variance,
    ...Object.fromEntries(members.map(({ model }, i) => [`member${i}`, model.toBytes()])),
    ...Object.fromEntries(members.map(({ tail }, i) => [`tail${i}`, tail.toBytes()])),
    ...(within && { regimes: within.regimes.toBytes(), ...regimeSections([within.usual]) }),
  });
}

interface FittedMember {
  readonly judged: JudgedMember;
  readonly surprises: Float64Array;
}

type FitOptions = Parameters<MemberFactory['fit']>[1];

interface Parts {
  readonly earlier: Matrix;
  readonly later: Matrix;
  readonly all: Matrix;
}

function fitMember(factory: MemberFactory, { earlier, later, all }: Parts, options: FitOptions): FittedMember {
  const judging = factory.fit(earlier, options);
  const scores = new Float64Array(later.rows);
  for (let r = 0; r < scores.length; r++) scores[r] = judging.score(later.data, r * later.columns);
  const tail = fitSurpriseTail(scores);
  const model = factory.fit(all, options);
  return { judged: { model, tail }, surprises: scores.map((score) => tail.surprise(score)) };
}

function mergedSurprises(members: readonly FittedMember[], weights: Float64Array): Float64Array {
  const each = new Float64Array(members.length);
  return Float64Array.from({ length: members[0]?.surprises.length ?? 0 }, (_, r) => {
    for (let i = 0; i < each.length; i++) each[i] = members[i]!.surprises[r]!;
    return mergeSurprises(each, weights);
  });
}

const trustIn = (stretches: number): number => stretches / (stretches + HALF_TRUST);

const heldOutMs = (histories: readonly TrainingHistory[]): number =>
  histories.reduce(
    (sum, { stretches, cadenceMs }) =>
      sum + HELD_OUT * cadenceMs * stretches.reduce((rows, { times }) => rows + times.length, 0),
    0,
  );

/** Level and spread over all entities: each one's own, and how far their levels lie apart. */
function usualScale(scales: readonly Scale[], features: number): Scale {
  const centre = new Float64Array(features).fill(Number.NaN);
  const variance = new Float64Array(features);
  for (let f = 0; f < features; f++) {
    const known = scales.filter((scale) => !Number.isNaN(scale.centre[f]!));
    if (known.length === 0) continue;
    const mean = known.reduce((sum, scale) => sum + scale.centre[f]! / known.length, 0);
    centre[f] = mean;
    variance[f] = known.reduce(
      (sum, scale) => sum + (scale.variance[f]! + (scale.centre[f]! - mean) ** 2) / known.length,
      0,
    );
  }
  return { centre, variance };
}

export function normalised(worth: readonly number[]): Float64Array {
  const total = worth.reduce((sum, one) => sum + one, 0);
  return Float64Array.from(worth, (one) => one / total);
}

function texts(value: unknown, most: number): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  if (list.length === 0 || list.length > most || !list.every((one) => typeof one === 'string'))
    throw new MlError('ML_FORMAT', 'names are missing');
  return list;
}
