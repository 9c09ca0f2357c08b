import { Area, ComposedChart, Line, ResponsiveContainer, Tooltip } from 'recharts';
import type { RiskCone } from '../../../src/model/model-report.ts';
import { formatPercent } from '../../../src/text/format.ts';
import type { Language } from '../../../src/text/language.ts';
import { EndLabels } from '../charts/end-labels.tsx';
import { CHART_HEIGHT, LABEL_ROOM } from '../charts/number-chart.tsx';
import { shareEnd } from '../charts/scales.ts';
import { duration } from '../format/duration.ts';
import { absolute, clockTime } from '../format/moment.ts';
import { useWords } from '../text/words.ts';
import { TableBehind } from '../ui/data-table.tsx';
import { TimeAxis, ValueAxis } from './chart-axes.tsx';
import { type RiskRow, riskRows } from './risk-rows.ts';

const TIME_AXIS = 20;
const TOP = 12;
const PLOT = { top: TOP, bottom: CHART_HEIGHT - TIME_AXIS };
const margin = { top: TOP, right: LABEL_ROOM, bottom: 0, left: 0 };
const size = { width: 480, height: CHART_HEIGHT };
const still = { dot: false, isAnimationActive: false, connectNulls: false, activeDot: false } as const;
const MOST_LINES = 6;

const percent = (language: Language, share: number | null | undefined): string =>
  share == null ? '–' : formatPercent(language, share);

interface ReadingProps {
  readonly payload?: readonly { readonly payload?: unknown }[];
  readonly horizons: readonly number[];
}

/** Every horizon at the cursor, the longest above, as it is drawn. Recharts hands in the payload: one time. */
function Reading({ payload, horizons }: ReadingProps) {
  const words = useWords();
  const row = payload?.[0]?.payload as RiskRow | undefined;
  if (row === undefined) return null;
  return (
    <div className="rounded-md border border-line bg-raised px-2.5 py-1.5 text-xs shadow-sm">
      <p className="text-muted">{clockTime(words.language, row.time)}</p>
      {horizons
        .map((seconds, index) => ({ seconds, said: row.probabilities[index] ?? null }))
        .toReversed()
        .map(({ seconds, said }) => (
          <p key={seconds} className="flex justify-between gap-3">
            <span className="text-muted">
              {words.say('dashboard-entity.riskOf', { duration: duration(words, seconds) })}
            </span>
            <span className="font-semibold">{percent(words.language, said)}</span>
          </p>
        ))}
    </div>
  );
}

/** A line for each horizon; what lies under several of them is darker. */
function Fan({ horizons }: { readonly horizons: readonly number[] }) {
  const at = (index: number) => (row: RiskRow) => row.probabilities[index] ?? null;
  return (
    <>
      {horizons.map((seconds, index) => (
        <Area
          key={`area ${seconds}`}
          dataKey={at(index)}
          stroke="none"
          fill="var(--accent)"
          fillOpacity={0.1}
          {...still}
        />
      ))}
      {horizons.map((seconds, index) => (
        <Line key={seconds} dataKey={at(index)} stroke="var(--accent)" strokeWidth={1.5} {...still} />
      ))}
    </>
  );
}

interface NumbersProps {
  readonly name: string;
  readonly cone: RiskCone;
  readonly horizons: readonly number[];
}

function Numbers({ name, cone, horizons }: NumbersProps) {
  const words = useWords();
  return (
    <TableBehind
      name={name}
      columns={[
        words.say('dashboard-entity.time'),
        ...horizons.map((seconds) => words.say('dashboard-entity.riskOf', { duration: duration(words, seconds) })),
      ]}
      rows={cone.points.map(({ time, probabilities }) => ({
        key: String(time),
        cells: [
          absolute(words.language, time),
          ...horizons.map((_, index) => percent(words.language, probabilities[index])),
        ],
      }))}
    />
  );
}

/** Probability within each horizon over time: the lines nest, and each is named where it ends. */
export function RiskChart({ cone }: { readonly cone: RiskCone }) {
  const words = useWords();
  const name = words.say('dashboard-entity.riskOverTime');
  const horizons = cone.horizons.slice(0, MOST_LINES);
  const rows = riskRows(cone);
  const last = cone.points.at(-1);
  const from = cone.points[0]?.time ?? 0;
  const to = Math.max(last?.time ?? 0, from + 1);
  const domain = [0, shareEnd(cone.points.flatMap(({ probabilities }) => probabilities))] as const;
  const labels = horizons.map((seconds, index) => ({
    key: String(seconds),
    value: last?.probabilities[index] ?? 0,
    text: `${duration(words, seconds)}: ${percent(words.language, last?.probabilities[index])}`,
    strong: index === horizons.length - 1,
  }));
  return (
    <>
      <div className="relative">
        <ResponsiveContainer width="100%" height={CHART_HEIGHT} initialDimension={size}>
          <ComposedChart data={rows} margin={margin} role="application" aria-label={name}>
            <TimeAxis from={from} to={to} most={5} />
            <ValueAxis domain={domain} unit="ratio" />
            <Fan horizons={horizons} />
            <Tooltip
              content={<Reading horizons={horizons} />}
              cursor={{ stroke: 'var(--accent)' }}
              isAnimationActive={false}
            />
          </ComposedChart>
        </ResponsiveContainer>
        <EndLabels labels={labels} domain={domain} plot={PLOT} />
      </div>
      <Numbers name={name} cone={cone} horizons={horizons} />
    </>
  );
}
