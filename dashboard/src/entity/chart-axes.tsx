import { XAxis, YAxis } from 'recharts';
import { axisTime } from '../format/moment.ts';
import { quantity } from '../format/quantity.ts';
import { useWords } from '../text/words.ts';
import { timeTicks, valueTicks } from './axis-ticks.ts';

const tick = { fontSize: 11, fill: 'var(--muted)' } as const;

interface TimeAxisProps {
  readonly from: number;
  readonly to: number;
  readonly most: number;
}

/** Time from left to right, the end excluded, with round times of the reader's clock. */
export function TimeAxis({ from, to, most }: TimeAxisProps) {
  const { language } = useWords();
  return (
    <XAxis
      dataKey="time"
      type="number"
      domain={[from, to]}
      allowDataOverflow
      ticks={timeTicks(from, to, most)}
      interval="equidistantPreserveStart"
      tickLine={false}
      axisLine={{ stroke: 'var(--line)' }}
      tick={tick}
      tickFormatter={(time: number) => axisTime(language, time, to - from)}
      height={20}
    />
  );
}

export function ValueAxis({ domain, unit }: { readonly domain: readonly [number, number]; readonly unit: string }) {
  const words = useWords();
  return (
    <YAxis
      width={70}
      domain={domain}
      allowDataOverflow
      ticks={valueTicks(domain)}
      interval={0}
      tickLine={false}
      axisLine={false}
      tick={tick}
      tickFormatter={(value: number) => quantity(words, value, unit)}
    />
  );
}
