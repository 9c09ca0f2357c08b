import { fitExtraTrees } from './extra-trees.ts';
import { fitGradientBoosting } from './gradient-boosting.ts';
import { fitHazardBoosting } from './hazard-boosting.ts';
import { fitIsolationForest } from './isolation-forest.ts';
import type { Matrix } from './matrix.ts';
import { MlError } from './ml-error.ts';
import { loadAutoencoder } from './neural-autoencoder.ts';
import { type AutoencoderOptions, fitAutoencoder } from './neural-autoencoder-training.ts';
import { loadLstm } from './neural-lstm.ts';
import { type LstmOptions, fitLstm } from './neural-lstm-training.ts';
import type { TrainingHistory, TrainingProgress } from './neural-training.ts';
import { fitOneClassSvm } from './one-class-svm.ts';
import { fitRandomFeatureSvm } from './random-features.ts';
import { fitRandomForest } from './random-forest.ts';
import { fitSequenceModel } from './sequence-model.ts';

/** What has been done so far. */
export type TaskProgress = {
  /** Epochs, trees or rounds. */
  readonly done: number;
  readonly validationLoss?: number;
};

type Report = (progress: TaskProgress) => void;

/** A model as bytes for its loader; `history` where training has one. */
export type TrainingResult = { readonly bytes: Uint8Array; readonly history?: TrainingHistory };

/** Options without what does not cross threads: functions, signals and models. */
type Portable<T> = Omit<T, 'signal' | 'onProgress' | 'onTree' | 'onRound' | 'from'>;
type Continued<T> = Portable<T> & {
  /** The model to continue from, as its `toBytes`. */
  readonly from?: Uint8Array;
};

/** Every algorithm by the name of its task: rows and options of plain data in, bytes out. */
const TASKS = {
  'isolation-forest': encoded(fitIsolationForest, () => ({})),
  'one-class-svm': encoded(fitOneClassSvm, () => ({})),
  'random-feature-svm': encoded(fitRandomFeatureSvm, () => ({})),
  'random-forest': encoded(fitRandomForest, perTree),
  'extra-trees': encoded(fitExtraTrees, perTree),
  'gradient-boosting': encoded(fitGradientBoosting, perRound),
  'hazard-boosting': encoded(fitHazardBoosting, perRound),
  sequence: encoded(fitSequenceModel, () => ({})),
  autoencoder: (matrix: Matrix, options: Continued<AutoencoderOptions>, report: Report): TrainingResult => {
    const { from, ...rest } = options;
    const start = from && { from: loadAutoencoder(from) };
    const { model, history } = fitAutoencoder(matrix, { ...rest, ...start, onProgress: perEpoch(report) });
    return { bytes: model.toBytes(), history };
  },
  lstm: (data: LstmData, options: Continued<LstmOptions>, report: Report): TrainingResult => {
    const { from, ...rest } = options;
    const start = from && { from: loadLstm(from) };
    const all = { ...rest, ...start, onProgress: perEpoch(report) };
    const { model, history } = fitLstm(data.sequences, data.targets, all);
    return { bytes: model.toBytes(), history };
  },
} as const;

/** Sequences and targets of `fitLstm`. */
export type LstmData = { readonly sequences: Matrix; readonly targets: Matrix };

function encoded<Data, Options>(
  fit: (data: Data, options: Options) => { toBytes(): Uint8Array },
  watch: (report: Report) => object,
) {
  return (data: Data, options: Portable<Options>, report: Report): TrainingResult => ({
    bytes: fit(data, { ...options, ...watch(report) } as Options).toBytes(),
  });
}

function perTree(report: Report): object {
  return { onTree: (done: number) => report({ done }) };
}

function perRound(report: Report): object {
  return {
    onRound: (done: number, validationLoss?: number) =>
      report(validationLoss === undefined ? { done } : { done, validationLoss }),
  };
}

function perEpoch(report: Report): (progress: TrainingProgress) => void {
  return ({ epoch, validationLoss }) => report({ done: epoch, validationLoss });
}

export type TrainingKind = keyof typeof TASKS;
/** One training: what, on which rows, how. */
export type TrainingTask = {
  [Kind in TrainingKind]: {
    readonly kind: Kind;
    readonly data: Parameters<(typeof TASKS)[Kind]>[0];
    readonly options: Parameters<(typeof TASKS)[Kind]>[1];
  };
}[TrainingKind];

/** Runs a task on the calling thread. Throws whatever the algorithm throws; `ML_KIND` for a kind that does not exist. */
export function runTrainingTask(task: TrainingTask, onProgress: Report): TrainingResult {
  if (!Object.hasOwn(TASKS, task.kind))
    throw new MlError('ML_KIND', `there is no training task ${task.kind as string}`);
  // The union ties data and options to the kind, which the compiler cannot follow through the table.
  const run = TASKS[task.kind] as (data: unknown, options: unknown, report: Report) => TrainingResult;
  return run(task.data, task.options, onProgress);
}
