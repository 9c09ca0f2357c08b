import { fitGradientBoosting } from '../../ml/gradient-boosting.ts';
import { fitHazardBoosting } from '../../ml/hazard-boosting.ts';
import { countKinds, kindOf } from './failure-kinds.ts';
import type { FeatureLesson } from './feature-lesson.ts';
import { createFeatureReader, type FeatureModel } from './features.ts';
import { isWide } from './members.ts';
import { widthOf } from './signals.ts';
import { hazardRows, knownPosition } from './targets.ts';
import type { TrainingRows } from './training-rows.ts';

/** Rows and cells on which features are chosen. */
const CHOICE_ROWS = 8000;
const CHOICE_CELLS = 24_000_000;
/** Features kept: beyond a hundred, what is added is noise. */
const MOST_FEATURES = 96;
/** Over minutes to weeks so many are kept for all failures together, */
const GENERAL_FEATURES = 48;
/** and so many for each of the most frequent kinds: what tells of a rare kind hardly counts among all failures. */
const KIND_FEATURES = 12;
const MOST_KINDS = 12;
/** Fewer failures of a kind say nothing of what tells of it. */
const LEAST_FAILURES = 5;
/** The horizon within which a kind is told apart, by its place: hours. */
const NEAR_HORIZON = 2;

export interface LearntFeatures {
  readonly model: FeatureModel;
  /** How much boosting gained by each feature of the model. */
  readonly gain: Float64Array;
  /** The same by signal, over all features that were tried. */
  readonly signalGain: Float64Array;
}

/** Rows on which features are chosen, with every feature of each. */
interface Tried {
  readonly lesson: FeatureLesson;
  readonly picked: Int32Array;
  readonly matrix: { readonly data: Float32Array; readonly rows: number; readonly columns: number };
}

/**
 * Keeps the features that small boostings gain most by: one of the time to failure, or of hazards where horizons span minutes to weeks, and
 * there one more for each kind of failure.
 */
export function chooseFeatures(model: FeatureModel, lesson: FeatureLesson): LearntFeatures {
  const wide = isWide(lesson.intervals);
  const signalGain = new Float64Array(widthOf(model.signals));
  const picked = pickRows(model, lesson, wide);
  if (picked.length === 0) {
    const specs = model.specs.slice(0, MOST_FEATURES);
    return { model: { ...model, specs }, gain: new Float64Array(specs.length), signalGain };
  }
  const data = featuresOf(model, lesson, picked);
  const tried = { lesson, picked, matrix: { data, rows: picked.length, columns: model.specs.length } };
  const gain = wide ? gainByHazards(tried) : gainByPosition(tried);
  const kept = new Set(largest(gain, wide ? GENERAL_FEATURES : MOST_FEATURES));
  const byKind = wide ? gainsByKind(tried) : [];
  for (const own of byKind) for (const f of largest(own, KIND_FEATURES)) kept.add(f);
  // What tells of one kind counts as much as that kind does.
  for (const f of kept) for (const own of byKind) gain[f]! += own[f]! / byKind.length;
  const places = kept.size > 0 ? [...kept].sort((a, b) => a - b) : [0];
  for (const [f, spec] of model.specs.entries()) if (spec.of !== 'trait') signalGain[spec.signal]! += gain[f]!;
  const specs = places.map((f) => model.specs[f]!);
  return { model: { ...model, specs }, gain: Float64Array.from(places, (f) => gain[f]!), signalGain };
}

/** Places of the largest gains, largest first. */
const largest = (gain: Float64Array, most: number): number[] =>
  [...gain.keys()]
    .filter((f) => gain[f]! > 0)
    .sort((a, b) => gain[b]! - gain[a]! || a - b)
    .slice(0, most);

function pickRows(model: FeatureModel, { rows, intervals }: FeatureLesson, wide: boolean): Int32Array {
  const of = Array.from({ length: rows.count }, (_, i) => i);
  const known = wide ? of : of.filter((i) => Number.isFinite(knownPosition(rows, i, intervals)));
  return evenly(known.length, Math.min(CHOICE_ROWS, Math.floor(CHOICE_CELLS / model.specs.length))).map(
    (i) => known[i]!,
  );
}

/** Places of at most so many out of a count, at even distances. */
export function evenly(count: number, most: number): Int32Array {
  const length = Math.min(count, most);
  return Int32Array.from({ length }, (_, i) => Math.floor((i * count) / length));
}

const SHAPE = {
  trees: 60,
  learningRate: 0.15,
  maxLeaves: 16,
  minChildWeight: 20,
  columnSample: 0.3,
  rowSample: 0.7,
  maxBins: 63,
} as const;

function gainByPosition({ lesson, picked, matrix }: Tried): Float64Array {
  const { rows, intervals, seed } = lesson;
  const target = Float64Array.from(picked, (i) => knownPosition(rows, i, intervals));
  const weights = leanOf(rows, picked);
  return fitGradientBoosting({ matrix, target, weights }, { objective: 'squared', seed, ...SHAPE }).importance;
}

const leanOf = (rows: TrainingRows, picked: Int32Array): Float64Array =>
  Float64Array.from(picked, (i) => rows.lean[i]!);

/** Failures are rare there: see `rareShape`. */
const RARE = { leastHessian: 0.2, fineTails: true, maxLeaves: 12, maxBins: 255 } as const;

function gainByHazards({ lesson, picked, matrix }: Tried): Float64Array {
  const { ends, ...targets } = hazardRows(lesson.rows, picked, lesson.intervals);
  const options = { intervals: ends.length, seed: lesson.seed, ...SHAPE, ...RARE };
  return fitHazardBoosting({ matrix, ...targets }, options).importance.slice(0, matrix.columns);
}

/** Gains of telling rows before a failure of one kind from all others, kind by kind. */
function gainsByKind({ lesson, picked, matrix }: Tried): Float64Array[] {
  const { rows, intervals, seed } = lesson;
  const near = intervals.edges[intervals.atHorizon[Math.min(NEAR_HORIZON, intervals.atHorizon.length - 1)]!]!;
  const kinds = Array.from(picked, (i) => kindOf(lesson, i));
  const weights = leanOf(rows, picked);
  return frequentKinds(lesson, picked).map((kind) => {
    const target = Float64Array.from(picked, (i, at) => (kinds[at] === kind && rows.time[i]! <= near ? 1 : 0));
    const options = { objective: 'logistic', seed, ...SHAPE, ...KIND_SHAPE } as const;
    return fitGradientBoosting({ matrix, target, weights }, options).importance;
  });
}

const KIND_SHAPE = { trees: 25, learningRate: 0.2, maxLeaves: 8, minChildWeight: 4, leastHessian: 0.1 } as const;

/** Kinds with enough failures, most frequent first; none where they are not told apart. */
function frequentKinds(lesson: FeatureLesson, picked: Int32Array): readonly string[] {
  const counts = countKinds(lesson, picked);
  if (counts.length < 2) return [];
  return counts
    .filter(({ count }) => count >= LEAST_FAILURES)
    .slice(0, MOST_KINDS)
    .map(({ kind }) => kind);
}

/** Features of training rows, row-major. */
export function featuresOf(
  model: FeatureModel,
  { fleet, rows }: Pick<FeatureLesson, 'fleet' | 'rows'>,
  picked: Int32Array,
): Float32Array {
  const width = model.specs.length;
  const data = new Float32Array(picked.length * width);
  const reader = createFeatureReader(model, fleet.columns);
  for (let from = 0; from < picked.length;) {
    const entity = rows.entity[picked[from]!]!;
    let to = from;
    while (to < picked.length && rows.entity[picked[to]!] === entity) to++;
    const own = Int32Array.from(picked.subarray(from, to), (i) => rows.row[i]!);
    reader.read({ history: fleet.entities[entity]!, rows: own }, data, from * width);
    from = to;
  }
  return data;
}
