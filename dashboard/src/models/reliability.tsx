import { ReferenceLine, Scatter, Tooltip, ZAxis } from 'recharts';
import type { HorizonFigures } from '../../../src/model/failure-model.ts';
import { formatNumber, formatPercent } from '../../../src/text/format.ts';
import { NumberChart } from '../charts/number-chart.tsx';
import { shareEnd } from '../charts/scales.ts';
import { ChartTip } from '../entity/chart-tip.tsx';
import { duration } from '../format/duration.ts';
import { useWords } from '../text/words.ts';
import { TableBehind } from '../ui/data-table.tsx';
import { Empty } from '../ui/states.tsx';

type Level = HorizonFigures['reliability'][number];

/** Areas of the dots, in square pixels. */
const DOTS: [number, number] = [40, 420];

/** Recharts hands in the payload: one level. */
function Reading({ payload }: { readonly payload?: readonly { readonly payload?: unknown }[] }) {
  const words = useWords();
  const level = payload?.[0]?.payload as Level | undefined;
  if (level === undefined) return null;
  const percent = (share: number): string => formatPercent(words.language, share);
  return (
    <ChartTip value={`${words.say('dashboard-models.said')}: ${percent(level.said)}`}>
      {words.say('dashboard-models.came')}: {percent(level.came)} ({formatNumber(words.language, level.count)})
    </ChartTip>
  );
}

function Ratio({ figures }: { readonly figures: HorizonFigures }) {
  const words = useWords();
  const ratio = figures.expectedOverObserved;
  if (ratio === null) return null;
  const number = (value: number): string => formatNumber(words.language, value);
  return (
    <p className="mb-2 text-sm">
      {words.say('dashboard-models.expectedOverObserved', {
        ratio: number(ratio.value),
        low: number(ratio.low),
        high: number(ratio.high),
      })}
    </p>
  );
}

/** What was said against what came, by level, at one horizon. */
export function Reliability({ figures }: { readonly figures: HorizonFigures }) {
  const words = useWords();
  const levels = figures.reliability.filter(({ count }) => count > 0);
  if (levels.length === 0) return <Empty title={words.say('dashboard-models.reliabilityEmpty')} />;
  const name = `${words.say('dashboard-models.reliability')} ${words.say('dashboard-models.within', { duration: duration(words, figures.seconds) })}`;
  const end = shareEnd(levels.flatMap(({ said, came }) => [said, came]));
  const percent = (share: number): string => formatPercent(words.language, share);
  const said = words.say('dashboard-models.said');
  const came = words.say('dashboard-models.came');
  return (
    <>
      <Ratio figures={figures} />
      <p aria-hidden className="pl-1 text-xs text-muted">
        {came}
      </p>
      <NumberChart
        name={name}
        data={levels}
        along="said"
        x={{ name: said, domain: [0, end], format: percent }}
        y={{ domain: [0, end], format: percent }}
      >
        <ReferenceLine
          segment={[
            { x: 0, y: 0 },
            { x: end, y: end },
          ]}
          stroke="var(--line-strong)"
          strokeDasharray="4 4"
        />
        <ZAxis dataKey="count" range={DOTS} />
        <Scatter dataKey="came" fill="var(--accent)" fillOpacity={0.75} isAnimationActive={false} />
        <Tooltip content={<Reading />} cursor={false} isAnimationActive={false} />
      </NumberChart>
      <TableBehind
        name={name}
        columns={[said, came, words.say('dashboard-models.cases')]}
        rows={levels.map((level) => ({
          key: String(level.low),
          cells: [percent(level.said), percent(level.came), formatNumber(words.language, level.count)],
        }))}
      />
    </>
  );
}
