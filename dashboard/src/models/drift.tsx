import { Area, ComposedChart, Line, ReferenceLine, ResponsiveContainer, Tooltip } from 'recharts';
import type { ModelCheck } from '../../../src/model/model-check.ts';
import { formatNumber, formatPercent } from '../../../src/text/format.ts';
import { roundDomain } from '../charts/scales.ts';
import { TimeAxis, ValueAxis } from '../entity/chart-axes.tsx';
import { ChartTip } from '../entity/chart-tip.tsx';
import { absolute } from '../format/moment.ts';
import { useWords } from '../text/words.ts';
import { TableBehind } from '../ui/data-table.tsx';
import { Empty } from '../ui/states.tsx';
import { StateIcon } from '../ui/severity.tsx';
import { type DriftRow, type DriftSeries, driftSeries } from './drift-rows.ts';

const HEIGHT = 150;
const margin = { top: 8, right: 12, bottom: 0, left: 0 };
const size = { width: 320, height: HEIGHT };
const LEAST_SPAN_MS = 3_600_000;
const threshold = { stroke: 'var(--warning)', strokeDasharray: '5 4', strokeWidth: 1.3 } as const;

/** Features are told as a share, the others as a number. */
function useFigure(of: DriftSeries['of']): (value: number | null) => string {
  const { language } = useWords();
  const format = of === 'features' ? formatPercent : formatNumber;
  return (value) => (value === null ? '–' : format(language, value));
}

interface ReadingProps {
  readonly payload?: readonly { readonly payload?: unknown }[];
  readonly of: DriftSeries['of'];
}

/** Recharts hands in the payload: one measurement. */
function Reading({ payload, of }: ReadingProps) {
  const { language } = useWords();
  const figure = useFigure(of);
  const row = payload?.[0]?.payload as DriftRow | undefined;
  return row === undefined ? null : <ChartTip value={figure(row.value)}>· {absolute(language, row.time)}</ChartTip>;
}

function Drawn({ series: { of, rows, last }, name }: { readonly series: DriftSeries; readonly name: string }) {
  const { least, most } = last.threshold;
  const from = rows[0]?.time ?? 0;
  const to = Math.max(rows.at(-1)?.time ?? 0, from + LEAST_SPAN_MS) + 1;
  const known = rows.flatMap(({ value, range }) => [value, ...(range ?? [])]);
  return (
    <ResponsiveContainer width="100%" height={HEIGHT} initialDimension={size}>
      <ComposedChart data={rows} margin={margin} role="application" aria-label={name}>
        <TimeAxis from={from} to={to} most={4} />
        <ValueAxis domain={roundDomain([...known, most, least])} unit={of === 'features' ? 'ratio' : ''} />
        <Area dataKey="range" stroke="none" fill="var(--band)" fillOpacity={1} isAnimationActive={false} />
        <Line
          dataKey="value"
          stroke="var(--ink)"
          strokeWidth={1.5}
          dot={{ r: 2, fill: 'var(--ink)', stroke: 'none' }}
          connectNulls={false}
          isAnimationActive={false}
        />
        <ReferenceLine y={most} {...threshold} />
        {least !== null && <ReferenceLine y={least} {...threshold} />}
        <Tooltip content={<Reading of={of} />} cursor={{ stroke: 'var(--accent)' }} isAnimationActive={false} />
      </ComposedChart>
    </ResponsiveContainer>
  );
}

function DriftCard({ series }: { readonly series: DriftSeries }) {
  const words = useWords();
  const { of, rows, last } = series;
  const figure = useFigure(of);
  const name = words.say(`dashboard-models.of_${of}`);
  return (
    <li className="card p-5">
      <h3 className="flex flex-wrap items-center gap-x-2 font-medium">
        <StateIcon state={last.drifted ? 'warning' : 'calm'} size={16} />
        {name}
        <span className="text-sm font-normal text-muted">
          {words.say(last.drifted ? 'dashboard-models.drifted' : 'dashboard-models.steady')}
        </span>
      </h3>
      <p className="mt-1 mb-3 text-sm text-muted">{words.phrase(last.reason)}</p>
      <Drawn series={series} name={name} />
      <TableBehind
        name={name}
        columns={[
          words.say('dashboard-entity.time'),
          words.say('dashboard-models.measured'),
          words.say('dashboard-models.interval'),
        ]}
        rows={rows.map(({ time, value, range }) => ({
          key: String(time),
          cells: [
            absolute(words.language, time),
            figure(value),
            range === null ? '–' : words.say('dashboard.lowToHigh', { low: figure(range[0]), high: figure(range[1]) }),
          ],
        }))}
      />
    </li>
  );
}

/** Each figure of a model since it serves, with the threshold beyond which it is trained anew. */
export function Drift({ checks }: { readonly checks: readonly ModelCheck[] }) {
  const words = useWords();
  const series = driftSeries(checks);
  if (series.length === 0)
    return (
      <Empty title={words.say('dashboard-models.driftEmpty')}>{words.say('dashboard-models.driftEmptyDetail')}</Empty>
    );
  return (
    <ul className="grid gap-4 md:grid-cols-2 lg:grid-cols-3">
      {series.map((one) => (
        <DriftCard key={one.of} series={one} />
      ))}
    </ul>
  );
}
