import type { Run } from '../model/action.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import { VIGIA } from './act-deps.ts';
import type { Case } from './facts.ts';

export const isVigias = ({ requestedBy, dryRun }: Run): boolean => requestedBy === VIGIA && !dryRun;

/** What is done is what was approved: when labels or the catalogue have changed meanwhile, it is asked again. */
export const changed = (run: Run, found: Case): Phrase | null =>
  run.plan.join('\n') === found.plan.join('\n') ? null : phrase('act.no_changed');

/** What Vigía has asked for against an incident is not done when that is over; a person who asks may have other reasons. */
export const over = (run: Run, { incident }: Case): Phrase | null =>
  isVigias(run) && incident !== null && incident.state !== 'open' ? phrase('act.no_over') : null;

/** What Vigía has asked for is not done where what the action presupposes holds no more; a person who asks is only warned. */
export function unmet(run: Run, { decision }: Case): Phrase | null {
  const warned = isVigias(run) ? decision.said.find(({ key }) => key === 'act.mind_needs') : undefined;
  return warned === undefined ? null : phrase('act.no_needs', warned.values);
}
