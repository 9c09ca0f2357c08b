import { type AlertSubject, type Pot, wholeLine } from '../../model/alert.ts';
import type { Store } from '../../store/store.ts';
import { type Ask, type Grant, type Grants, tries } from '../alert-budget.ts';

interface Reserving {
  readonly alerts: Pick<Store['alerts'], 'reserve'>;
  readonly potOf: (subject: AlertSubject) => Pot;
  readonly now: number;
}

/**
 * Reserves in the store what the asks may have. A pot that has refused one is not asked again in the same round for
 * those that it had refused before: in a storm that would be a transaction for each of them.
 */
export async function reserveGrants(asks: readonly Ask[], { alerts, potOf, now }: Reserving): Promise<Grants> {
  const empty = new Set<string>();
  const grants = new Map<string, Grant>();
  for (const ask of asks) {
    const { name: pot, budget } = potOf(ask);
    let severity = ask.granted;
    for (const [line, wanted] of tries(ask)) {
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
  return (ask) => grants.get(ask.incident) ?? { severity: ask.granted, budget: potOf(ask).budget };
}
