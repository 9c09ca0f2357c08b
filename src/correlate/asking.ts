import { phrase } from '../model/phrase.ts';
import type { Grants } from './alert-budget.ts';
import {
  askOf,
  grantedSeverity,
  type IncidentRecord,
  note,
  silencesOf,
  tell,
  wantedSeverity,
} from './incident-record.ts';
import type { Quiet } from './quiet.ts';
import { rankOf } from './signal.ts';

/** Whether it would ask the budget for more than it has. */
export function mayAsk(record: IncidentRecord, quiet: Quiet): boolean {
  if (record.mergedInto !== null || (!record.dirty && !record.touched) || record.incident.state !== 'open')
    return false;
  return rankOf(wantedSeverity(record, quiet)) > rankOf(grantedSeverity(record));
}

/** Asks the budget, and tells when it does not reach. */
// oxlint-disable-next-line eslint/max-params -- what asks, what holds back, who answers, when
export function ask(record: IncidentRecord, quiet: Quiet, grants: Grants, now: number): void {
  const asked = askOf(record, quiet);
  const { wanted, granted: before } = asked;
  const { severity, budget } = grants(asked);
  if (severity !== before) {
    record.incident = { ...record.incident, severity, pagedAt: now };
    record.urgent = true;
    record.dirty = true;
  }
  if (severity === wanted) {
    record.heldBack = null;
  } else if (record.heldBack !== wanted || severity !== before) {
    record.heldBack = wanted;
    const line = wanted === 'critical' ? budget.pages : budget.warnings;
    const values = { count: line.count, seconds: Math.round(line.windowMs / 1000) };
    tell(record, note(now, phrase(`correlate.heldBack_${wanted}_${severity}`, values)));
  }
}

/** Notes which silences keep it back now, and tells when that began and ended. */
export function tellSilences(record: IncidentRecord, quiet: Quiet, now: number): void {
  const ids = record.incident.state === 'open' ? silencesOf(record, quiet) : record.silencedBy;
  if (ids.join() === record.silencedBy.join()) return;
  const fresh = quiet.silences.find(({ id }) => ids.includes(id) && !record.silencedBy.includes(id));
  if (fresh !== undefined) {
    tell(record, note(now, phrase(`correlate.silenced_${fresh.kind}`, { by: fresh.by, why: fresh.why })));
  } else if (ids.length === 0) {
    tell(record, note(now, phrase('correlate.silenceOver')));
  }
  record.silencedBy = ids;
  record.incident = { ...record.incident, silencedBy: [...ids] };
  record.urgent = true;
  record.dirty = true;
}
