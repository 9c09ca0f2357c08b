import { fitLogistic } from '../../ml/logistic-newton.ts';

/**
 * How likely a failure is by how far a row lies in the direction of each kind: a curve of log odds over the kind's fused signal, and of
 * those the largest. From where on such a signal means a failure, trees would have to learn for each kind anew, of a dozen failures; on
 * this one scale all kinds teach them together.
 */
export interface KindRisks {
  /** Places of the kinds' directions among the fused signals. */
  readonly of: Int32Array;
  /** Kinds × (bends + 1), rising: where each curve bends, and where it ends. */
  readonly bends: Float64Array;
  /** Kinds × (bends + 2): log odds at 0, the slope there, and how much steeper it gets at each bend. */
  readonly curves: Float64Array;
}

/** Rows to learn curves from. */
export interface RiskRows {
  /** rows × columns as they are fused; NaN where missing. */
  readonly values: Float64Array;
  readonly columns: number;
  /** Number of the kind of failure that follows soon, -1 where none does. */
  readonly kind: Int32Array;
  /** What each row stands for: with fewer rows of those that do not fail, kinds with and without lookalikes would seem alike. */
  readonly weight: Float64Array;
}

/** Fused signals, sums × columns, and for each the number of the kind whose direction it is, -1 for the others. */
export interface Directions {
  readonly fusing: Float64Array;
  readonly kinds: Int32Array;
}

/** Curves bend where these shares of the rows before a failure of the kind lie below. */
const BENDS = [0.3, 0.6, 0.85] as const;
/** And are level beyond this one: further out next to nothing was seen. */
const END = 0.95;
const RIDGE = 1;
/** Fewer rows before failures of a kind say nothing of where its curve bends. */
const LEAST_ROWS = 10;

const [ENDS, TERMS] = [BENDS.length + 1, BENDS.length + 2];

/**
 * Learns the curves: logistic regressions, linear between bends. Null with fewer than two kinds, as one direction needs no common scale.
 * O(kinds × rows × (columns + steps of Newton's method)).
 */
export function fitKindRisks({ fusing, kinds }: Directions, rows: RiskRows): KindRisks | null {
  const count = rows.kind.length;
  const total = rows.weight.reduce((sum, x) => sum + x, 0);
  const weights = rows.weight.map((x) => (x * count) / total);
  const found = [...kinds.keys()].flatMap((f) => {
    const failing = Float64Array.from(rows.kind, (kind) => Number(kinds[f]! >= 0 && kind === kinds[f]));
    const curve = curveOf(scoresOf(fusing.subarray(f * rows.columns, (f + 1) * rows.columns), rows), failing, weights);
    return curve === null ? [] : [{ f, ...curve }];
  });
  if (found.length < 2) return null;
  return {
    of: Int32Array.from(found, ({ f }) => f),
    bends: Float64Array.from(found.flatMap(({ bends }) => bends)),
    curves: Float64Array.from(found.flatMap(({ terms }) => terms)),
  };
}

/** A weighted sum of the columns of each row; what is missing counts as usual. */
function scoresOf(weights: Float64Array, { values, columns, kind }: RiskRows): Float64Array {
  const scores = new Float64Array(kind.length);
  for (let i = 0; i < scores.length; i++) {
    for (let c = 0; c < columns; c++) {
      const x = values[i * columns + c]!;
      if (x === x) scores[i]! += weights[c]! * x;
    }
  }
  return scores;
}

/** Null with too few rows before a failure. */
function curveOf(scores: Float64Array, failing: Float64Array, weights: Float64Array) {
  const own = scores.filter((_, i) => failing[i] === 1).sort();
  if (own.length < LEAST_ROWS) return null;
  const bends = [...BENDS, END].map((share) => own[Math.floor(share * own.length)]!);
  const kept = scores.map((x) => Math.min(bends[BENDS.length]!, x));
  const beyond = bends.slice(0, BENDS.length).map((bend) => kept.map((x) => Math.max(0, x - bend)));
  const fit = fitLogistic([kept, ...beyond], failing, RIDGE, weights);
  return { bends, terms: [fit.intercept, ...fit.weights] };
}

/** The curve of one kind, by its place among those with one. */
function curveAt({ bends, curves }: KindRisks, k: number): Curve {
  return { bends: bends.subarray(k * ENDS, (k + 1) * ENDS), terms: curves.subarray(k * TERMS, (k + 1) * TERMS) };
}

interface Curve {
  readonly bends: Float64Array;
  readonly terms: Float64Array;
}

/** Log odds at a value of the kind's signal; NaN where that is. */
function oddsAt({ bends, terms }: Curve, signal: number): number {
  const last = bends[BENDS.length]!;
  const x = signal > last ? last : signal;
  let z = terms[0]! + terms[1]! * x;
  for (let b = 0; b < BENDS.length && x > bends[b]!; b++) z += terms[2 + b]! * (x - bends[b]!);
  return z;
}

/** Which fused signal says most, by its place: the one whose kind has the largest odds; -1 where all are missing. */
export function likeliestOf(risks: KindRisks, signal: (fused: number) => number): number {
  let [best, most] = [-1, -Infinity];
  risks.of.forEach((f, k) => {
    const z = oddsAt(curveAt(risks, k), signal(f));
    if (z > most) [best, most] = [f, z];
  });
  return best;
}

/** Where fused signals stand, all rows of one together: the first, and where the risk goes. */
interface Target {
  readonly values: Float64Array;
  readonly rows: number;
  readonly fused: number;
  readonly to: number;
}

/** Writes the largest of the log odds at each row; NaN where all are missing. O(rows × kinds). */
export function fillKindRisk(risks: KindRisks, { values, rows, fused, to }: Target): void {
  values.fill(Number.NaN, to * rows, (to + 1) * rows);
  for (let k = 0; k < risks.of.length; k++) {
    const curve = curveAt(risks, k);
    // Most rows stand before the first bend.
    const bend = curve.bends[0]!;
    const [base, slope] = [curve.terms[0]!, curve.terms[1]!];
    for (let from = (fused + risks.of[k]!) * rows, at = to * rows, end = at + rows; at < end; from++, at++) {
      const x = values[from]!;
      const z = x <= bend ? base + slope * x : oddsAt(curve, x);
      const most = values[at]!;
      if (z > most || (most !== most && z === z)) values[at] = z;
    }
  }
}
