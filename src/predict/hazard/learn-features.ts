import { fitGradientBoosting } from '../../ml/gradient-boosting.ts';
import { fitOperatingRegimes, type OperatingRegimes } from '../../ml/operating-regimes.ts';
import type { EntityHistory, FleetHistory, PredictorOptions } from '../../model/predictor.ts';
import { allSpecs, createFeatureReader, type FeatureModel, type FeatureSpec, windowsOf } from './features.ts';
import { fitFusing } from './fused-signals.ts';
import { type Intervals, positionOf } from './intervals.ts';
import { type SignalModel, signalsOf, usualStep } from './signals.ts';
import { eachEntity, type TrainingRows } from './training-rows.ts';
import { type TraitScale, traitsOf } from './traits.ts';
import { createStatistics, windowStatistics } from './window-statistics.ts';

/** Rows that scales and regimes are learnt from, at even strides over all. */
const SCALE_ROWS = 60_000;
/** Rows that fused signals are learnt from. */
const FUSING_ROWS = 12_000;
/** Rows and cells on which features are chosen. */
const CHOICE_ROWS = 8000;
const CHOICE_CELLS = 24_000_000;
/** Features kept: beyond a hundred, what is added is noise. */
const MOST_FEATURES = 96;
/** Length of the mean that fused signals are learnt on, in steps. */
const SMOOTH_STEPS = 15;
/** The first part of an entity's rows, in which it counts as young. */
const YOUNG_SHARE = 0.3;

/** Entities begin together when half of them do within this part of all time. */
const TOGETHER = 0.1;

export interface FeatureLesson {
  readonly fleet: FleetHistory;
  readonly rows: TrainingRows;
  readonly intervals: Intervals;
  readonly unitMs: number | null;
  readonly asked: PredictorOptions['asked'];
  readonly seed: number;
}

export interface LearntFeatures {
  readonly model: FeatureModel;
  /** How much boosting gained by each feature of the model. */
  readonly gain: Float64Array;
  /** The same by signal, over all features that were tried. */
  readonly signalGain: Float64Array;
}

/** Learns how rows become features: scales and regimes, fused signals, and which features to keep. */
export function learnFeatures(lesson: FeatureLesson): LearntFeatures {
  const { fleet, intervals, unitMs } = lesson;
  const step = usualStep(fleet.entities);
  const scale: TraitScale = { cap: intervals.cap, step, unitMs };
  const signals = learnSignals(lesson, step);
  const windows = windowsOf(scale);
  const all = allSpecs(signals.used.length + signals.fused, traitsOf(fleet.entities, scale), scale);
  const specs =
    lesson.asked === 'later' && beginTogether(fleet.entities) ? all.filter((spec) => !isOfStart(spec)) : all;
  return choose({ signals, windows, scale, specs }, lesson);
}

/**
 * Whether most entities are watched from the same time on. Then their age is the calendar, and every later row has one that nobody has
 * seen; and what an entity was like at its start is its name: trees learn by it who failed when.
 */
function beginTogether(entities: readonly EntityHistory[]): boolean {
  const starts = entities.flatMap(({ times }) => (times.length > 0 ? [times[0]!] : [])).sort((a, b) => a - b);
  const end = entities.reduce((most, { times }) => Math.max(most, times.at(-1) ?? -Infinity), -Infinity);
  const first = starts[0] ?? Number.NaN;
  return starts[starts.length >> 1]! - first <= TOGETHER * (end - first);
}

const isOfStart = (spec: FeatureSpec): boolean =>
  spec.of === 'trait'
    ? spec.trait.kind === 'age'
    : spec.of === 'start' && spec.statistic !== 'last' && spec.statistic !== 'from-mean';

function learnSignals(lesson: FeatureLesson, step: number): SignalModel {
  const { fleet } = lesson;
  const regimes = learnRegimes(fleet);
  const used = Int32Array.from(fleet.columns.keys()).filter((column) => moves(regimes, column));
  const plain = { columns: fleet.columns, regimes, used, fusing: new Float64Array(0), fused: 0, step };
  if (used.length < 2) return plain;
  const fusing = learnFusing(plain, lesson);
  return { ...plain, fusing, fused: fusing.length / used.length };
}

/** True where a column is not constant in every regime. */
function moves({ scale, columns }: OperatingRegimes, column: number): boolean {
  for (let at = column; at < scale.length; at += columns) if (scale[at]! > 0) return true;
  return false;
}

function learnRegimes({ columns, entities }: FleetHistory): OperatingRegimes {
  const width = columns.length;
  const total = entities.reduce((sum, { times }) => sum + times.length, 0);
  const stride = Math.max(1, Math.ceil(total / SCALE_ROWS));
  const starts = [0];
  const taken: [EntityHistory, number][] = [];
  for (const history of entities) {
    for (let row = 0; row < history.times.length; row += stride) taken.push([history, row]);
    if (taken.length > starts.at(-1)!) starts.push(taken.length);
  }
  const data = new Float64Array(taken.length * width);
  taken.forEach(([{ values }, row], i) => data.set(values.subarray(row * width, (row + 1) * width), i * width));
  return fitOperatingRegimes({ matrix: { data, rows: taken.length, columns: width }, starts });
}

/** Smoothed scaled columns of training rows, and what came after them. */
function learnFusing(model: SignalModel, { fleet, rows, intervals }: FeatureLesson): Float64Array {
  const columns = model.used.length;
  const picked = evenly(rows.count, FUSING_ROWS);
  const values = new Float64Array(picked.length * columns);
  const position = new Float64Array(picked.length);
  const healthy = new Uint8Array(picked.length);
  const statistics = createStatistics(columns);
  const every = { all: new Int32Array(0), means: Int32Array.from({ length: columns }, (_, s) => s) };
  const places = Int32Array.from(fleet.columns.keys());
  let i = 0;
  eachEntity(rows, (entity, from, to) => {
    const history = fleet.entities[entity]!;
    const end = picked[i] === undefined || picked[i]! >= to ? 0 : rows.row[to - 1]! + 1;
    const signals = signalsOf(model, history, { places, rows: end });
    for (; i < picked.length && picked[i]! < to; i++) {
      const at = picked[i]!;
      const row = rows.row[at]!;
      windowStatistics(signals, { row, length: SMOOTH_STEPS * model.step, step: model.step }, statistics, every);
      values.set(statistics.mean, i * columns);
      position[i] = knownPosition(rows, at, intervals);
      healthy[i] = rows.time[at]! > intervals.cap && row < YOUNG_SHARE * history.times.length ? 1 : 0;
    }
    void from;
  });
  return fitFusing({ values, columns, position, cap: positionOf(intervals, intervals.cap), healthy });
}

/** Position of what came after a row, capped where the largest horizon ends; NaN where it was censored before. */
export function knownPosition(rows: TrainingRows, at: number, intervals: Intervals): number {
  const time = rows.time[at]!;
  if (time >= intervals.cap) return positionOf(intervals, intervals.cap);
  return rows.failed[at] === 1 ? positionOf(intervals, time) : Number.NaN;
}

function evenly(count: number, most: number): Int32Array {
  const length = Math.min(count, most);
  return Int32Array.from({ length }, (_, i) => Math.floor((i * count) / length));
}

/** Keeps the features that a small boosting of the time to failure gains most by. */
function choose(model: FeatureModel, lesson: FeatureLesson): LearntFeatures {
  const signalGain = new Float64Array(model.signals.used.length + model.signals.fused);
  const { rows, intervals, seed } = lesson;
  const known = Int32Array.from(
    Array.from({ length: rows.count }, (_, i) => i).filter((i) => Number.isFinite(knownPosition(rows, i, intervals))),
  );
  const picked = evenly(known.length, Math.min(CHOICE_ROWS, Math.floor(CHOICE_CELLS / model.specs.length))).map(
    (i) => known[i]!,
  );
  if (picked.length === 0) {
    const specs = model.specs.slice(0, MOST_FEATURES);
    return { model: { ...model, specs }, gain: new Float64Array(specs.length), signalGain };
  }
  const data = featuresOf(model, lesson, picked);
  const boosting = fitGradientBoosting(
    {
      matrix: { data, rows: picked.length, columns: model.specs.length },
      target: Float64Array.from(picked, (i) => knownPosition(rows, i, intervals)),
      weights: Float64Array.from(picked, (i) => rows.lean[i]!),
    },
    {
      objective: 'squared',
      seed,
      trees: 60,
      learningRate: 0.15,
      maxLeaves: 16,
      minChildWeight: 20,
      columnSample: 0.3,
      rowSample: 0.7,
      maxBins: 63,
    },
  );
  const gain = boosting.importance;
  const order = [...model.specs.keys()].filter((f) => gain[f]! > 0).sort((a, b) => gain[b]! - gain[a]! || a - b);
  const kept = order.length > 0 ? order.slice(0, MOST_FEATURES).sort((a, b) => a - b) : [0];
  for (const [f, spec] of model.specs.entries()) if (spec.of !== 'trait') signalGain[spec.signal]! += gain[f]!;
  const specs: FeatureSpec[] = kept.map((f) => model.specs[f]!);
  return { model: { ...model, specs }, gain: Float64Array.from(kept, (f) => gain[f]!), signalGain };
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
