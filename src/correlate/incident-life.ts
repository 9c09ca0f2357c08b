import type { Outcome } from '../model/action.ts';
import { phrase } from '../model/phrase.ts';
import { type IncidentRecord, note, tell } from './incident-record.ts';

/** It does not page a second time: what it was granted stays granted. */
export function reopen(record: IncidentRecord, now: number): void {
  const { incident } = record;
  record.incident = { ...incident, state: 'open', resolvedAt: null, reopened: incident.reopened + 1 };
  tell(record, note(now, phrase('correlate.reopened', { count: incident.reopened + 1 })));
  record.dirty = true;
}

/** When all its signs have been over for long enough, or nothing was heard of them for far too long. */
export function resolveWhenQuiet(
  record: IncidentRecord,
  { quietMs, staleMs }: { readonly quietMs: number; readonly staleMs: number },
  now: number,
): void {
  const stale = now - record.lastUpdate >= staleMs && now - record.incident.updatedAt >= staleMs;
  if (!stale && (record.openSigns > 0 || now - record.lastSign < quietMs)) return;
  const text = stale
    ? phrase('correlate.stale', { seconds: Math.round(staleMs / 1000) })
    : phrase('correlate.resolved', { seconds: Math.round(quietMs / 1000) });
  tell(record, note(now, text));
  record.incident = { ...record.incident, state: 'resolved', resolvedAt: now };
  record.dirty = true;
}

/** What had happened is over by the word of an outcome; its hold ends with it. */
export function endHappened(record: IncidentRecord, outcome: Outcome): void {
  for (const signal of record.signals.values()) {
    if (signal.type !== 'prediction' || signal.end === null || signal.end <= outcome.decidedAt) continue;
    record.signals.set(signal.id, { ...signal, end: outcome.decidedAt });
  }
  let last = record.incident.openedAt;
  for (const signal of record.signals.values()) last = Math.max(last, signal.start, signal.end ?? 0);
  record.lastSign = last;
}
