import type { Fault } from './faults.ts';
import type { Span } from './routine.ts';

/** Something that people were told of. */
export interface Told {
  /** When, Unix ms. */
  readonly at: number;
  readonly severity: 'warning' | 'critical';
  /** What it said was abnormal, and from when to when; Unix ms, `to` excluded. */
  readonly spans: readonly { readonly entity: string; readonly from: number; readonly to: number }[];
}

/** A fault is told of in time while it lasts and shortly after. */
const GRACE_MS = 15 * 60_000;

const hits = ({ spans }: Told, fault: Fault, { start, stepMs }: Span): boolean => {
  const [from, to] = [start + fault.from * stepMs, start + fault.to * stepMs + GRACE_MS];
  return spans.some((span) => span.entity === fault.entity && span.from < to && span.to > from);
};

/** The faults that were told of. */
export function recalled(faults: readonly Fault[], told: readonly Told[], span: Span): ReadonlySet<number> {
  const found = new Set<number>();
  for (const fault of faults) {
    const end = span.start + fault.to * span.stepMs + GRACE_MS;
    if (told.some((one) => one.at <= end && hits(one, fault, span))) found.add(fault.id);
  }
  return found;
}

/** What was told without any fault. */
export const falseAlerts = (faults: readonly Fault[], told: readonly Told[], span: Span): readonly Told[] =>
  told.filter((one) => !faults.some((fault) => hits(one, fault, span)));

/** Share of the faults of each part that was told of: `1–2 .41 · 2–3 .77 · …`. */
export function recallBy(faults: readonly Fault[], found: ReadonlySet<number>, part: (fault: Fault) => string): string {
  const parts = new Map<string, { all: number; found: number }>();
  for (const fault of faults) {
    const key = part(fault);
    const one = parts.get(key) ?? { all: 0, found: 0 };
    parts.set(key, one);
    one.all += 1;
    if (found.has(fault.id)) one.found += 1;
  }
  return [...parts]
    .sort(([a], [b]) => Number.parseFloat(a) - Number.parseFloat(b) || (a < b ? -1 : 1))
    .map(([key, { all, found }]) => `${key} ${(found / all).toFixed(2).replace(/^0/, '')}`)
    .join(', ');
}
