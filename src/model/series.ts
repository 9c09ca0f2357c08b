import type { EntityId } from './entity.ts';
import type { Labels } from './labels.ts';

/** How a value of a series is to be read; `unknown` is treated as a gauge unless its name ends like a counter. */
export type MetricType = 'gauge' | 'counter' | 'histogram' | 'summary' | 'stateset' | 'info' | 'unknown';

/**
 * One metric name with one set of labels. `collect` makes one object per series and hands the same object on in every
 * batch, so that later stages may key a Map by it.
 */
export interface Series {
  /** Canonical spelling, see `canonicalKey`: the identity of the series. */
  readonly key: string;
  readonly name: string;
  readonly labels: Labels;
  readonly type: MetricType;
  /** Unit as declared or as the name's ending says (`bytes`, `seconds`, `ratio`, …); empty when unknown. */
  readonly unit: string;
  readonly entity: EntityId;
}

/**
 * Samples of one entity that arrived together, as columns: `series[i]` had `values[i]` at `times[i]`.
 * It is the message of the topic `samples`.
 */
export interface SampleBatch {
  readonly entity: EntityId;
  readonly fleet: string;
  /** Which source brought it: `host`, `scrape/NAME`, `push`. */
  readonly source: string;
  /** When it arrived, Unix ms. */
  readonly receivedAt: number;
  readonly series: readonly Series[];
  /** Unix ms. */
  readonly times: Float64Array;
  /** Any float64, `NaN` and infinities included. */
  readonly values: Float64Array;
}
