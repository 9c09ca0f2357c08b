import type { PredictorSearch } from './failure-model.ts';
import type { Phrase } from './phrase.ts';

/**
 * The contract of failure prediction. All times, horizons and lengths of one fleet are in one unit, whatever it is:
 * milliseconds, seconds, cycles.
 */

/** Something that happened to an entity; it counts for a row from its own time on. */
export interface PastEvent {
  readonly time: number;
  readonly name: string;
  /** NaN where there is none. */
  readonly value: number;
}

export interface PastFailure {
  readonly time: number;
  /** Empty where kinds are not told apart. */
  readonly kind: string;
}

/** A prediction on which it was left to chance whether to act, with the chance that was logged then. */
export interface PastDecision {
  readonly time: number;
  /** Chance with which nobody was to act, above 0. */
  readonly notActing: number;
  readonly acted: boolean;
}

/**
 * What is known of one entity. A row knows the rows up to its own, and events and failures with a time at or before its own;
 * what lies behind it serves only as label.
 */
export interface EntityHistory {
  readonly entity: string;
  /** One a row, never falling; rows of one time stand in the order in which they are to be read. */
  readonly times: Float64Array;
  /** rows × `columns.length` of the fleet, row-major, NaN where missing. */
  readonly values: Float32Array | Float64Array;
  /** By rising time. They may lie before the first row, or overlap. */
  readonly failures: readonly PastFailure[];
  /** By rising time. */
  readonly events: readonly PastEvent[];
  /** Failures before this time are not known of. */
  readonly observedFrom: number;
  /** Failures after this time are not known of: rows are right-censored here. A run that ended in its failure has it here. */
  readonly observedTo: number;
  /**
   * For each row the time at which somebody acted upon what had been said, so that what would have come is unknown: this and
   * every earlier row of the entity is censored there. NaN where nobody did; absent where nobody ever did.
   */
  readonly actedAt?: Float64Array;
  /**
   * Circles of entities that are alike (of one system, then the whole fleet), from narrow to wide, this one in each. A row also
   * knows what is known of them at its own time. All members of a circle hold the same array. Absent: it stands alone.
   */
  readonly circles?: readonly (readonly EntityHistory[])[];
  /** How much each row counts in training, 0 or more. Default 1. */
  readonly weights?: Float64Array;
  /**
   * By rising time. Training lets what was left alone stand for what was acted upon, by the inverse of the chance. Acting
   * that was not left to chance is no decision: it only censors.
   */
  readonly decisions?: readonly PastDecision[];
}

/** Entities of one kind with the same features. */
export interface FleetHistory {
  /** Names of the features, in the order of the rows' values; may be empty. */
  readonly columns: readonly string[];
  readonly entities: readonly EntityHistory[];
}

export interface PredictorOptions {
  /** Rising, above 0. The largest one is where the expected remaining time is capped. */
  readonly horizons: readonly number[];
  /** Milliseconds of one unit where times are dates counted from 1970 (1, 1000), null where they are not (cycles). */
  readonly unitMs: number | null;
  /**
   * What will be asked for: `later` rows of the same entities, or rows of `others` of the same kind, cut short anywhere.
   * It decides on what the model is stacked and calibrated: later time, or entities left out.
   */
  readonly asked: 'later' | 'others';
  readonly seed: number;
  /** Rows for so long after a failure are left out of training. Default 0. */
  readonly quiet?: number;
  /** About how long training may take, by the clock handed to the factory. Default 8 minutes. */
  readonly budgetMs?: number;
  /** Look for better settings than the fixed ones, this many of them, within a part of the budget. Default: the fixed ones. */
  readonly search?: { readonly candidates: number };
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PredictorProgress) => void;
}

export interface PredictorProgress {
  /** 0 to 1. */
  readonly done: number;
  readonly step: string;
  /** Trainings made so far in search of better settings. */
  readonly tried?: number;
}

/** Rows of one entity to predict: `from` up to and without `to`. */
export interface PredictorQuery {
  readonly history: EntityHistory;
  readonly from: number;
  readonly to: number;
}

/** Answers in the order of the queries and of their rows. Every number is finite. */
export interface PredictedRows {
  readonly rows: number;
  /** rows × horizons, row-major: chance of a failure within each horizon after the row; grows with the horizon. */
  readonly probabilities: Float64Array;
  /** Expectation of the time to the next failure, capped at the largest horizon. */
  readonly expected: Float64Array;
  /** Ends of the 80 % interval of the same capped time. */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** What moved a prediction away from the usual, one feature or trait of the history. */
export interface PredictionDriver {
  /** Name of a column, or empty where it is not about one (age, past failures, an event). */
  readonly feature: string;
  /** Share of all that moved the prediction; the shares of one explanation add up to 1. */
  readonly share: number;
  /** True where it raised the risk. */
  readonly raises: boolean;
  readonly reason: Phrase;
}

export interface PredictionExplanation {
  /** By falling share; empty where nothing moved the prediction. */
  readonly drivers: readonly PredictionDriver[];
  /** Which kind the failure would be; shares add up to 1, by falling share. */
  readonly kinds: readonly { readonly kind: string; readonly share: number }[];
}

/** What training says of itself; every figure is from rows that the models had not learnt from. */
export interface PredictorFacts {
  readonly rows: number;
  readonly entities: number;
  readonly failures: number;
  /** Operating regimes found; 1 where there are none. */
  readonly regimes: number;
  /** Named figures: average precision, Brier skill, weights of the members, seconds. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Which settings were tried, where they were searched for. */
  readonly search?: PredictorSearch;
}

/** A trained model. Predicting is pure: the same rows give the same bits, alone or among others, before and after saving. */
export interface FailurePredictor {
  readonly kind: string;
  readonly horizons: readonly number[];
  /** Columns that it was trained on. */
  readonly columns: readonly string[];
  readonly facts: PredictorFacts;
  /**
   * `columns` names the values of the queried rows; they are matched by name, what is gone counts as missing and what is
   * new is passed over. Synchronous: ask for at most some ten thousand rows at once where others wait.
   */
  predict(queries: readonly PredictorQuery[], columns: readonly string[]): PredictedRows;
  /** Why the prediction for one row is what it is. Costs about as much as some hundred predictions. */
  explain(history: EntityHistory, row: number, columns: readonly string[]): PredictionExplanation;
  toBytes(): Uint8Array;
  /** Its networks in the Layers format of TensorFlow.js; absent where there are none. */
  toTensorFlow?(): readonly NetworkFiles[];
  /**
   * The same predictor with other networks, as many and as wide as `toTensorFlow` gives; what they were not fitted with (stack,
   * calibration) stays. Throws when one does not fit. Absent where there are none.
   */
  withTensorFlow?(networks: readonly NetworkFiles[]): FailurePredictor;
}

/** A network in the Layers format of TensorFlow.js. */
export interface NetworkFiles {
  readonly modelJson: string;
  readonly weights: Uint8Array;
}

/** A model, or what is missing for one. */
export type FitOutcome =
  | { readonly ready: true; readonly predictor: FailurePredictor }
  | { readonly ready: false; readonly missing: Phrase };

/** How a kind of predictor is made and restored; what a package that brings a predictor exports. */
export interface FailurePredictorFactory {
  readonly kind: string;
  /** Trains. Too little evidence is an outcome, not an error; throws only when the signal is raised (`ML_CANCELLED`) or on a bug. */
  fit(fleet: FleetHistory, options: PredictorOptions): Promise<FitOutcome>;
  /** Restores what `toBytes` gave. Throws when the bytes are damaged or of another version. */
  load(bytes: Uint8Array): FailurePredictor;
}
