import { lazy, Suspense } from 'react';
import type { IncidentDetail } from '../../../src/api/contract/views.ts';
import { RunCard } from '../actions/run-card.tsx';
import { useIncident } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { IncidentLog } from '../logs/incident-log.tsx';
import { AnomalyCard } from '../ui/anomaly-card.tsx';
import { Section } from '../ui/section.tsx';
import { Loaded, Skeleton } from '../ui/states.tsx';
import { IncidentHead } from './incident-head.tsx';
import { PredictionRow } from '../predictions/prediction-row.tsx';
import { Roots } from './roots.tsx';
import { Story } from './story.tsx';
import { ToDo } from './to-do.tsx';

function Done({ detail }: { readonly detail: IncidentDetail }) {
  const words = useWords();
  const runs = detail.runs.filter(({ state }) => state !== 'awaiting_approval');
  if (runs.length === 0) return null;
  return (
    <Section title={words.say('dashboard-incident.done')}>
      <ul className="card divide-y divide-line">
        {runs
          .toSorted((a, b) => b.requestedAt - a.requestedAt)
          .map((run) => (
            <li key={run.id}>
              <RunCard run={run} outcome={detail.outcomes.find((outcome) => outcome.run === run.id)} />
            </li>
          ))}
      </ul>
    </Section>
  );
}

const IncidentCharts = lazy(() =>
  import('./incident-charts.tsx').then((charts) => ({ default: charts.IncidentCharts })),
);

/** Anomalies in full at once; a storm has too many to read. */
const SHOWN = 5;

function Evidence({ detail }: { readonly detail: IncidentDetail }) {
  const words = useWords();
  const unlisted = detail.incident.leftOut?.signs ?? 0;
  const worst = detail.anomalies.toSorted((a, b) => b.score - a.score).slice(0, SHOWN);
  return (
    <Section title={words.say('dashboard-incident.evidence')}>
      <div className="space-y-4">
        {detail.predictions.length > 0 && (
          <ul className="card divide-y divide-line">
            {detail.predictions.map((prediction) => (
              <li key={prediction.id}>
                <PredictionRow prediction={prediction} />
              </li>
            ))}
          </ul>
        )}
        <Suspense fallback={<Skeleton rows={1} height="h-48" />}>
          <IncidentCharts detail={detail} />
        </Suspense>
        {worst.map((anomaly) => (
          <AnomalyCard key={anomaly.id} anomaly={anomaly} withEntity />
        ))}
        {detail.anomalies.length > SHOWN && (
          <p className="text-sm text-muted">
            {words.say('dashboard-incident.moreAnomalies', { count: detail.anomalies.length - SHOWN })}
          </p>
        )}
        {unlisted > 0 && (
          <p className="text-sm text-muted">{words.say('dashboard-incident.leftOutSigns', { count: unlisted })}</p>
        )}
      </div>
    </Section>
  );
}

/** A story from the first sign to now, and what to do about it. */
export function IncidentPage({ id }: { readonly id: string }) {
  const words = useWords();
  const query = useIncident(id);
  return (
    <Loaded query={query} skeleton={<Skeleton rows={3} height="h-32" />}>
      {(detail) => (
        <div className="space-y-9">
          <IncidentHead detail={detail} />
          <div className="flex flex-col gap-9 lg:grid lg:grid-cols-[minmax(0,1fr)_24rem] lg:items-start lg:gap-12">
            <div className="space-y-9 max-lg:order-2">
              <Section title={words.say('dashboard-incident.story')}>
                <Story timeline={detail.incident.timeline} leftOut={detail.incident.leftOut?.timeline ?? 0} />
              </Section>
              <Evidence detail={detail} />
              <IncidentLog detail={detail} />
            </div>
            <div className="space-y-9">
              <ToDo detail={detail} />
              <Roots incident={detail.incident} />
              <Done detail={detail} />
            </div>
          </div>
        </div>
      )}
    </Loaded>
  );
}
