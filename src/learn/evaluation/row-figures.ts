import { fallingOrder } from '../../ml/ranking-metrics.ts';
import { createRandom } from '../../ml/random.ts';
import type { JudgedRows } from './scored.ts';

/** A figure with its 95 % interval; null where the rows do not give it (no failure, or nothing but failures). */
export interface Figure {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface RowFigures {
  readonly auprc: Figure | null;
  readonly brier: Figure | null;
  /** Share of the squared error that is saved of a constant that knew how many of these very rows were followed by a failure. */
  readonly brierSkill: Figure | null;
  readonly expectedOverObserved: Figure | null;
  /** The same in the tenth of the rows with the highest probabilities. */
  readonly riskiestTenth: Figure | null;
}

/** Resamples where rows are few, and the most rows that are gone through in all resamples together. */
const RESAMPLES = 400;
const FEWEST_RESAMPLES = 100;
const MOST_ROW_VISITS = 3e8;
const CONFIDENCE = 0.95;

/** Sums of one cluster, enough for every figure but the area. */
interface ClusterSums {
  readonly rows: Float64Array;
  readonly positives: Float64Array;
  readonly expected: Float64Array;
  readonly squares: Float64Array;
  readonly topExpected: Float64Array;
  readonly topPositives: Float64Array;
}

/** Rows in falling order of probability; the last of each group of equal ones is marked. */
export interface Ranked {
  readonly label: Uint8Array;
  readonly cluster: Int32Array;
  readonly ends: Uint8Array;
}

export function rank(rows: Pick<JudgedRows, 'label' | 'cluster'>, chance: Float64Array): Ranked {
  const order = fallingOrder(chance);
  const label = new Uint8Array(order.length);
  const cluster = new Int32Array(order.length);
  const ends = new Uint8Array(order.length);
  for (let i = 0; i < order.length; i++) {
    label[i] = rows.label[order[i]!]!;
    cluster[i] = rows.cluster[order[i]!]!;
    ends[i] = i + 1 === order.length || chance[order[i + 1]!] !== chance[order[i]!] ? 1 : 0;
  }
  return { label, cluster, ends };
}

/** Average precision where each cluster counts `weights[cluster]` times; NaN without a positive. */
export function weightedPrecision({ label, cluster, ends }: Ranked, weights: ArrayLike<number>): number {
  let right = 0;
  let all = 0;
  let counted = 0;
  let area = 0;
  for (let i = 0; i < label.length; i++) {
    const weight = weights[cluster[i]!]!;
    all += weight;
    right += weight * label[i]!;
    if (ends[i] === 1 && right > counted) {
      area += ((right - counted) * right) / all;
      counted = right;
    }
  }
  return area / right;
}

/** Calls `visit` with weights of the clusters: first once each, then as drawn again, the same every time. */
export function resample(
  rows: { count: number; clusters: number },
  seed: number,
  visit: (weights: Uint16Array) => void,
): void {
  const random = createRandom(seed);
  const resamples = Math.max(
    FEWEST_RESAMPLES,
    Math.min(RESAMPLES, Math.floor(MOST_ROW_VISITS / Math.max(1, rows.count))),
  );
  const weights = new Uint16Array(rows.clusters).fill(1);
  visit(weights);
  for (let sample = 0; sample < resamples; sample++) {
    weights.fill(0);
    for (let i = 0; i < rows.clusters; i++) weights[random.int(rows.clusters)]! += 1;
    visit(weights);
  }
}

/** All figures of one horizon. */
export function rowFigures(rows: JudgedRows, seed: number): RowFigures {
  const ranked = rank(rows, rows.chance);
  const sums = clusterSums(rows, ranked);
  const drawn = {
    auprc: [] as number[],
    brier: [] as number[],
    skill: [] as number[],
    ratio: [] as number[],
    top: [] as number[],
  };
  resample(rows, seed, (weights) => {
    const total = totalOf(sums, weights);
    const share = total.positives / total.rows;
    drawn.auprc.push(weightedPrecision(ranked, weights));
    drawn.brier.push(total.squares / total.rows);
    drawn.skill.push(1 - total.squares / (total.rows * share * (1 - share)));
    drawn.ratio.push(total.expected / total.positives);
    drawn.top.push(total.topExpected / total.topPositives);
  });
  return {
    auprc: figureOf(drawn.auprc),
    brier: figureOf(drawn.brier),
    brierSkill: figureOf(drawn.skill),
    expectedOverObserved: figureOf(drawn.ratio),
    riskiestTenth: figureOf(drawn.top),
  };
}

/** The first value, with the interval of the others. */
export function figureOf(drawn: readonly number[]): Figure | null {
  const value = drawn[0]!;
  if (!Number.isFinite(value)) return null;
  const sorted = Float64Array.from(drawn.slice(1).filter(Number.isFinite)).sort();
  if (sorted.length < drawn.length / 2) return { value, low: value, high: value };
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  const tail = (1 - CONFIDENCE) / 2;
  // A resample has less variety than the rows themselves; the value still belongs into its interval.
  return { value, low: Math.min(value, at(tail)), high: Math.max(value, at(1 - tail)) };
}

function clusterSums(rows: JudgedRows, ranked: Ranked): ClusterSums {
  const make = (): Float64Array => new Float64Array(rows.clusters);
  const sums = {
    rows: make(),
    positives: make(),
    expected: make(),
    squares: make(),
    topExpected: make(),
    topPositives: make(),
  };
  for (let i = 0; i < rows.count; i++) {
    const cluster = rows.cluster[i]!;
    sums.rows[cluster]! += 1;
    sums.positives[cluster]! += rows.label[i]!;
    sums.expected[cluster]! += rows.chance[i]!;
    sums.squares[cluster]! += (rows.chance[i]! - rows.label[i]!) ** 2;
  }
  const top = Math.max(1, Math.round(rows.count / 10));
  const falling = rows.chance.slice().sort();
  for (let i = 0; i < Math.min(top, rows.count); i++) {
    const cluster = ranked.cluster[i]!;
    sums.topExpected[cluster]! += falling[rows.count - 1 - i]!;
    sums.topPositives[cluster]! += ranked.label[i]!;
  }
  return sums;
}

type Total = { -readonly [Key in keyof ClusterSums]: number };

function totalOf(sums: ClusterSums, weights: Uint16Array): Total {
  const total: Total = { rows: 0, positives: 0, expected: 0, squares: 0, topExpected: 0, topPositives: 0 };
  for (let cluster = 0; cluster < weights.length; cluster++) {
    const weight = weights[cluster]!;
    if (weight === 0) continue;
    total.rows += weight * sums.rows[cluster]!;
    total.positives += weight * sums.positives[cluster]!;
    total.expected += weight * sums.expected[cluster]!;
    total.squares += weight * sums.squares[cluster]!;
    total.topExpected += weight * sums.topExpected[cluster]!;
    total.topPositives += weight * sums.topPositives[cluster]!;
  }
  return total;
}
