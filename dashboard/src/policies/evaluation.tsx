import type { PolicyEvaluation } from '../../../src/model/policy.ts';
import { useWords } from '../text/words.ts';
import { IntervalBar } from '../ui/interval-bar.tsx';

/** What past decisions say of a policy: minutes saved beside the one in use, as a mark, an interval and a line at nothing saved. */
export function Evaluation({ evaluation, reach }: { readonly evaluation: PolicyEvaluation; readonly reach: number }) {
  const words = useWords();
  const { saved, incidents, effectiveSize } = evaluation;
  const minutes = (value: number): string => words.say('dashboard-policies.minutes', { minutes: value });
  return (
    <div className="mt-3">
      <p className="text-sm">
        <span className="text-lg font-semibold tabular-nums">{minutes(saved.value)}</span>{' '}
        <span className="text-muted">{words.say('dashboard-policies.saved')}</span>
      </p>
      <div className="my-2">
        <IntervalBar {...saved} from={-reach} to={reach} mark={0} />
      </div>
      <p className="text-sm text-muted">
        {words.say('dashboard-policies.savedRange', { low: minutes(saved.low), high: minutes(saved.high) })}.{' '}
        {words.say('dashboard-policies.worth', { count: incidents, size: Math.round(effectiveSize) })}
      </p>
    </div>
  );
}
