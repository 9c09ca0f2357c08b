import type { RiskCone } from '../../../src/model/model-report.ts';

/** One time of the cone: what was said within each horizon. `null` is a gap and is drawn as one. */
export interface RiskRow {
  readonly time: number;
  readonly probabilities: readonly (number | null)[];
}

/** A longer pause than so many usual ones is a gap: nothing may be drawn across it. */
const GAP_STEPS = 3;

/** Rows of a chart, with an empty one wherever nothing was said for a while. */
export function riskRows({ points, horizons }: Pick<RiskCone, 'points' | 'horizons'>): readonly RiskRow[] {
  const steps = points.slice(1).map(({ time }, index) => time - (points[index]?.time ?? time));
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  return points.flatMap(({ time, probabilities }, index) => {
    const before = points[index - 1]?.time;
    const row = { time, probabilities };
    if (before === undefined || time - before <= GAP_STEPS * usual) return [row];
    return [{ time: before + usual, probabilities: horizons.map(() => null) }, row];
  });
}
