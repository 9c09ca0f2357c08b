import { useMemo } from 'react';
import { Area, ComposedChart, Line, ReferenceArea, ReferenceLine, ResponsiveContainer, Tooltip } from 'recharts';
import type { ChartRange } from '../api/queries.ts';
import { clockTime } from '../format/moment.ts';
import { quantity } from '../format/quantity.ts';
import { useWords } from '../text/words.ts';
import { useBrush } from './brush.ts';
import { TimeAxis, ValueAxis } from './chart-axes.tsx';
import { type ChartMarks, eventsIn, spanIn } from './chart-marks.ts';
import { type ChartRow, loneTimes, valueDomain } from './chart-rows.ts';
import { ChartTip } from './chart-tip.tsx';

const HEIGHT = 132;
const margin = { top: 6, right: 8, bottom: 0, left: 0 };
const size = { width: 320, height: HEIGHT };
const tints = { critical: 'var(--critical)', warning: 'var(--warning-tile)', info: 'var(--info)' } as const;
const quiet = { stroke: 'none', isAnimationActive: false, activeDot: false, connectNulls: false } as const;

interface ReadingProps {
  readonly payload?: readonly { readonly payload?: unknown }[];
  readonly unit: string;
}

/** Value and time at the cursor; every chart of the page shows its own at the same time. Recharts hands in the payload. */
function Reading({ payload, unit }: ReadingProps) {
  const words = useWords();
  const row = payload?.[0]?.payload as ChartRow | undefined;
  if (row === undefined) return null;
  return <ChartTip value={quantity(words, row.mean, unit)}>· {clockTime(words.language, row.time)}</ChartTip>;
}

interface LoneDotProps {
  readonly cx?: number | undefined;
  readonly cy?: number | undefined;
  readonly payload?: unknown;
  readonly lone: ReadonlySet<number>;
}

/** A dot for a value without neighbours. Recharts hands in its place. */
function LoneDot({ cx, cy, payload, lone }: LoneDotProps) {
  if (cx === undefined || cy === undefined || !lone.has((payload as ChartRow).time)) return null;
  return <circle cx={cx} cy={cy} r={1.5} fill="var(--ink)" />;
}

/** Anomalies as shaded spans, events as ticks. */
function Marks({ marks, range: { from, to } }: { readonly marks: ChartMarks; readonly range: ChartRange }) {
  return (
    <>
      {marks.anomalies.map((anomaly) => {
        const span = spanIn(anomaly, from, to);
        if (span === null) return null;
        return (
          <ReferenceArea
            key={anomaly.id}
            x1={span.from}
            x2={span.to}
            fill={tints[anomaly.severity]}
            fillOpacity={0.13}
            ifOverflow="hidden"
          />
        );
      })}
      {eventsIn(marks.events, from, to).map(({ id, time }) => (
        <ReferenceLine key={id} x={time} stroke="var(--line-strong)" strokeDasharray="2 2" ifOverflow="hidden" />
      ))}
    </>
  );
}

interface FeatureChartProps {
  readonly name: string;
  readonly unit: string;
  readonly rows: readonly ChartRow[];
  readonly range: ChartRange;
  readonly marks: ChartMarks;
  readonly onZoom: (from: number, to: number) => void;
}

/** One feature over time with its expected band; gaps stay gaps. */
export function FeatureChart({ name, unit, rows, range, marks, onZoom }: FeatureChartProps) {
  const { span, handlers } = useBrush(onZoom);
  const lone = useMemo(() => loneTimes(rows), [rows]);
  const shared = { syncId: 'page', syncMethod: 'value', margin, role: 'application', 'aria-label': name } as const;
  return (
    <ResponsiveContainer width="100%" height={HEIGHT} initialDimension={size}>
      <ComposedChart data={rows} className="select-none" {...shared} {...handlers}>
        <TimeAxis from={range.from} to={range.to} most={4} />
        <ValueAxis domain={valueDomain(rows)} unit={unit} />
        <Marks marks={marks} range={range} />
        <Area dataKey="band" fill="var(--band)" fillOpacity={1} {...quiet} />
        <Area dataKey="range" fill="var(--ink)" fillOpacity={0.14} {...quiet} />
        <Line
          dataKey="mean"
          stroke="var(--ink)"
          strokeWidth={1.4}
          dot={lone.size > 0 && <LoneDot lone={lone} />}
          isAnimationActive={false}
          connectNulls={false}
          activeDot={{ r: 3, fill: 'var(--accent)', stroke: 'var(--surface)' }}
        />
        {span !== null && <ReferenceArea x1={span.from} x2={span.to} fill="var(--accent)" fillOpacity={0.18} />}
        <Tooltip
          content={<Reading unit={unit} />}
          cursor={{ stroke: 'var(--accent)', strokeWidth: 1 }}
          isAnimationActive={false}
          position={{ y: -10 }}
          wrapperStyle={{ zIndex: 10 }}
        />
      </ComposedChart>
    </ResponsiveContainer>
  );
}
