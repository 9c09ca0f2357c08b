import { usePredictions } from '../api/queries.ts';
import { NextLanes } from '../overview/next-lanes.tsx';
import { useWords } from '../text/words.ts';
import { Listed } from '../ui/listed.tsx';
import { PageTitle, Section } from '../ui/section.tsx';
import { Empty } from '../ui/states.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { PredictionRow } from './prediction-row.tsx';

/** Every risk that is open, and how the closed ones ended. */
export function PredictionsPage() {
  const words = useWords();
  const query = usePredictions();
  return (
    <>
      <PageTitle title={words.say('dashboard.predictions')} note={words.say('dashboard-pages.predictionsNote')} />
      <Listed
        query={query}
        empty={
          <Empty title={words.say('dashboard-overview.nextEmpty')}>
            {words.say('dashboard-overview.nextEmptyDetail')}
          </Empty>
        }
      >
        {(items) => {
          const open = items
            .filter(({ state }) => state === 'open')
            .toSorted((a, b) => (a.expectedAt ?? Infinity) - (b.expectedAt ?? Infinity));
          const closed = items.filter(({ state }) => state !== 'open');
          return (
            <div className="space-y-10">
              <NextLanes predictions={open} />
              {closed.length > 0 && (
                <Section title={words.say('dashboard-pages.closed')} note={words.say('dashboard-pages.closedNote')}>
                  <VirtualList
                    items={closed}
                    keyOf={({ id }) => id}
                    label={words.say('dashboard-pages.closed')}
                    rowHeight={70}
                    renderRow={(prediction) => <PredictionRow prediction={prediction} />}
                  />
                </Section>
              )}
            </div>
          );
        }}
      </Listed>
    </>
  );
}
