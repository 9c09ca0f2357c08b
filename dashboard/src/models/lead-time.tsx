import { Line, Tooltip } from 'recharts';
import type { HorizonFigures } from '../../../src/model/failure-model.ts';
import { formatPercent } from '../../../src/text/format.ts';
import { EndLabels } from '../charts/end-labels.tsx';
import { NumberChart, PLOT } from '../charts/number-chart.tsx';
import { ChartTip } from '../entity/chart-tip.tsx';
import { duration } from '../format/duration.ts';
import { useWords } from '../text/words.ts';
import { TableBehind } from '../ui/data-table.tsx';
import { Empty } from '../ui/states.tsx';

interface LeadRow {
  readonly lead: string;
  readonly precision: number | null;
  readonly recall: number | null;
}

const all = [0, 1] as const;
const line = { isAnimationActive: false, connectNulls: false, strokeWidth: 2 } as const;

const shareText = (language: 'en' | 'es', share: number | null): string =>
  share === null ? '–' : formatPercent(language, share);

/** Recharts hands in the payload: one lead. */
function Reading({ payload }: { readonly payload?: readonly { readonly payload?: unknown }[] }) {
  const words = useWords();
  const row = payload?.[0]?.payload as LeadRow | undefined;
  if (row === undefined) return null;
  return (
    <ChartTip value={row.lead}>
      {shareText(words.language, row.precision)} {words.say('dashboard-models.pagesRight')},{' '}
      {shareText(words.language, row.recall)} {words.say('dashboard-models.announced')}
    </ChartTip>
  );
}

/** Precision and recall of its pages when they must come at least so long before. */
export function LeadTime({ figures }: { readonly figures: HorizonFigures }) {
  const words = useWords();
  const byLead = figures.byLead ?? [];
  const name = words.say('dashboard-models.byLead');
  if (!byLead.some(({ recall, precision }) => recall !== null || precision !== null))
    return <Empty title={words.say('dashboard-models.byLeadEmpty')} />;
  const rows: readonly LeadRow[] = byLead
    .toSorted((a, b) => a.lead - b.lead)
    .map(({ lead, precision, recall }) => ({ lead: duration(words, lead), precision, recall }));
  const ends = (['precision', 'recall'] as const).flatMap((of) => {
    const value = rows.findLast((row) => row[of] !== null)?.[of] ?? null;
    const text = words.say(of === 'precision' ? 'dashboard-models.pagesRight' : 'dashboard-models.announced');
    return value === null ? [] : [{ key: of, value, text, strong: of === 'recall' }];
  });
  return (
    <>
      <div className="relative">
        <NumberChart
          name={name}
          data={rows}
          along="lead"
          x={{ name: words.say('dashboard-models.leadTime') }}
          y={{ domain: all, format: (share) => formatPercent(words.language, share) }}
          labelled
        >
          <Line dataKey="precision" stroke="var(--muted)" dot={{ r: 3, fill: 'var(--surface)' }} {...line} />
          <Line dataKey="recall" stroke="var(--accent)" dot={{ r: 3, fill: 'var(--accent)' }} {...line} />
          <Tooltip content={<Reading />} cursor={{ stroke: 'var(--accent)' }} isAnimationActive={false} />
        </NumberChart>
        <EndLabels labels={ends} domain={all} plot={PLOT} />
      </div>
      <TableBehind
        name={name}
        columns={[
          words.say('dashboard-models.leadTime'),
          words.say('dashboard-models.pagesRight'),
          words.say('dashboard-models.announced'),
        ]}
        rows={rows.map(({ lead, precision, recall }) => ({
          key: lead,
          cells: [lead, shareText(words.language, precision), shareText(words.language, recall)],
        }))}
      />
    </>
  );
}
