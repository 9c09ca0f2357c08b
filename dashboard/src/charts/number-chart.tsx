import type { ReactNode } from 'react';
import { ComposedChart, ResponsiveContainer, XAxis, YAxis } from 'recharts';

export const CHART_HEIGHT = 240;
const AXIS_HEIGHT = 36;
/** Pixels from the top of a chart to the ends of its value axis. */
export const PLOT = { top: 12, bottom: CHART_HEIGHT - AXIS_HEIGHT };
/** Room on the right for names of lines. */
export const LABEL_ROOM = 100;

export const axisTick = { fontSize: 11, fill: 'var(--muted)' } as const;
const size = { width: 480, height: CHART_HEIGHT };

/** Round parts of an axis. */
const parts = ([low, high]: readonly [number, number]): readonly number[] =>
  [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * (high - low));

interface NumberAxis {
  readonly name: string;
  readonly domain: readonly [number, number];
  readonly format: (value: number) => string;
}

interface NumberChartProps {
  readonly name: string;
  readonly data: readonly object[];
  /** The field of `data` along the bottom; numbers, or words that stand at even distances. */
  readonly along: string;
  readonly x: NumberAxis | { readonly name: string };
  readonly y: Pick<NumberAxis, 'domain' | 'format'>;
  readonly labelled?: boolean;
  readonly children: ReactNode;
}

/** The frame of a chart of numbers: axes with round ends and their names; what is drawn comes from outside. */
export function NumberChart({ name, data, along, x, y, labelled = false, children }: NumberChartProps) {
  const margin = { top: PLOT.top, right: labelled ? LABEL_ROOM : 16, bottom: 0, left: 0 };
  const numeric = 'domain' in x ? { type: 'number' as const, domain: x.domain, ticks: parts(x.domain) } : {};
  return (
    <ResponsiveContainer width="100%" height={CHART_HEIGHT} initialDimension={size}>
      <ComposedChart data={data} margin={margin} role="application" aria-label={name}>
        <XAxis
          dataKey={along}
          {...numeric}
          {...('format' in x ? { tickFormatter: x.format } : { padding: { left: 16, right: 8 } })}
          tickLine={false}
          axisLine={{ stroke: 'var(--line)' }}
          tick={axisTick}
          height={AXIS_HEIGHT}
          label={{ value: x.name, position: 'insideBottom', offset: 2, fontSize: 11, fill: 'var(--muted)' }}
        />
        <YAxis
          width={46}
          domain={y.domain}
          ticks={parts(y.domain)}
          tickFormatter={y.format}
          interval={0}
          tickLine={false}
          axisLine={false}
          tick={axisTick}
        />
        {children}
      </ComposedChart>
    </ResponsiveContainer>
  );
}
