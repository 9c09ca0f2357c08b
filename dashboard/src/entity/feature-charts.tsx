import { useMemo, useState } from 'react';
import type { FeatureView } from '../../../src/api/contract/views.ts';
import type { Anomaly } from '../../../src/model/anomaly.ts';
import { type ChartRange, useChart, useFeatures } from '../api/queries.ts';
import { Missed } from '../feedback/missed.tsx';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/section.tsx';
import { useSettled } from '../ui/settled.ts';
import { Empty, Failed, Loaded } from '../ui/states.tsx';
import type { ChartMarks } from './chart-marks.ts';
import { chartRows } from './chart-rows.ts';
import { FeatureCard } from './feature-card.tsx';
import { orderFeatures } from './feature-order.ts';
import type { RangeChoice } from './range.ts';
import { MarksLegend } from './marks-legend.tsx';
import { RangeBar } from './range-bar.tsx';

/** Charts of one request, and of one press on "more". */
const BLOCK = 9;

interface FeatureBlockProps {
  readonly entity: string;
  readonly features: readonly FeatureView[];
  readonly range: ChartRange;
  readonly marks: ChartMarks;
  readonly onZoom: (from: number, to: number) => void;
}

/** Charts of some features of one entity, loaded together. */
export function FeatureBlock({ entity, features, range, marks, onZoom }: FeatureBlockProps) {
  // Sorted, so that a new order of the cards is no new request.
  const names = features.map(({ name }) => name).toSorted();
  const { data, error, refetch } = useChart(entity, names, range);
  const rows = useMemo(
    () => new Map(data?.features.map((feature) => [feature.name, chartRows(data, feature)])),
    [data],
  );
  if (data === undefined && error !== null) return <Failed error={error} retry={() => void refetch()} />;
  return (
    <ul className="mt-4 grid grid-cols-[repeat(auto-fill,minmax(min(100%,21rem),1fr))] gap-4">
      {features.map((feature) => (
        <FeatureCard
          key={feature.name}
          feature={feature}
          rows={rows.get(feature.name) ?? null}
          range={range}
          marks={marks}
          onZoom={onZoom}
        />
      ))}
    </ul>
  );
}

function FeatureFilter({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  const words = useWords();
  return (
    <input
      type="search"
      value={value}
      onChange={(event) => onChange(event.target.value)}
      aria-label={words.say('dashboard-entity.filter')}
      placeholder={words.say('dashboard-entity.filter')}
      className="h-10 w-full rounded-lg border border-line-strong bg-surface px-3 text-sm sm:w-56"
    />
  );
}

interface FeatureChartsProps {
  readonly entity: string;
  readonly open: readonly Anomaly[];
  readonly choice: RangeChoice;
  readonly marks: ChartMarks;
}

interface BlocksProps extends Pick<FeatureChartsProps, 'entity' | 'choice' | 'marks'> {
  readonly features: readonly FeatureView[];
}

/** Charts block by block; each press on the button brings one block more. */
function Blocks({ entity, features, choice, marks }: BlocksProps) {
  const words = useWords();
  const [blocks, setBlocks] = useState(1);
  const starts = Array.from({ length: blocks }, (_, block) => block * BLOCK).filter((at) => at < features.length);
  const rest = features.length - blocks * BLOCK;
  return (
    <>
      {starts.map((at) => (
        <FeatureBlock
          key={at}
          entity={entity}
          features={features.slice(at, at + BLOCK)}
          range={choice.range}
          marks={marks}
          onZoom={choice.zoom}
        />
      ))}
      {rest > 0 && (
        <Button onClick={() => setBlocks(blocks + 1)} className="mt-4">
          {words.say('dashboard.showMore', { count: rest })}
        </Button>
      )}
    </>
  );
}

/** Small multiples of the features that matter now, then the well-known ones, then the rest behind a press. */
export function FeatureCharts({ entity, open, choice, marks }: FeatureChartsProps) {
  const words = useWords();
  const query = useFeatures(entity);
  const [filter, setFilter] = useState(() => new URLSearchParams(location.search).get('feature') ?? '');
  const ordered = useMemo(() => orderFeatures(query.data?.items ?? [], open), [query.data, open]);
  const { items, handlers } = useSettled(ordered, ({ name }) => name);
  const found = items.filter(({ name }) => name.toLowerCase().includes(filter.trim().toLowerCase()));
  const nothing = items.length === 0 ? 'dashboard-entity.noFeatures' : 'dashboard-entity.noFeatureFound';
  return (
    <Section
      title={words.say('dashboard-entity.features')}
      aside={<FeatureFilter value={filter} onChange={setFilter} />}
    >
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <RangeBar choice={choice} />
        <Missed entity={entity} range={choice.range} zoomed={choice.span === null} />
      </div>
      <MarksLegend marks={marks} range={choice.range} />
      <div className="mt-4">
        <Loaded query={query}>
          {() => (
            <div {...handlers}>
              {found.length === 0 ? (
                <Empty title={words.say(nothing)} />
              ) : (
                <Blocks entity={entity} features={found} choice={choice} marks={marks} />
              )}
            </div>
          )}
        </Loaded>
      </div>
    </Section>
  );
}
