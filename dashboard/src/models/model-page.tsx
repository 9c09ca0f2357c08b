import { useState } from 'react';
import { Link } from 'wouter';
import type { Model } from '../../../src/model/failure.ts';
import type { HorizonFigures } from '../../../src/model/failure-model.ts';
import type { ModelReport } from '../../../src/model/model-report.ts';
import { useModel, useModelReport } from '../api/queries.ts';
import { duration } from '../format/duration.ts';
import { useWords } from '../text/words.ts';
import { Choice } from '../ui/choice.tsx';
import { PageTitle, Section } from '../ui/section.tsx';
import { Loaded, Skeleton } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';
import { ContractCard } from './contract-card.tsx';
import { CostCard } from './cost-card.tsx';
import { Drift } from './drift.tsx';
import { LeadTime } from './lead-time.tsx';
import { LearningScope } from './learning-scopes.tsx';
import { ModelChanges } from './model-changes.tsx';
import { Window } from './model-window.tsx';
import { Reliability } from './reliability.tsx';
import { tellingFigures } from './telling-figures.ts';
import { Versus } from './versus.tsx';

function Head({ model }: { readonly model: Model }) {
  const words = useWords();
  return (
    <div>
      <Link href="/models" className="quiet-link text-sm text-muted">
        ← {words.say('dashboard-models.all')}
      </Link>
      <PageTitle
        title={words.say('dashboard-models.title', { scope: model.scope })}
        note={
          <>
            {words.name('model', model.state)} · <When time={model.createdAt} /> ·{' '}
            {words.name('modelReason', model.reason)} · <Window model={model} />
          </>
        }
      >
        <ModelChanges model={model} />
      </PageTitle>
    </div>
  );
}

/** Calibration and lead time at one horizon, side by side where there is room. */
function AtHorizon({ report }: { readonly report: ModelReport }) {
  const words = useWords();
  const { horizons, contract } = report;
  const [chosen, choose] = useState<string | null>(null);
  const first = tellingFigures(horizons, contract.seconds);
  const figures: HorizonFigures | undefined = horizons.find(({ seconds }) => String(seconds) === chosen) ?? first;
  if (figures === undefined) return null;
  return (
    <div className="space-y-4">
      <Choice
        label={words.say('dashboard-models.horizon')}
        value={String(figures.seconds)}
        options={horizons.map(({ seconds }) => ({
          value: String(seconds),
          label: words.say('dashboard-models.within', { duration: duration(words, seconds) }),
        }))}
        onChange={choose}
      />
      <div className="grid gap-8 lg:grid-cols-2">
        <Section
          title={words.say('dashboard-models.reliability')}
          note={words.say('dashboard-models.reliabilityNote')}
          className="min-w-0"
        >
          <Reliability figures={figures} />
        </Section>
        <Section
          title={words.say('dashboard-models.byLead')}
          note={words.say('dashboard-models.byLeadNote')}
          className="min-w-0"
        >
          <LeadTime figures={figures} />
        </Section>
      </div>
    </div>
  );
}

function Report({ report }: { readonly report: ModelReport }) {
  const words = useWords();
  return (
    <>
      <Section title={words.say('dashboard-models.contract')}>
        <ContractCard contract={report.contract} />
      </Section>
      <Versus versus={report.versus} own={report.horizons} />
      <AtHorizon report={report} />
      <Section
        title={words.say('dashboard-models.drift')}
        note={`${words.say('dashboard-models.driftNote')} ${words.say('dashboard-models.drawn')}`}
      >
        <Drift checks={report.drift} />
      </Section>
      <Section title={words.say('dashboard-models.weighting')}>
        <p className="card max-w-prose p-5">{words.phrase(report.weighting.reason)}</p>
      </Section>
      <Section title={words.say('dashboard-models.cost')}>
        <CostCard cost={report.cost} />
      </Section>
      {report.learning !== null && (
        <Section title={words.say('dashboard-models.learning')}>
          <div className="card p-5">
            <LearningScope learning={report.learning} />
          </div>
        </Section>
      )}
    </>
  );
}

/** One failure model: what it buys, whether it can be believed, whether it still fits, and what it costs. */
export function ModelPage({ id }: { readonly id: string }) {
  const model = useModel(id);
  const report = useModelReport(id);
  return (
    <div className="space-y-10">
      <Loaded query={model} skeleton={<Skeleton rows={1} height="h-20" />}>
        {(data) => <Head model={data} />}
      </Loaded>
      {model.data !== undefined && (
        <Loaded query={report} skeleton={<Skeleton rows={3} height="h-44" />}>
          {(data) => <Report report={data} />}
        </Loaded>
      )}
    </div>
  );
}
