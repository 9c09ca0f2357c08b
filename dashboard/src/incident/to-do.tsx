import type { IncidentDetail } from '../../../src/api/contract/views.ts';
import type { ConsideredAction, Recommendation } from '../../../src/model/action.ts';
import { policyName } from '../policies/policy-name.ts';
import { useWords } from '../text/words.ts';
import { Section } from '../ui/section.tsx';
import { Empty } from '../ui/states.tsx';
import { RankedActionCard } from './ranked-action.tsx';

/** What else there is, and why it is not it. */
function Considered({ actions }: { readonly actions: readonly ConsideredAction[] }) {
  const words = useWords();
  if (actions.length === 0) return null;
  return (
    <details className="mt-4 text-sm">
      <summary className="inline-block text-muted hover:text-ink">
        {words.say('dashboard-policies.considered', { count: actions.length })}
      </summary>
      <ul className="mt-2 space-y-2">
        {actions.map(({ action, title, why }) => (
          <li key={action}>
            <span className="font-medium">{title[words.language]}</span>
            <span className="block text-muted">{words.phrase(why)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Why this order, and what put the actions into it. */
function Order({ recommendation: { reason, policy } }: { readonly recommendation: Recommendation }) {
  const words = useWords();
  return (
    <>
      {words.phrase(reason)} {words.say('dashboard-policies.choseBy', { policy: policyName(words, policy.kind) })}.
    </>
  );
}

/** The recommended actions as cards, the best first. */
export function ToDo({ detail }: { readonly detail: IncidentDetail }) {
  const words = useWords();
  const { recommendation } = detail;
  const actions = recommendation?.actions.toSorted((a, b) => a.rank - b.rank) ?? [];
  const waitingFor = (action: string, entity: string) =>
    detail.runs.find((run) => run.state === 'awaiting_approval' && run.action === action && run.entity === entity);
  return (
    <Section
      title={words.say('dashboard-incident.todo')}
      note={recommendation === null ? undefined : <Order recommendation={recommendation} />}
    >
      {actions.length === 0 ? (
        <Empty title={words.say('dashboard-incident.noActions')}>
          {words.say('dashboard-incident.noActionsDetail')}
        </Empty>
      ) : (
        <div className="space-y-4">
          {actions.map((action) => (
            <RankedActionCard
              key={`${action.action} ${action.entity}`}
              action={action}
              incident={detail.incident.id}
              waiting={waitingFor(action.action, action.entity)}
              similar={recommendation?.similar ?? []}
            />
          ))}
        </div>
      )}
      <Considered actions={recommendation?.considered ?? []} />
    </Section>
  );
}
