import { loadGradientBoosting } from '../../ml/gradient-boosting.ts';
import { loadHazardBoosting } from '../../ml/hazard-boosting.ts';
import { hazardTargets } from '../../ml/neural-losses.ts';
import { loadLstm } from '../../ml/neural-lstm.ts';
import { createRandom } from '../../ml/random.ts';
import type { TrainingResult, TrainingTask } from '../../ml/training-tasks.ts';
import type { Intervals } from './intervals.ts';
import { hazardRows, knownPosition } from './targets.ts';
import { isWide, type MemberRows, takeRows, type Team } from './members.ts';
import { STEPS } from './row-builder.ts';
import type { TrainingRows } from './training-rows.ts';

/** Runs one training: on this thread or in a pool. */
export type RunTraining = (task: TrainingTask) => Promise<TrainingResult>;

/** Sequences that one network learns from, or this share of the rows where that is more; with the epochs this bounds its time. */
const LSTM_ROWS = 12_000;
const LSTM_SHARE = 0.25;

/** How boosted hazards are grown. */
export type HazardShape = {
  readonly maxLeaves: number;
  readonly minChildWeight: number;
  readonly columnSample: number;
  readonly learningRate: number;
};

/** The fixed configuration; a search may find a better one for a fleet. */
export const FIXED_SHAPE: HazardShape = { maxLeaves: 12, minChildWeight: 10, columnSample: 0.4, learningRate: 0.11 };

/**
 * Least curvature of a row of hazards, near the largest that there is (1/4): where one row in a thousand is followed by a failure, the
 * true one lets a few rows throw a leaf far, and keeps hundreds of rows of one rare kind from a leaf of their own.
 */
const LEAST_HESSIAN = 0.2;
/** Rows of one failure are alike: with more rows, and as many failures, leaves hold more of them, up to five times as many. */
const ROWS_A_LEAF = 20_000;
const MOST_GROWN = 5;

export interface TeamLesson {
  readonly rows: TrainingRows;
  /** Of all rows of `rows`. */
  readonly data: MemberRows;
  /** Rows to learn from. */
  readonly picked: Int32Array;
  readonly intervals: Intervals;
  readonly seed: number;
  /** 1 for the usual work, less for a smaller budget. */
  readonly effort: number;
  readonly shape: HazardShape;
}

/** Trains one team; its members are independent and may be trained side by side. */
export async function trainTeam(lesson: TeamLesson, run: RunTraining): Promise<Team> {
  const [life, hazard, lstm] = await Promise.all([
    run(lifeTask(lesson)),
    run(hazardTask(lesson)),
    lesson.data.sequences === null ? null : run(lstmTask(lesson)),
  ]);
  return {
    life: loadGradientBoosting(life.bytes),
    hazard: loadHazardBoosting(hazard.bytes),
    lstm: lstm === null ? null : loadLstm(lstm.bytes),
  };
}

function featureMatrix({ data }: TeamLesson, picked: Int32Array) {
  return {
    data: takeRows(data.features, data.count, picked),
    rows: picked.length,
    columns: data.features.length / data.count,
  };
}

function lifeTask(lesson: TeamLesson): TrainingTask {
  const { rows, intervals, seed } = lesson;
  const picked = lesson.picked.filter((i) => Number.isFinite(knownPosition(rows, i, intervals)));
  return {
    kind: 'gradient-boosting',
    data: {
      matrix: featureMatrix(lesson, picked),
      target: Float64Array.from(picked, (i) => knownPosition(rows, i, intervals)),
      weights: Float64Array.from(picked, (i) => rows.lean[i]!),
    },
    options: {
      objective: 'squared',
      seed,
      trees: 250,
      learningRate: 0.05,
      maxLeaves: 16,
      minChildWeight: 40,
      columnSample: 0.3,
      rowSample: 0.5,
      maxBins: 127,
    },
  };
}

export function hazardTask(lesson: TeamLesson): TrainingTask {
  const { rows, intervals, picked, seed, shape } = lesson;
  const { ends, ...targets } = hazardRows(rows, picked, intervals);
  return {
    kind: 'hazard-boosting',
    data: { matrix: featureMatrix(lesson, picked), ...targets },
    options: {
      intervals: ends.length,
      seed,
      trees: 70,
      ...shape,
      rowSample: 0.5,
      maxBins: 127,
      ...(isWide(intervals) && rareShape(shape, picked.length)),
    },
  };
}

/** Over minutes to weeks failures are rare, and what tells of them stands at the ends of the columns. */
const rareShape = ({ minChildWeight }: HazardShape, rows: number) => ({
  trees: 100,
  minChildWeight: minChildWeight * Math.max(1, Math.min(MOST_GROWN, rows / ROWS_A_LEAF)),
  leastHessian: LEAST_HESSIAN,
  fineTails: true,
  maxBins: 255,
});

function lstmTask(lesson: TeamLesson): TrainingTask {
  const { rows, data, intervals, seed, effort } = lesson;
  const most = Math.max(500, Math.round(Math.max(LSTM_ROWS, LSTM_SHARE * lesson.picked.length) * effort));
  const random = createRandom(seed).fork('sequences');
  const drawn = random.shuffle(lesson.picked.slice()).subarray(0, most);
  // A random order, so that the last share, which judges when to stop, is like the others.
  const sequences = takeRows(data.sequences!, data.count, drawn);
  const times = Float64Array.from(drawn, (i) => rows.time[i]!);
  const failed = Uint8Array.from(drawn, (i) => rows.failed[i]!);
  const targets = hazardTargets(times, failed, [...intervals.edges]);
  return {
    kind: 'lstm',
    data: {
      sequences: { data: sequences, rows: drawn.length, columns: sequences.length / drawn.length },
      targets: { data: targets, rows: drawn.length, columns: intervals.edges.length },
    },
    options: {
      features: sequences.length / drawn.length / STEPS,
      units: [32],
      hidden: [16],
      loss: { kind: 'hazard' },
      seed,
      epochs: 16,
      batchSize: 64,
      learningRate: 3e-3,
      dropout: 0.1,
      validationShare: 0,
      rowWeights: Float64Array.from(drawn, (i) => rows.lean[i]!),
    },
  };
}
