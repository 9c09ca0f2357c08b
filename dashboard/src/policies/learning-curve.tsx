import { Line, Tooltip } from 'recharts';
import type { LearningPoint } from '../../../src/model/policy.ts';
import { formatNumber, formatPercent } from '../../../src/text/format.ts';
import { NumberChart } from '../charts/number-chart.tsx';
import { roundDomain } from '../charts/scales.ts';
import { ChartTip } from '../entity/chart-tip.tsx';
import { absolute } from '../format/moment.ts';
import { useWords } from '../text/words.ts';
import { TableBehind } from '../ui/data-table.tsx';
import { Empty } from '../ui/states.tsx';

interface CurveProps {
  readonly of: 'minutes' | 'resolved';
  readonly points: readonly LearningPoint[];
}

interface ReadingProps {
  readonly payload?: readonly { readonly payload?: unknown }[];
  readonly of: CurveProps['of'];
  readonly format: (value: number) => string;
}

/** Recharts hands in the payload: one point. */
function Reading({ payload, of, format }: ReadingProps) {
  const { language } = useWords();
  const point = payload?.[0]?.payload as LearningPoint | undefined;
  return point === undefined ? null : <ChartTip value={format(point[of])}>· {absolute(language, point.time)}</ChartTip>;
}

function Curve({ of, points }: CurveProps) {
  const words = useWords();
  const name = words.say(of === 'minutes' ? 'dashboard-policies.curveMinutes' : 'dashboard-policies.curveResolved');
  const along = words.say('dashboard-policies.curveIncidents');
  const format = (value: number): string =>
    of === 'resolved' ? formatPercent(words.language, value) : formatNumber(words.language, value);
  const count = (value: number): string => formatNumber(words.language, value);
  return (
    <li className="card min-w-0 p-5">
      <h3 className="mb-2 font-medium">{name}</h3>
      <NumberChart
        name={name}
        data={points}
        along="incidents"
        x={{ name: along, domain: roundDomain(points.map(({ incidents }) => incidents)), format: count }}
        y={{ domain: of === 'resolved' ? [0, 1] : roundDomain(points.map(({ minutes }) => minutes)), format }}
      >
        <Line
          dataKey={of}
          stroke="var(--accent)"
          strokeWidth={2}
          dot={{ r: 2.5, fill: 'var(--accent)', stroke: 'none' }}
          isAnimationActive={false}
        />
        <Tooltip
          content={<Reading of={of} format={format} />}
          cursor={{ stroke: 'var(--accent)' }}
          isAnimationActive={false}
        />
      </NumberChart>
      <TableBehind
        name={name}
        columns={[along, words.say('dashboard-entity.time'), name]}
        rows={points.map((point) => ({
          key: String(point.incidents),
          cells: [count(point.incidents), absolute(words.language, point.time), format(point[of])],
        }))}
      />
    </li>
  );
}

/** Whether choosing gets better with experience: minutes lost, and what the first try resolved. */
export function LearningCurve({ points }: { readonly points: readonly LearningPoint[] }) {
  const words = useWords();
  if (points.length === 0)
    return (
      <Empty title={words.say('dashboard-policies.curveEmpty')}>
        {words.say('dashboard-policies.curveEmptyDetail')}
      </Empty>
    );
  return (
    <ul className="grid gap-4 lg:grid-cols-2">
      <Curve of="minutes" points={points} />
      <Curve of="resolved" points={points} />
    </ul>
  );
}
