import type { Json } from './detector.ts';
import type { EntityId } from './entity.ts';
import type { MetricType } from './series.ts';
import type { Labels } from './labels.ts';

/** What steps of preparation may change of a series. Its entity is settled: everything about it is in one place already. */
export interface SeriesShape {
  readonly name: string;
  readonly labels: Labels;
  readonly type: MetricType;
  readonly unit: string;
}

/**
 * What a step makes of a series: it goes on as `keep`, each value as `value × scale + offset`; or it is left out, and why,
 * in a word or two without blanks. Asked once a series, never once a sample.
 */
export type StepResult =
  | { readonly keep: SeriesShape; readonly scale?: number; readonly offset?: number }
  | { readonly drop: string };

/** One step between samples and features: pure, so that what is prepared again is prepared alike. */
export interface PreparationStep {
  /** `a-z`, digits, `-`; unique among the steps of a configuration. */
  readonly name: string;
  /** Another one whenever the step, or how it is set, would make something else of some series. It is kept with each model. */
  readonly version: string;
  prepare(series: SeriesShape, entity: EntityId): StepResult;
}

/** What a package brings (export `step`). */
export interface PreparationStepFactory {
  readonly kind: string;
  /** Throws when the options make no sense; its message is shown to the operator. */
  create(options: Readonly<Record<string, Json>>): PreparationStep;
}

/** A step as it is recorded with what was trained. */
export interface StepRecord {
  readonly name: string;
  readonly version: string;
}
