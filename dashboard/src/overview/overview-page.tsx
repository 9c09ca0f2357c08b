import type { Overview } from '../../../src/api/contract/views.ts';
import { useOverview } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { Loaded, Skeleton } from '../ui/states.tsx';
import { AlertBudget } from './alert-budget.tsx';
import { Do } from './do.tsx';
import { EntityMap } from './entity-map.tsx';
import { LearningList } from './learning-list.tsx';
import { NextLanes } from './next-lanes.tsx';
import { NowIncidents, NowSentence } from './now.tsx';

/** On a phone one column in the order of the four questions; on a desk two, with what to do on the right. */
function Answers({ overview }: { readonly overview: Overview }) {
  return (
    <>
      <NowSentence overview={overview} />
      <div className="flex flex-col gap-10 lg:grid lg:grid-cols-[minmax(0,1fr)_20rem] lg:items-start xl:gap-12 xl:grid-cols-[minmax(0,1fr)_23rem]">
        <div className="contents lg:flex lg:flex-col lg:gap-10">
          <NowIncidents incidents={overview.incidents} />
          <NextLanes
            predictions={overview.next}
            unknown={overview.counts.learning === overview.counts.entities}
            className="order-1"
          />
          <EntityMap entities={overview.entities} total={overview.counts.entities} className="order-3" />
        </div>
        <div className="contents lg:flex lg:flex-col lg:gap-10">
          <Do waiting={overview.waiting} className="order-2" />
          <AlertBudget budget={overview.budget} className="order-4" />
          <LearningList entities={overview.entities} className="order-5" />
        </div>
      </div>
    </>
  );
}

function OverviewSkeleton() {
  return (
    <div className="space-y-8">
      <Skeleton rows={1} height="h-10 max-w-xl" />
      <Skeleton rows={3} height="h-20" />
      <Skeleton rows={1} height="h-56" />
    </div>
  );
}

export function OverviewPage() {
  const words = useWords();
  const overview = useOverview();
  return (
    <>
      {overview.data === undefined && <h1 className="sr-only">{words.say('dashboard.overview')}</h1>}
      <Loaded query={overview} skeleton={<OverviewSkeleton />}>
        {(data) => <Answers overview={data} />}
      </Loaded>
    </>
  );
}
