import type { Model } from '../../../src/model/failure.ts';
import { formatNumber } from '../../../src/text/format.ts';
import { useModels, useOverview } from '../api/queries.ts';
import { LearningList } from '../overview/learning-list.tsx';
import { useWords } from '../text/words.ts';
import { Listed } from '../ui/listed.tsx';
import { PageTitle, Section } from '../ui/section.tsx';
import { Empty } from '../ui/states.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { When } from '../ui/when.tsx';

function ModelRow({ model }: { readonly model: Model }) {
  const words = useWords();
  const metrics = Object.entries(model.metrics);
  return (
    <div className="px-5 py-4">
      <p className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="font-medium">
          {model.kind} {model.version} <span className="font-normal text-muted">{model.scope}</span>
        </span>
        <span className="text-sm text-muted">
          {words.name('model', model.state)} · <When time={model.createdAt} />
        </span>
      </p>
      {model.trainedFrom !== null && model.trainedTo !== null && (
        <p className="text-sm text-muted">
          {words.say('dashboard-pages.trainedOn')} <When time={model.trainedFrom} /> – <When time={model.trainedTo} />
        </p>
      )}
      <p className="text-sm text-muted">{model.reason}</p>
      {metrics.length > 0 && (
        <p className="mt-1 text-sm">
          {metrics.map(([name, value]) => `${name} ${formatNumber(words.language, value)}`).join(' · ')}
        </p>
      )}
    </div>
  );
}

/** What judges and predicts at present, and what is still being learnt. */
export function ModelsPage() {
  const words = useWords();
  const models = useModels();
  const overview = useOverview();
  return (
    <div className="space-y-10">
      <PageTitle title={words.say('dashboard.models')} note={words.say('dashboard-pages.modelsNote')} />
      {overview.data !== undefined && <LearningList entities={overview.data.entities} className="max-w-xl" />}
      <Section title={words.say('dashboard-pages.registry')}>
        <Listed
          query={models}
          empty={
            <Empty title={words.say('dashboard-pages.modelsEmpty')}>
              {words.say('dashboard-pages.modelsEmptyDetail')}
            </Empty>
          }
        >
          {(items) => (
            <VirtualList
              items={items}
              keyOf={({ id }) => id}
              label={words.say('dashboard-pages.registry')}
              rowHeight={90}
              renderRow={(model) => <ModelRow model={model} />}
            />
          )}
        </Listed>
      </Section>
    </div>
  );
}
