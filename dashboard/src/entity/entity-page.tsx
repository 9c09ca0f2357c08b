import { lazy, Suspense, useMemo } from 'react';
import type { EntityView } from '../../../src/api/contract/views.ts';
import type { Anomaly } from '../../../src/model/anomaly.ts';
import { useAnomalies, useEntity, useEvents, useFailures, useOpenAnomalies, usePredictions } from '../api/queries.ts';
import { LogSection } from '../logs/log-section.tsx';
import { TracesAround } from '../traces/traces-around.tsx';
import { useWords } from '../text/words.ts';
import { AnomalyCard } from '../ui/anomaly-card.tsx';
import { Section } from '../ui/section.tsx';
import { Loaded, Skeleton } from '../ui/states.tsx';
import { EntityHead } from './entity-head.tsx';
import { EntityHistory } from './entity-history.tsx';
import { Neighbours } from './neighbours.tsx';
import { SaidMissed } from './said-missed.tsx';
import { useRange } from './range.ts';
import { RiskCard } from './risk-card.tsx';
import { RiskOverTime } from './risk-over-time.tsx';

const FeatureCharts = lazy(() => import('./feature-charts.tsx').then((charts) => ({ default: charts.FeatureCharts })));

const NOTHING: readonly never[] = [];

function AbnormalNow({ anomalies }: { readonly anomalies: readonly Anomaly[] }) {
  const words = useWords();
  if (anomalies.length === 0) return null;
  return (
    <Section title={words.say('dashboard-entity.abnormalNow')}>
      <div className="space-y-4">
        {anomalies.map((anomaly) => (
          <AnomalyCard key={anomaly.id} anomaly={anomaly} />
        ))}
      </div>
    </Section>
  );
}

function Everything({ entity }: { readonly entity: EntityView }) {
  const words = useWords();
  const choice = useRange();
  const open = useOpenAnomalies(entity.id).data?.items ?? NOTHING;
  const inRange = useAnomalies(entity.id, choice.range).data?.items ?? NOTHING;
  const events = useEvents(entity.id, choice.range).data?.items ?? NOTHING;
  const failures = useFailures(entity.id).data?.items ?? NOTHING;
  const predictions = usePredictions(entity.id).data?.items ?? NOTHING;
  const risks = predictions.filter(({ state }) => state === 'open');
  const past = predictions.filter(({ state }) => state !== 'open');
  const closed = useMemo(() => inRange.filter(({ end }) => end !== null), [inRange]);
  const marks = useMemo(() => ({ anomalies: [...open, ...closed], events }), [open, closed, events]);
  return (
    <div className="space-y-10">
      <EntityHead entity={entity} risks={risks} />
      {risks.length > 0 && (
        <Section title={words.say('dashboard-entity.risks')}>
          <div className="space-y-4">
            {risks.map((prediction) => (
              <RiskCard key={prediction.id} prediction={prediction} />
            ))}
          </div>
        </Section>
      )}
      <RiskOverTime entity={entity.id} />
      <AbnormalNow anomalies={open} />
      <Suspense fallback={<Skeleton rows={2} height="h-48" />}>
        <FeatureCharts entity={entity.id} open={open} choice={choice} marks={marks} />
      </Suspense>
      <SaidMissed entity={entity.id} />
      <Neighbours entity={entity.id} />
      <LogSection entity={entity.id} />
      <TracesAround entities={[entity.id]} range={choice.range} />
      <EntityHistory anomalies={closed} predictions={past} events={events} failures={failures} />
    </div>
  );
}

/** Everything known of one entity, from what it means to the numbers behind it. */
export function EntityPage({ id }: { readonly id: string }) {
  const entity = useEntity(id);
  return (
    <Loaded query={entity} skeleton={<Skeleton rows={3} height="h-32" />}>
      {(view) => <Everything entity={view} />}
    </Loaded>
  );
}
