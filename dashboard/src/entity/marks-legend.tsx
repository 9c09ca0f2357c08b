import type { ChartRange } from '../api/queries.ts';
import { absolute, clockTime } from '../format/moment.ts';
import { useWords } from '../text/words.ts';
import { StateIcon } from '../ui/severity.tsx';
import { type ChartMarks, eventsIn, spanIn } from './chart-marks.ts';

/** So many are named; more would be a list, and that stands under History. */
const SHOWN = 6;

/** What the shaded spans and the ticks of the charts are, in words. */
export function MarksLegend({ marks, range }: { readonly marks: ChartMarks; readonly range: ChartRange }) {
  const words = useWords();
  const anomalies = marks.anomalies
    .filter((anomaly) => spanIn(anomaly, range.from, range.to) !== null)
    .map(({ id, start, severity, kind }) => ({ id, time: start, severity, name: words.name('anomaly', kind) }));
  const events = eventsIn(marks.events, range.from, range.to).map(({ id, time, name }) => ({
    id,
    time,
    severity: null,
    name: words.name('event', name),
  }));
  const named = [...anomalies, ...events].toSorted((a, b) => b.time - a.time).slice(0, SHOWN);
  if (named.length === 0) return null;
  return (
    <ul className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-sm text-muted">
      {named.map(({ id, time, severity, name }) => (
        <li key={id} className="flex items-center gap-1.5">
          {severity === null ? (
            <span aria-hidden className="h-4 border-l border-dashed border-line-strong" />
          ) : (
            <StateIcon state={severity} size={14} />
          )}
          {name}
          <time dateTime={new Date(time).toISOString()} title={absolute(words.language, time)}>
            {clockTime(words.language, time)}
          </time>
        </li>
      ))}
    </ul>
  );
}
