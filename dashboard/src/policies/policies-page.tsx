import type { PolicyOverview } from '../../../src/model/policy.ts';
import { formatPercent } from '../../../src/text/format.ts';
import { usePolicies } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { PageTitle, Section } from '../ui/section.tsx';
import { Empty, Loaded, Skeleton } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';
import { LearningCurve } from './learning-curve.tsx';
import { PolicyCard } from './policy-card.tsx';
import { RollBackPolicy, TrainPolicies } from './policy-changes.tsx';
import { policyName } from './policy-name.ts';
import { savedReach } from './saved-reach.ts';

function InForce({ overview: { inForce, exploration } }: { readonly overview: PolicyOverview }) {
  const words = useWords();
  const { id, kind, incidents, createdAt } = inForce;
  return (
    <div className="card flex flex-wrap items-start justify-between gap-4 p-5">
      <div className="min-w-0 flex-1 basis-72">
        <p className="text-lg font-semibold">{policyName(words, kind)}</p>
        <p className="text-sm text-muted">
          {id === null
            ? words.say('dashboard-policies.needsNone')
            : words.say('dashboard-policies.learntFrom', { count: incidents })}
          {createdAt !== null && (
            <>
              {' · '}
              <When time={createdAt} />
            </>
          )}
        </p>
        <p className="mt-2 max-w-prose text-sm">
          {exploration.share > 0 && exploration.perDay > 0
            ? words.say('dashboard-policies.exploration', {
                share: formatPercent(words.language, exploration.share),
                used: exploration.used,
                perDay: exploration.perDay,
              })
            : words.say('dashboard-policies.explorationOff')}
        </p>
      </div>
      {id !== null && <RollBackPolicy />}
    </div>
  );
}

/** Retired ones are many and alike; these are enough to go back to. */
const SHOWN = 9;

function Everything({ overview }: { readonly overview: PolicyOverview }) {
  const words = useWords();
  const others = overview.policies.filter(({ id }) => id !== overview.inForce.id).slice(0, SHOWN);
  const reach = savedReach(others);
  return (
    <div className="space-y-10">
      <Section title={words.say('dashboard-policies.inForce')}>
        <InForce overview={overview} />
      </Section>
      <Section
        title={words.say('dashboard-policies.others')}
        note={words.say('dashboard-policies.othersNote')}
        aside={<TrainPolicies />}
      >
        {others.length === 0 ? (
          <Empty title={words.say('dashboard-policies.othersEmpty')}>
            {words.say('dashboard-policies.othersEmptyDetail')}
          </Empty>
        ) : (
          <ul className="grid gap-4 md:grid-cols-2 xl:grid-cols-3">
            {others.map((policy) => (
              <PolicyCard key={policy.id ?? policy.kind} policy={policy} reach={reach} />
            ))}
          </ul>
        )}
      </Section>
      <Section title={words.say('dashboard-policies.curve')} note={words.say('dashboard-policies.curveNote')}>
        <LearningCurve points={overview.curve} />
      </Section>
    </div>
  );
}

/** What puts actions in order, whether something else would do it better, and whether it learns. */
export function PoliciesPage() {
  const words = useWords();
  return (
    <>
      <PageTitle title={words.say('dashboard-policies.title')} note={words.say('dashboard-policies.note')} />
      <Loaded query={usePolicies()} skeleton={<Skeleton rows={3} height="h-36" />}>
        {(overview) => <Everything overview={overview} />}
      </Loaded>
    </>
  );
}
