import type { LearningState } from '../../../src/model/failure-model.ts';

/** Seconds that a training is thought to need yet, from how long it may take and how far it is; null when nobody knows. */
export function secondsLeft(
  { budgetMs, progress, startedAt }: Pick<LearningState, 'budgetMs' | 'progress' | 'startedAt'>,
  now: number,
): number | null {
  if (budgetMs === undefined) return null;
  const byBudget = budgetMs - (now - startedAt);
  const byProgress = progress > 0.05 ? ((now - startedAt) * (1 - progress)) / progress : byBudget;
  return Math.max(0, Math.round(Math.min(byBudget, byProgress) / 1000));
}
