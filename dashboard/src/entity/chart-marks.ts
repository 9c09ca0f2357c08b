import type { Anomaly } from '../../../src/model/anomaly.ts';
import type { Event } from '../../../src/model/event.ts';

/** What runs through all charts of a page. */
export interface ChartMarks {
  readonly anomalies: readonly Anomaly[];
  readonly events: readonly Event[];
}

/** More ticks than these would hide the line. */
const MOST_EVENTS = 30;

/** Events within the range, the newest when there are too many. */
export const eventsIn = (events: readonly Event[], from: number, to: number): readonly Event[] =>
  events
    .filter(({ time }) => time >= from && time < to)
    .toSorted((a, b) => b.time - a.time)
    .slice(0, MOST_EVENTS);

/** The span of an anomaly within the range; null where it lies outside. An open one reaches to the end. */
export function spanIn(
  anomaly: Pick<Anomaly, 'start' | 'end'>,
  from: number,
  to: number,
): { readonly from: number; readonly to: number } | null {
  const start = Math.max(from, anomaly.start);
  const end = Math.min(to, anomaly.end ?? to);
  return end > start ? { from: start, to: end } : null;
}
