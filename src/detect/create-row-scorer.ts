import { createManyColumnsScorer } from './many-columns-scorer.ts';
import { createFewColumnsScorer, hasFewColumns } from './novelty/few-columns-scorer.ts';
import type { RowScorer, RowScorerOptions } from './row-scorer.ts';

/** Makes what `vigia score` scores with. */
export const createRowScorer = (options: RowScorerOptions): RowScorer =>
  hasFewColumns(options) ? createFewColumnsScorer(options) : createManyColumnsScorer(options);
