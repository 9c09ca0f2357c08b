import type { ModelCheck, ModelMeasure } from '../../../src/model/model-check.ts';

/** One figure of a model at one time; without enough evidence it is a gap. */
export interface DriftRow {
  readonly time: number;
  readonly value: number | null;
  readonly range: readonly [number, number] | null;
}

export interface DriftSeries {
  readonly of: ModelMeasure['of'];
  readonly rows: readonly DriftRow[];
  /** The newest measurement, with its reason and its thresholds. */
  readonly last: ModelMeasure;
}

const KINDS: readonly ModelMeasure['of'][] = ['calibration', 'scores', 'features'];

/** Each figure by itself over time; what was never measured is left out. */
export function driftSeries(checks: readonly ModelCheck[]): readonly DriftSeries[] {
  const ordered = checks.toSorted((a, b) => a.time - b.time);
  return KINDS.flatMap((of) => {
    const own = ordered.flatMap(({ time, measures }) =>
      measures.filter((measure) => measure.of === of).map((measure) => ({ time, measure })),
    );
    const last = own.at(-1)?.measure;
    if (last === undefined) return [];
    const rows = own.map(({ time, measure: { value, low, high } }) => ({
      time,
      value,
      range: low === null || high === null ? null : ([low, high] as const),
    }));
    return [{ of, rows, last }];
  });
}
