import type { AlertBudget, AlertLine, AlertPots, AlertSubject, PotLine } from '../model/alert.ts';
import { wholeLine } from '../model/alert.ts';
import type { Severity } from '../model/anomaly.ts';
import { rankOf } from './signal.ts';

/** An incident that would alert, and what it has been granted so far. */
export interface Ask extends AlertSubject {
  readonly incident: string;
  /** Id of the weightiest sign. */
  readonly sign: string;
  readonly wanted: Severity;
  readonly granted: Severity;
  /** It asked before and the budget did not reach. */
  readonly refused: boolean;
}

/** The severity that an incident may have, and the budget that said so. */
export interface Grant {
  readonly severity: Severity;
  readonly budget: AlertBudget;
}

/** Answers every ask of a flush. */
export type Grants = (ask: Ask) => Grant;

/** What to try for an ask, best first: a page for what is critical, and a warning for what has neither. */
export function tries({ wanted, granted }: Ask): readonly (readonly [AlertLine, Severity])[] {
  if (rankOf(wanted) <= rankOf(granted)) return [];
  const page = ['pages', 'critical'] as const;
  const warning = ['warnings', 'warning'] as const;
  return [...(wanted === 'critical' ? [page] : []), ...(granted === 'info' ? [warning] : [])];
}

/**
 * Grants out of memory. What was granted is never taken back; where the budget does not reach, the next lower severity
 * is tried. A ceiling, never a quota: nothing is raised because there is room. A warning that turns critical has taken
 * a warning and takes a page: both reached somebody.
 */
export const grantsFrom =
  (potsOf: (subject: AlertSubject) => AlertPots, take: (line: AlertLine, pot: PotLine) => boolean): Grants =>
  (ask) => {
    const budget = potsOf(ask);
    const won = tries(ask).find(([line]) => take(line, budget[line]));
    return { severity: won?.[1] ?? ask.granted, budget };
  };

/** What was taken, in memory; times must not fall. For simulations: the store keeps the real one. */
export class AlertLedger {
  readonly #times = new Map<string, number[]>();

  /** Takes one when fewer than `count` were taken within the window before; false when not. */
  take(line: AlertLine, limit: PotLine, time: number): boolean {
    const { count, windowMs } = wholeLine(limit);
    if (this.used(line, limit.pot, time - windowMs) >= count) return false;
    const key = `${line} ${limit.pot}`;
    const times = this.#times.get(key);
    if (times === undefined) this.#times.set(key, [time]);
    else times.push(time);
    return true;
  }

  used(line: AlertLine, pot: string, since: number): number {
    const times = this.#times.get(`${line} ${pot}`) ?? [];
    let count = 0;
    for (let at = times.length - 1; at >= 0 && times[at]! > since; at--) count++;
    return count;
  }
}
