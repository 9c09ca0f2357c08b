import { useState } from 'react';
import type { Prediction } from '../../../src/model/prediction.ts';
import { useOpenPredictions, usePredictions } from '../api/queries.ts';
import { NextLanes } from '../overview/next-lanes.tsx';
import { useWords } from '../text/words.ts';
import { Choice } from '../ui/choice.tsx';
import { Listed } from '../ui/listed.tsx';
import { PageTitle, Section } from '../ui/section.tsx';
import { Empty } from '../ui/states.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { PredictionRow } from './prediction-row.tsx';
import { type RankBy, ranked } from './rank.ts';

/** What is open, in the order that the reader asks for. */
function Open({ predictions }: { readonly predictions: readonly Prediction[] }) {
  const words = useWords();
  const [by, choose] = useState<RankBy>('time');
  return (
    <div>
      {predictions.length > 1 && (
        <div className="mb-5 flex flex-wrap items-center gap-x-3 gap-y-2">
          <Choice
            label={words.say('dashboard-pages.rankBy')}
            value={by}
            options={[
              { value: 'time', label: words.say('dashboard-pages.rankByTime') },
              { value: 'risk', label: words.say('dashboard-pages.rankByRisk') },
            ]}
            onChange={choose}
          />
          {by === 'risk' && <p className="text-sm text-muted">{words.say('dashboard-pages.rankByRiskNote')}</p>}
        </div>
      )}
      <NextLanes predictions={ranked(predictions, by)} />
    </div>
  );
}

function Closed({ predictions }: { readonly predictions: readonly Prediction[] }) {
  const words = useWords();
  if (predictions.length === 0) return null;
  return (
    <Section title={words.say('dashboard-pages.closed')} note={words.say('dashboard-pages.closedNote')}>
      <VirtualList
        items={predictions}
        keyOf={({ id }) => id}
        label={words.say('dashboard-pages.closed')}
        rowHeight={70}
        renderRow={(prediction) => <PredictionRow prediction={prediction} />}
      />
    </Section>
  );
}

/** Every risk that is open, and how the closed ones ended. */
export function PredictionsPage() {
  const words = useWords();
  const open = useOpenPredictions();
  const all = usePredictions();
  return (
    <>
      <PageTitle title={words.say('dashboard.predictions')} note={words.say('dashboard-pages.predictionsNote')} />
      <div className="space-y-10">
        <Listed
          query={open}
          empty={
            <Empty title={words.say('dashboard-overview.nextEmpty')}>
              {words.say('dashboard-overview.nextEmptyDetail')}
            </Empty>
          }
        >
          {(items) => <Open predictions={items} />}
        </Listed>
        <Listed query={all} empty={null}>
          {(items) => <Closed predictions={items.filter(({ state }) => state !== 'open')} />}
        </Listed>
      </div>
    </>
  );
}
