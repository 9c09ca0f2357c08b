import type { Severity } from './anomaly.ts';
import type { EntityId } from './entity.ts';

/** Lines of the alert budget. */
export type AlertLine = 'pages' | 'warnings';

/** At most `count` within any stretch of `windowMs`. */
export interface BudgetLine {
  readonly count: number;
  readonly windowMs: number;
}

/** The owner's ceiling on what reaches people: critical incidents page, warnings are read by day. */
export type AlertBudget = Readonly<Record<AlertLine, BudgetLine>>;

/** A line of the budget with the name under which alerts are counted together. */
export interface PotLine extends BudgetLine {
  readonly pot: string;
}

/** Out of which pots an alert may be taken: the fleet's, or those of an override. */
export type AlertPots = Readonly<Record<AlertLine, PotLine>>;

/** The pot of everything for which no override names another budget. */
export const FLEET_POT = 'fleet';

export const fleetPots = ({ pages, warnings }: AlertBudget): AlertPots => ({
  pages: { ...pages, pot: FLEET_POT },
  warnings: { ...warnings, pot: FLEET_POT },
});

/** What an alert is about, for the choice of its pot: the weightiest sign of an incident. */
export interface AlertSubject {
  readonly entity: EntityId;
  /** Kind of anomaly or prediction. */
  readonly kind: string;
}

/** Asks for one alert out of a pot of the budget: at most `count` within any `windowMs`. */
export interface AlertRequest extends BudgetLine {
  readonly incident: string;
  readonly line: AlertLine;
  readonly pot: string;
  readonly time: number;
}

/** One alert that was given. */
export interface Alert {
  readonly incident: string;
  readonly line: AlertLine;
  readonly pot: string;
  readonly time: number;
}

/** The line that an alert of a severity is taken from; null for what alerts nobody. */
export const lineOf = (severity: Severity): AlertLine | null =>
  severity === 'critical' ? 'pages' : severity === 'warning' ? 'warnings' : null;

/** A line in whole alerts: `0.5 per day` is one in two days, `2.5 per day` are two in one. */
export function wholeLine({ count, windowMs }: BudgetLine): BudgetLine {
  if (count > 0 && count < 1) return { count: 1, windowMs: windowMs / count };
  return { count: Math.floor(count), windowMs };
}
