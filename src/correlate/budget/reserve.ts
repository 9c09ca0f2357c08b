import { type AlertPots, type AlertSubject, wholeLine } from '../../model/alert.ts';
import type { Store } from '../../store/store.ts';
import { type Ask, type Grant, type Grants, tries } from '../alert-budget.ts';

interface Reserving {
  readonly alerts: Pick<Store['alerts'], 'reserve'>;
  readonly potsOf: (subject: AlertSubject) => AlertPots;
  readonly now: number;
}

/**
 * Reserves in the store what the asks may have. A pot that has refused one is not asked again in the same round for
 * those that it had refused before: in a storm that would be a transaction for each of them.
 */
export async function reserveGrants(asks: readonly Ask[], { alerts, potsOf, now }: Reserving): Promise<Grants> {
  const empty = new Set<string>();
  const grants = new Map<string, Grant>();
  for (const ask of asks) {
    const budget = potsOf(ask);
    let severity = ask.granted;
    for (const [line, wanted] of tries(ask)) {
      const { pot } = budget[line];
      const key = `${line} ${pot}`;
      if (ask.refused && empty.has(key)) continue;
      const { incident } = ask;
      if (await alerts.reserve({ incident, line, pot, ...wholeLine(budget[line]), time: now })) {
        severity = wanted;
        break;
      }
      empty.add(key);
    }
    grants.set(ask.incident, { severity, budget });
  }
  return (ask) => grants.get(ask.incident) ?? { severity: ask.granted, budget: potsOf(ask) };
}
