import { useState } from 'react';
import type { IncidentDetail } from '../../../src/api/contract/views.ts';
import { type ChartRange, useFeatures } from '../api/queries.ts';
import { FeatureBlock } from '../entity/feature-charts.tsx';
import { useNow } from '../format/now.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';

/** Charts of the root that are evidence enough. */
const SHOWN = 4;
/** What was normal before the first sign is shown for as long as the trouble lasts, and at least this. */
const LEAST_BEFORE_MS = 300_000;
const GRAIN_MS = 30_000;

/** From before the first sign to now, or to the end. */
function storyRange({ incident, anomalies }: IncidentDetail, now: number): ChartRange {
  const first = Math.min(incident.openedAt, ...anomalies.map(({ start }) => start));
  const to = Math.ceil((incident.resolvedAt ?? now) / GRAIN_MS) * GRAIN_MS;
  const before = Math.max(LEAST_BEFORE_MS, to - first);
  return { from: Math.floor((first - before) / GRAIN_MS) * GRAIN_MS, to };
}

/** The features that drive the incident, on its suspected root. */
export function IncidentCharts({ detail }: { readonly detail: IncidentDetail }) {
  const words = useWords();
  const now = useNow();
  const [zoomed, setZoomed] = useState<ChartRange | null>(null);
  const { incident } = detail;
  const { data } = useFeatures(incident.root);
  const features = incident.features
    .map((name) => data?.items.find((feature) => feature.name === name))
    .filter((feature) => feature !== undefined)
    .slice(0, SHOWN);
  if (features.length === 0) return null;
  const marks = { anomalies: detail.anomalies.filter(({ entity }) => entity === incident.root), events: detail.events };
  return (
    <div>
      <FeatureBlock
        entity={incident.root}
        features={features}
        range={zoomed ?? storyRange(detail, now)}
        marks={marks}
        onZoom={(from, to) => setZoomed({ from: Math.floor(from), to: Math.ceil(to) })}
      />
      {zoomed !== null && (
        <Button onClick={() => setZoomed(null)} className="mt-3">
          {words.say('dashboard-incident.wholeStory')}
        </Button>
      )}
    </div>
  );
}
