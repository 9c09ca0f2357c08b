import { type Forest, loadForest } from '../../ml/forest.ts';
import { countKinds, failureOf, kindOf, type KnownFailures } from './failure-kinds.ts';
import { type MemberRows, takeRows } from './members.ts';
import type { RunTraining } from './train-team.ts';
import type { TrainingRows } from './training-rows.ts';

export interface KindShare {
  readonly kind: string;
  readonly share: number;
}

/** Which kind the failure ahead would be. */
export interface KindModel {
  /** What failures were so far, by falling share; shares add up to 1. */
  readonly shares: readonly KindShare[];
  /** Tells the first so many of those kinds apart by what is seen shortly before; null where too little is known. */
  readonly forest: Forest | null;
}

/** Fewer failures of a kind are not told by what is seen before them, only by how frequent they are. */
const LEAST_FAILURES = 5;
const MOST_KINDS = 16;
/** Rows to learn from, at even distances. */
const MOST_ROWS = 6000;
/** Rows of one failure are alike, so small leaves would hold failures, not kinds. */
const SHAPE = { trees: 60, minLeafRows: 15, maxBins: 63 } as const;
/** What is always left to how frequent kinds are: some come out of the blue. */
const LEFT_TO_SHARES = 0.1;

export interface KindLesson extends KnownFailures {
  /** What members read of the rows. */
  readonly data: MemberRows;
  /** How far ahead a failure may be for what is seen to tell its kind. */
  readonly reach: number;
  readonly seed: number;
}

/** Share of the rows, in the order of time, on whose failures kinds are learnt when it is judged whether they can be told. */
const EARLIER = 0.7;

/**
 * Learns kinds from the rows shortly before failures, all rows of one failure counting together as one. What tells kinds of later
 * failures no better than how frequent they are is not put to use.
 */
export async function fitKinds(lesson: KindLesson, run: RunTraining): Promise<KindModel> {
  const { rows } = lesson;
  const every = Int32Array.from({ length: rows.count }, (_, i) => i);
  const counts = countKinds(lesson, every);
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const shares = counts.map(({ kind, count }) => ({ kind, share: count / total }));
  const frequent = counts.filter(({ count }) => count >= LEAST_FAILURES).slice(0, MOST_KINDS);
  const place = new Map(frequent.map(({ kind }, i) => [kind, i]));
  const classOf = (i: number): number => {
    const kind = kindOf(lesson, i);
    return kind === undefined ? -1 : (place.get(kind) ?? -1);
  };
  const near = every.filter((i) => rows.time[i]! <= lesson.reach && classOf(i) >= 0);
  const stride = Math.max(1, Math.ceil(near.length / MOST_ROWS));
  const picked = near.filter((_, at) => at % stride === 0);
  const material = { ...lesson, classOf, classes: frequent.length };
  const failsAt = (i: number): number => rows.at[i]! + rows.time[i]!;
  const cut = Float64Array.from(picked, failsAt).sort()[Math.floor(EARLIER * picked.length)] ?? 0;
  const [before, after] = [picked.filter((i) => failsAt(i) < cut), picked.filter((i) => failsAt(i) >= cut)];
  const earlier = await fitForest(material, before, run);
  const tells = (model: KindModel): number => chanceOfTruth(material, after, model);
  const better = earlier !== null && tells({ shares, forest: earlier }) > tells({ shares, forest: null });
  return { shares, forest: better ? await fitForest(material, picked, run) : null };
}

interface KindMaterial extends KindLesson {
  /** Place of the kind that a row leads to. */
  readonly classOf: (row: number) => number;
  readonly classes: number;
}

/** Null where rows lead to less than two kinds. */
async function fitForest(
  { rows, data, seed, classOf, classes }: KindMaterial,
  picked: Int32Array,
  run: RunTraining,
): Promise<Forest | null> {
  const target = Int32Array.from(picked, classOf);
  if (new Set(target).size < 2) return null;
  const columns = data.features.length / data.count;
  const { bytes } = await run({
    kind: 'random-forest',
    data: {
      matrix: { data: takeRows(data.features, data.count, picked), rows: picked.length, columns },
      target,
      weights: togetherOne(picked, rows),
    },
    options: { task: 'classification', classes, seed, ...SHAPE },
  });
  return loadForest(bytes);
}

/** Mean logarithm of the share that the kinds that came were given, each failure counting once. */
function chanceOfTruth({ rows, data, classOf }: KindMaterial, picked: Int32Array, model: KindModel): number {
  const weights = togetherOne(picked, rows);
  const columns = data.features.length / data.count;
  let [sum, weight] = [0, 0];
  for (const [at, i] of picked.entries()) {
    const { kind } = model.shares[classOf(i)]!;
    const said = kindsAt(model, data.features.subarray(i * columns, (i + 1) * columns));
    sum += weights[at]! * Math.log(said.find((one) => one.kind === kind)!.share);
    weight += weights[at]!;
  }
  return sum / weight;
}

/** Weights by which the rows of each failure come to one. */
function togetherOne(picked: Int32Array, rows: TrainingRows): Float64Array {
  const alike = new Map<string, number>();
  for (const i of picked) alike.set(failureOf(rows, i), (alike.get(failureOf(rows, i)) ?? 0) + 1);
  return Float64Array.from(picked, (i) => 1 / alike.get(failureOf(rows, i))!);
}

/** Kinds at a row, given what members read of it: shares add up to 1, by falling share. */
export function kindsAt({ shares, forest }: KindModel, features: Float32Array): readonly KindShare[] {
  if (forest === null) return shares;
  const said = forest.predictRow(features, new Float64Array(forest.outputs));
  const told = shares.slice(0, said.length).reduce((sum, { share }) => sum + share, 0);
  const mixed = (p: number, share: number): number => (1 - LEFT_TO_SHARES) * told * p + LEFT_TO_SHARES * share;
  return shares
    .map(({ kind, share }, i) => ({ kind, share: i < said.length ? mixed(said[i]!, share) : share }))
    .sort((a, b) => b.share - a.share || (a.kind < b.kind ? -1 : 1));
}
