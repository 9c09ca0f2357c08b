import { MlError, requireInteger, requireNumber } from './ml-error.ts';

/** Rows of one fold, by index in the order of time: train on [trainFrom, trainTo), validate on [validFrom, validTo). */
export type TimeFold = {
  readonly trainFrom: number;
  readonly trainTo: number;
  readonly validFrom: number;
  readonly validTo: number;
};

export type TimeFoldOptions = {
  /** Number of folds, 1 to 100. Default 3. */
  readonly folds?: number;
  /** Share of all rows that is validated, over all folds together, in (0, 1). Default 0.5. */
  readonly validationShare?: number;
  /** Rows left out between training and validation: at least a window and a label's horizon. Default 0. */
  readonly gap?: number;
  /** Most rows trained on, the newest before the gap. Default all. */
  readonly maxTrain?: number;
};

/**
 * Folds that never look ahead: the last part of the rows is cut into equal blocks, each validated by what was learnt from
 * everything before it. Rows must stand in the order of time. Throws `ML_EMPTY` when a part would have no rows, `ML_PARAMETER`.
 */
export function timeFolds(rows: number, options: TimeFoldOptions = {}): TimeFold[] {
  requireInteger('rows', rows, 0);
  const folds = requireInteger('folds', options.folds ?? 3, 1, 100);
  const share = requireNumber('validationShare', options.validationShare ?? 0.5, Number.MIN_VALUE, 1);
  const gap = requireInteger('gap', options.gap ?? 0, 0);
  const maxTrain = requireInteger('maxTrain', options.maxTrain ?? Number.MAX_SAFE_INTEGER, 1);
  const first = rows - Math.floor(rows * share);
  return Array.from({ length: folds }, (_, fold) => {
    const validFrom = first + Math.floor(((rows - first) * fold) / folds);
    const validTo = first + Math.floor(((rows - first) * (fold + 1)) / folds);
    const trainTo = validFrom - gap;
    if (trainTo < 1 || validTo <= validFrom) throw new MlError('ML_EMPTY', `${rows} rows are too few for fold ${fold}`);
    return { trainFrom: Math.max(0, trainTo - maxTrain), trainTo, validFrom, validTo };
  });
}
