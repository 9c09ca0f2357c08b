import { lazy, Suspense } from 'react';
import { Link } from 'wouter';
import { useRiskCone } from '../api/queries.ts';
import { modelHref } from '../format/names.ts';
import { useWords } from '../text/words.ts';
import { Section } from '../ui/section.tsx';

const RiskChart = lazy(() => import('./risk-chart.tsx').then((chart) => ({ default: chart.RiskChart })));

/** A line needs two ends. */
const LEAST = 2;

/** How the risk of failure went over the last day; nothing where no model is in force or it has said nothing yet. */
export function RiskOverTime({ entity }: { readonly entity: string }) {
  const words = useWords();
  const cone = useRiskCone(entity).data;
  if (cone === undefined || cone.model === null || cone.points.length < LEAST) return null;
  return (
    <Section
      title={words.say('dashboard-entity.riskOverTime')}
      note={words.say('dashboard-entity.riskOverTimeNote')}
      aside={
        <Link href={modelHref(cone.model)} className="text-sm font-medium text-accent underline underline-offset-3">
          {words.say('dashboard-entity.riskModel')}
        </Link>
      }
    >
      <div className="card p-5">
        <Suspense fallback={<div className="skeleton h-[240px]" />}>
          <RiskChart cone={cone} />
        </Suspense>
      </div>
    </Section>
  );
}
