import { Area, ComposedChart, Line, ReferenceLine, ResponsiveContainer, Tooltip } from 'recharts';
import type { Prediction } from '../../../src/model/prediction.ts';
import { useChart } from '../api/queries.ts';
import { clockTime } from '../format/moment.ts';
import { shortFeature } from '../format/names.ts';
import { band, quantity } from '../format/quantity.ts';
import { useWords } from '../text/words.ts';
import { Failed } from '../ui/states.tsx';
import { TimeAxis, ValueAxis } from './chart-axes.tsx';
import { type ChartRow, chartRows, valueDomain } from './chart-rows.ts';
import { ChartTable } from './chart-table.tsx';
import { ChartTip } from './chart-tip.tsx';
import { type Cone, type ConeRow, forecastCone } from './forecast-cone.ts';

const LEAST_HISTORY_MS = 180_000;
const MOST_HISTORY_MS = 2 * 86_400_000;
const HEIGHT = 220;
const margin = { top: 18, right: 12, bottom: 0, left: 0 };
const size = { width: 480, height: HEIGHT };
const still = { dot: false, isAnimationActive: false } as const;

interface ReadingProps {
  readonly payload?: readonly { readonly payload?: unknown }[];
  readonly unit: string;
}

/** Recharts hands in the payload: a row of the past or one of the cone. */
function Reading({ payload, unit }: ReadingProps) {
  const words = useWords();
  const row = payload?.[0]?.payload as ConeRow | ChartRow | undefined;
  if (row === undefined) return null;
  const value = 'cone' in row ? band(words, row.cone[0], row.cone[1], unit) : quantity(words, row.mean, unit);
  return <ChartTip value={value}>· {clockTime(words.language, row.time)}</ChartTip>;
}

interface DrawnProps {
  readonly prediction: Prediction;
  readonly cone: Cone;
  readonly past: readonly ChartRow[];
  readonly from: number;
}

function Drawn({ prediction, cone, past, from }: DrawnProps) {
  const words = useWords();
  const { madeAt, unit, limit, current, feature } = prediction;
  const name = words.say('dashboard-entity.forecastOf', { feature: shortFeature(feature ?? '') });
  const domain = valueDomain(past, [limit ?? 0, current ?? 0]);
  const limitLabel = {
    value: words.say('dashboard-entity.limit', { value: quantity(words, limit, unit) }),
    position: 'insideTopLeft',
    dy: -16,
    fill: 'var(--critical)',
    fontSize: 11,
  } as const;
  const nowLabel = {
    value: words.say('dashboard.now'),
    position: 'insideBottomRight',
    fill: 'var(--muted)',
    fontSize: 11,
  } as const;
  return (
    <ResponsiveContainer width="100%" height={HEIGHT} initialDimension={size}>
      <ComposedChart data={[...past, ...cone.rows]} margin={margin} role="application" aria-label={name}>
        <TimeAxis from={from} to={cone.end} most={6} />
        <ValueAxis domain={domain} unit={unit} />
        <Area dataKey="cone" stroke="none" fill="var(--accent)" fillOpacity={0.2} activeDot={false} {...still} />
        <Line dataKey="mean" stroke="var(--ink)" strokeWidth={1.5} connectNulls={false} {...still} />
        <Line dataKey="expected" stroke="var(--accent)" strokeWidth={2} strokeDasharray="5 4" {...still} />
        {limit !== null && <ReferenceLine y={limit} stroke="var(--critical)" strokeWidth={1.2} label={limitLabel} />}
        <ReferenceLine x={madeAt} stroke="var(--line-strong)" strokeDasharray="2 2" label={nowLabel} />
        <Tooltip content={<Reading unit={unit} />} cursor={{ stroke: 'var(--accent)' }} isAnimationActive={false} />
      </ComposedChart>
    </ResponsiveContainer>
  );
}

interface WithHistoryProps {
  readonly prediction: Prediction;
  readonly cone: Cone;
  readonly feature: string;
}

function WithHistory({ prediction, cone, feature }: WithHistoryProps) {
  const words = useWords();
  const { madeAt, unit } = prediction;
  const from = madeAt - Math.min(MOST_HISTORY_MS, Math.max(LEAST_HISTORY_MS, Math.round(1.5 * (cone.end - madeAt))));
  const { data, error, refetch } = useChart(prediction.entity, [feature], { from, to: madeAt });
  const [first] = data?.features ?? [];
  if (error !== null && data === undefined) return <Failed error={error} retry={() => void refetch()} />;
  if (data === undefined || first === undefined) return <div className="skeleton h-[220px]" />;
  const past = chartRows(data, first);
  const future = cone.rows.map(({ time, cone: ends, expected }) => ({ time, mean: expected, range: null, band: ends }));
  return (
    <>
      <Drawn prediction={prediction} cone={cone} past={past} from={from} />
      <ChartTable
        name={words.say('dashboard-entity.forecastOf', { feature: shortFeature(feature) })}
        unit={unit}
        rows={[...past, ...future]}
      />
    </>
  );
}

/** What was, and the cone from the newest value to the limit that holds the truth with 80 %. */
export function ForecastChart({ prediction }: { readonly prediction: Prediction }) {
  const cone = forecastCone(prediction);
  if (cone === null || prediction.feature === null) return null;
  return <WithHistory prediction={prediction} cone={cone} feature={prediction.feature} />;
}
