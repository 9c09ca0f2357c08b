import type { PolicyView } from '../../../src/model/policy.ts';
import { useWords } from '../text/words.ts';
import { When } from '../ui/when.tsx';
import { Evaluation } from './evaluation.tsx';
import { PromotePolicy } from './policy-changes.tsx';
import { faultsOf, policyName } from './policy-name.ts';

interface PolicyCardProps {
  readonly policy: PolicyView;
  /** Minutes at the ends of the bars, the same for all cards, so that they can be compared. */
  readonly reach: number;
}

/** One policy: what it does, what it learnt from, and whether it would do better. */
export function PolicyCard({ policy, reach }: PolicyCardProps) {
  const words = useWords();
  const { id, kind, state, createdAt, incidents, evaluation } = policy;
  const faults = faultsOf(words, policy);
  return (
    <li className="card flex flex-col p-5">
      <h3 className="font-semibold">{policyName(words, kind)}</h3>
      <p className="text-sm text-muted">
        {words.name('model', state)} · {words.say('dashboard-policies.learntFrom', { count: incidents })}
        {createdAt !== null && (
          <>
            {' · '}
            <When time={createdAt} />
          </>
        )}
      </p>
      <p className="mt-3 font-medium">
        {words.say(
          evaluation === null ? 'dashboard-policies.notJudged' : `dashboard-policies.verdict_${evaluation.verdict}`,
        )}
      </p>
      {faults.length > 0 && <p className="text-sm text-muted">{faults.join(' ')}</p>}
      {evaluation !== null && <Evaluation evaluation={evaluation} reach={reach} />}
      {id !== null && state !== 'champion' && (
        <div className="mt-auto pt-4">
          <PromotePolicy policy={policy} id={id} />
        </div>
      )}
    </li>
  );
}
