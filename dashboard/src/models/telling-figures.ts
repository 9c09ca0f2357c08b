import type { HorizonFigures } from '../../../src/model/failure-model.ts';

/** The horizon to look at first: the one that pages, otherwise the one with the most failures to judge by. */
export function tellingFigures(horizons: readonly HorizonFigures[], paging: number | null): HorizonFigures | undefined {
  return (
    horizons.find(({ seconds }) => seconds === paging) ?? horizons.toSorted((a, b) => b.positives - a.positives).at(0)
  );
}
