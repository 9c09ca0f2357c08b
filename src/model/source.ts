import type { Json } from './detector.ts';
import type { Labels } from './labels.ts';
import type { MetricType } from './series.ts';

/** One value as a source gives it. Which entity it belongs to is told by its labels, with the owner's rules. */
export interface SourceSample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  /** Unix ms; now when left out. */
  readonly time?: number;
  /** By the ending of its name when left out, as for exporters that declare nothing. */
  readonly type?: MetricType;
  /** By the ending of its name when left out. */
  readonly unit?: string;
}

/** Where a source puts what it has. */
export interface SourceOutlet {
  /**
   * Hands samples on; resolves when there is room for more. What is over a limit, too old or repeated is dropped and
   * counted, by reason, as for every source.
   */
  samples(samples: readonly SourceSample[]): Promise<void>;
}

/** What a source may use. */
export interface SourceTools {
  /** Unix ms. */
  readonly now: () => number;
  /** Rejects when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Where data comes from: one file with one function. */
export interface Source {
  /** Brings data until aborted. What it throws is shown with the sources, and it is run again after a growing pause. */
  run(outlet: SourceOutlet, signal: AbortSignal): Promise<void>;
}

/** What a package brings (export `source`). */
export interface SourceFactory {
  readonly kind: string;
  /** Throws when the options make no sense; its message is shown to the operator. */
  create(options: Readonly<Record<string, Json>>, tools: SourceTools): Source;
}
