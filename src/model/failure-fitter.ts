import type { Phrase } from './phrase.ts';
import type { FleetHistory, PredictorFacts, PredictorOptions, PredictorProgress } from './predictor.ts';

/** What is to be trained: on everything up to the cut, judged on what came after it. Times in seconds. */
export interface FailureFit {
  readonly fleet: FleetHistory;
  readonly cut: number;
  readonly options: Pick<PredictorOptions, 'horizons' | 'seed' | 'quiet' | 'budgetMs' | 'search'>;
  /** Address of the package whose predictor is trained; the one of Vigía when null or left out. */
  readonly predictor?: string | null;
  /** About how many rows after the cut are judged at most; where there are more, all rows of fewer entities. */
  readonly mostJudged: number;
}

/** What was said of rows after the cut, in the order of entities and rows. */
export interface JudgedFit {
  /** Index of the entity. */
  readonly entity: Int32Array;
  readonly times: Float64Array;
  /** rows × horizons. */
  readonly probabilities: Float64Array;
}

export type FailureFitted =
  | { readonly ready: false; readonly missing: Phrase }
  | {
      readonly ready: true;
      readonly factory: string;
      readonly bytes: Uint8Array;
      readonly facts: PredictorFacts;
      readonly judged: JudgedFit;
    };

/** Trains beside the event loop. */
export interface FailureFitter {
  fit(
    request: FailureFit,
    control: { readonly signal: AbortSignal; readonly onProgress: (progress: PredictorProgress) => void },
  ): Promise<FailureFitted>;
  close(): Promise<void>;
}
