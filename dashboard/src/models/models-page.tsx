import type { Model } from '../../../src/model/failure.ts';
import type { Overview } from '../../../src/api/contract/views.ts';
import { useLearning, useModels, useOverview } from '../api/queries.ts';
import { LearningList } from '../overview/learning-list.tsx';
import { useWords } from '../text/words.ts';
import { Listed } from '../ui/listed.tsx';
import { PageTitle, Section } from '../ui/section.tsx';
import { Empty } from '../ui/states.tsx';
import { FailureCard } from './failure-card.tsx';
import { LearningScope } from './learning-scopes.tsx';
import { ModelCard } from './model-card.tsx';

/** Kinds of model that find the abnormal; every other but policies, which have a page of their own, predicts. */
const DETECTING: ReadonlySet<string> = new Set(['joint', 'residual', 'sequence']);
const FAILURE = 'failure';
const POLICY = 'policy';

/** Models of one kind and scope together, in the order in which the newest of each came. */
function byScope(models: readonly Model[]): readonly (readonly Model[])[] {
  const groups = new Map<string, Model[]>();
  for (const model of models) {
    const key = `${model.kind} ${model.scope}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [model]);
    else group.push(model);
  }
  return [...groups.values()];
}

function Cards({ models }: { readonly models: readonly Model[] }) {
  return (
    <ul className="grid gap-4 xl:grid-cols-2">
      {byScope(models).map((group) => (
        <ModelCard key={group[0]?.id ?? ''} models={group} />
      ))}
    </ul>
  );
}

/** How far everything is learnt, in one line, and what is still being learnt. */
function Progress({ overview }: { readonly overview: Overview }) {
  const words = useWords();
  const { entities, learning } = overview.counts;
  return (
    <div>
      {entities > 0 && (
        <p className="mb-4">
          {words.say('dashboard-pages.modelsLearnt', { ready: entities - learning, count: entities })}
        </p>
      )}
      <LearningList entities={overview.entities} className="max-w-xl" />
    </div>
  );
}

/** Where learning to predict failures stands; nothing when it is off or has nothing to say. */
function LearningStates() {
  const words = useWords();
  const items = useLearning().data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Section title={words.say('dashboard-models.learning')}>
      <ul className="card divide-y divide-line">
        {items.map((learning) => (
          <li key={learning.scope} className="px-5 py-4">
            <LearningScope learning={learning} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Predicting({ models }: { readonly models: readonly Model[] }) {
  const words = useWords();
  const failure = models.filter(({ kind }) => kind === FAILURE);
  const other = models.filter(({ kind }) => kind !== FAILURE);
  if (models.length === 0)
    return (
      <Empty title={words.say('dashboard-pages.modelsPredictEmpty')}>
        {words.say('dashboard-pages.modelsPredictEmptyDetail')}
      </Empty>
    );
  return (
    <div className="space-y-4">
      <ul className="grid gap-4 xl:grid-cols-2">
        {byScope(failure).map((group) => (
          <FailureCard key={group[0]?.id ?? ''} models={group} />
        ))}
      </ul>
      {other.length > 0 && <Cards models={other} />}
    </div>
  );
}

function Registry() {
  const words = useWords();
  const query = useModels();
  const empty = (
    <Empty title={words.say('dashboard-pages.modelsEmpty')}>{words.say('dashboard-pages.modelsEmptyDetail')}</Empty>
  );
  const items = query.data?.items ?? [];
  return (
    <>
      <Section title={words.say('dashboard-pages.modelsPredict')}>
        {query.data !== undefined && (
          <Predicting models={items.filter(({ kind }) => !DETECTING.has(kind) && kind !== POLICY)} />
        )}
      </Section>
      <LearningStates />
      <Section title={words.say('dashboard-pages.modelsDetect')}>
        <Listed query={query} empty={empty}>
          {(all) => {
            const detecting = all.filter(({ kind }) => DETECTING.has(kind));
            return detecting.length === 0 ? empty : <Cards models={detecting} />;
          }}
        </Listed>
      </Section>
    </>
  );
}

/** What judges and predicts at present, and what is still being learnt. */
export function ModelsPage() {
  const words = useWords();
  const overview = useOverview();
  return (
    <div className="space-y-10">
      <PageTitle title={words.say('dashboard.models')} note={words.say('dashboard-pages.modelsNote')} />
      {overview.data !== undefined && <Progress overview={overview.data} />}
      <Registry />
    </div>
  );
}
