import type { Json } from './detector.ts';
import type { Frame } from './frame.ts';
import type { Phrase } from './phrase.ts';
import type { Prediction } from './prediction.ts';

/** What a predictor says of one risk of one entity, before it has a life of its own as a `Prediction`. */
export interface Forecast {
  readonly kind: Prediction['kind'];
  /** The feature that runs out for kind `capacity`, else null. */
  readonly feature: string | null;
  readonly unit: string;
  /** One probability for each horizon asked for, never falling from one horizon to the next. */
  readonly probabilities: readonly number[];
  /** Unix ms; the interval holds the true time with 80 %. Null beyond the largest horizon. */
  readonly expectedAt: number | null;
  readonly earliest: number | null;
  readonly latest: number | null;
  readonly current: number | null;
  readonly limit: number | null;
  /** Units a second. */
  readonly slope: number | null;
  readonly drivers: Prediction['drivers'];
  readonly reason: Phrase;
  /** True when what was to be foreseen is there: the limit is reached, the failure has begun. */
  readonly happened: boolean;
}

/**
 * Turns frames of one entity into forecasts. `learn` takes frames in time order; `predict` is pure: it changes nothing,
 * and the same state gives the same answer. Every predictor passes `check-predictor.ts`.
 */
export interface Predictor {
  readonly kind: string;
  readonly version: string;
  learn(frame: Frame): void;
  /** Forecasts as of the newest frame, those worth nothing left out; `horizons` are seconds, ascending. */
  predict(horizons: readonly number[]): readonly Forecast[];
  toJSON(): Json;
}

/** How a kind of predictor is made and restored; what a package that brings a predictor exports. */
export interface PredictorFactory {
  readonly kind: string;
  create(options: { readonly stepMs: number; readonly seed: number }): Predictor;
  /** Throws `STATE_INVALID` when the state is damaged or of another version. */
  fromJSON(state: Json, options: { readonly stepMs: number; readonly seed: number }): Predictor;
}
