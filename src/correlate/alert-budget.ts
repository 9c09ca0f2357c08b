import type { Severity } from '../model/anomaly.ts';
import { rankOf } from './signal.ts';

/** At most `count` within any stretch of `windowMs`. */
export interface BudgetLine {
  readonly count: number;
  readonly windowMs: number;
}

/** The owner's ceiling on what reaches people: critical incidents page, warnings are read by day. */
export interface AlertBudget {
  readonly pages: BudgetLine;
  readonly warnings: BudgetLine;
}

/** What has been taken within the windows. */
export interface BudgetUse {
  pages: number;
  warnings: number;
}

/**
 * The severity that an incident may have now, and what that takes from the budget. What was granted is never taken
 * back; where the budget does not reach, the next lower severity is tried. A ceiling, never a quota: nothing is
 * raised because there is room.
 */
export function grant(wanted: Severity, granted: Severity, use: BudgetUse, budget: AlertBudget): Severity {
  if (rankOf(wanted) <= rankOf(granted)) return granted;
  if (wanted === 'critical' && use.pages < budget.pages.count) {
    use.pages++;
    return 'critical';
  }
  if (granted === 'info' && use.warnings < budget.warnings.count) {
    use.warnings++;
    return 'warning';
  }
  return granted;
}
