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
import { fitRandomForest } from './random-forest.ts';

/** What a neural task takes in place of functions and models, which do not cross threads. */
type Portable<T> = Omit<T, 'signal' | 'onProgress' | 'from'> & {
  /** The model to continue from, as its `toBytes`. */
  readonly from?: Uint8Array;
};

/** A model as bytes for its loader; `history` where training has one. */
export type TrainingResult = { readonly bytes: Uint8Array; readonly history?: TrainingHistory };

type Report = (progress: TrainingProgress) => void;

/** Every algorithm by the name of its task: rows and options of plain data in, bytes out. */
const TASKS = {
  'isolation-forest': encoded(fitIsolationForest),
  'one-class-svm': encoded(fitOneClassSvm),
  'random-forest': encoded(fitRandomForest),
  'extra-trees': encoded(fitExtraTrees),
  'gradient-boosting': encoded(fitGradientBoosting),
  'hazard-boosting': encoded(fitHazardBoosting),
  autoencoder: (matrix: Matrix, options: Portable<AutoencoderOptions>, onProgress: Report): TrainingResult => {
    const { from, ...rest } = options;
    const start = from && { from: loadAutoencoder(from) };
    const { model, history } = fitAutoencoder(matrix, { ...rest, ...start, onProgress });
    return { bytes: model.toBytes(), history };
  },
  lstm: (data: LstmData, options: Portable<LstmOptions>, onProgress: Report): TrainingResult => {
    const { from, ...rest } = options;
    const start = from && { from: loadLstm(from) };
    const { model, history } = fitLstm(data.sequences, data.targets, { ...rest, ...start, onProgress });
    return { bytes: model.toBytes(), history };
  },
} as const;

/** Sequences and targets of `fitLstm`. */
export type LstmData = { readonly sequences: Matrix; readonly targets: Matrix };

function encoded<Data, Options>(fit: (data: Data, options: Options) => { toBytes(): Uint8Array }) {
  return (data: Data, options: Options): TrainingResult => ({ bytes: fit(data, options).toBytes() });
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
