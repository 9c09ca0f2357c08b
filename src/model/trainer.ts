import type { EntityId } from './entity.ts';

/** Consecutive rows of one entity, oldest first, from its history without what was abnormal. */
export interface TrainingStretch {
  /** Unix ms, one a row; `cadenceMs` apart, or a minute where only minutes are kept. */
  readonly times: Float64Array;
  /** Rows × features, row-major, `NaN` where missing. */
  readonly values: Float32Array;
}

/** What a model may learn of one entity. */
export interface TrainingHistory {
  readonly entity: EntityId;
  readonly features: readonly string[];
  readonly cadenceMs: number;
  /** In the order of time; they do not touch each other. */
  readonly stretches: readonly TrainingStretch[];
}

/** What training brought. */
export interface TrainedModel {
  readonly bytes: Uint8Array;
  /** Finite numbers by name. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Why it must not serve, as a word for the registry; null when it may. */
  readonly refused: string | null;
}

/**
 * What `learn` trains on schedule without knowing what it is: the detectors' joint models. One model serves a scope: an
 * entity kind, or one entity.
 */
export interface ModelTrainer {
  /** Kind under which the registry lists the models. */
  readonly kind: string;
  /** Rows are means over so long, ms. */
  readonly cadenceMs: number;
  /** Fewer rows of the longest history than this teach nothing. */
  readonly leastRows: number;
  /** Rows of all entities together are bounded by this; an entity has its fair share of them. */
  readonly mostRows: number;
  /** Trains beside the event loop; null when there was too little to learn from. The same input gives the same bytes. */
  train(
    histories: readonly TrainingHistory[],
    control: { readonly seed: number; readonly signal: AbortSignal },
  ): Promise<TrainedModel | null>;
  close(): Promise<void>;
}

/** Learns the order of events in sessions, beside the event loop. */
export interface SequenceTrainer {
  /** Normal sessions in the order of time, each the numbers of its events; the bytes are for `loadSequenceModel`. */
  fit(sessions: readonly (readonly number[])[], signal: AbortSignal): Promise<Uint8Array>;
  close(): Promise<void>;
}
