import { lazy, Suspense, useMemo } from 'react';
import { useAnomalies, useEntity, useEvents, usePredictions } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { AnomalyCard } from '../ui/anomaly-card.tsx';
import { Section } from '../ui/section.tsx';
import { Loaded, Skeleton } from '../ui/states.tsx';
import { EntityHead } from './entity-head.tsx';
import { EntityHistory } from './entity-history.tsx';
import { useRange } from './range.ts';
import { RiskCard } from './risk-card.tsx';

const FeatureCharts = lazy(() => import('./feature-charts.tsx').then((charts) => ({ default: charts.FeatureCharts })));

/** Everything known of one entity, from what it means to the numbers behind it. */
export function EntityPage({ id }: { readonly id: string }) {
  const words = useWords();
  const entity = useEntity(id);
  const choice = useRange();
  const anomalies = useAnomalies(id, choice.range);
  const events = useEvents(id, choice.range);
  const predictions = usePredictions(id);
  const own = (predictions.data?.items ?? []).filter((prediction) => prediction.entity === id);
  const risks = own.filter(({ state }) => state === 'open');
  const seen = anomalies.data?.items;
  const open = useMemo(() => (seen ?? []).filter(({ end }) => end === null), [seen]);
  const marks = { anomalies: seen ?? [], events: events.data?.items ?? [] };
  return (
    <Loaded query={entity} skeleton={<Skeleton rows={3} height="h-32" />}>
      {(view) => (
        <div className="space-y-10">
          <EntityHead entity={view} risks={risks} />
          {risks.length > 0 && (
            <Section title={words.say('dashboard-entity.risks')}>
              <div className="space-y-4">
                {risks.map((prediction) => (
                  <RiskCard key={prediction.id} prediction={prediction} />
                ))}
              </div>
            </Section>
          )}
          {open.length > 0 && (
            <Section title={words.say('dashboard-entity.abnormalNow')}>
              <div className="space-y-4">
                {open.map((anomaly) => (
                  <AnomalyCard key={anomaly.id} anomaly={anomaly} />
                ))}
              </div>
            </Section>
          )}
          <Suspense fallback={<Skeleton rows={2} height="h-48" />}>
            <FeatureCharts entity={id} open={open} choice={choice} marks={marks} />
          </Suspense>
          <EntityHistory
            anomalies={(seen ?? []).filter(({ end }) => end !== null)}
            predictions={own.filter(({ state }) => state !== 'open')}
            events={events.data?.items ?? []}
          />
        </div>
      )}
    </Loaded>
  );
}
