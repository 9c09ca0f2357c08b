import type { Severity } from '../model/anomaly.ts';
import type { Incident, SuspectedRoot, TimelineEntry } from '../model/incident.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import { stableId } from '../runtime/ids.ts';
import type { Ask } from './alert-budget.ts';
import type { Quiet } from './quiet.ts';
import { rankOf, type Signal, worst } from './signal.ts';
import { byWeight, signText, titleOf } from './title.ts';

/** An incident while it is worked on: what is stored, and what can be found again from its signs. */
export interface IncidentRecord {
  incident: Incident;
  readonly signals: Map<string, Signal>;
  openSigns: number;
  /** When its newest sign began or ended. */
  lastSign: number;
  lastUpdate: number;
  /** Severity for which the budget did not reach and of which the story tells already. */
  heldBack: Severity | null;
  /** Ids of the silences of which the story tells already. */
  silencedBy: readonly string[];
  readonly storm: boolean;
  /** Something changed that others must hear of. */
  dirty: boolean;
  /** A sign came, though perhaps nothing changed: the moment to ask the budget again. */
  touched: boolean;
  /** What changed must be said at once, however large it is. */
  urgent: boolean;
  /** What is not listed, since there is too much of it. */
  readonly leftOut: { signs: number; timeline: number };
  /** The incident that this one turned out to be a part of. */
  mergedInto: IncidentRecord | null;
  /** It has been forgotten; whatever still points here points to nothing. */
  removed: boolean;
  /** When it was last summarised, and of how many signs. */
  summarised: { readonly at: number; readonly signs: number };
}

/** The record itself, or the one that it became a part of; null when that is forgotten. */
export function alive(record: IncidentRecord | null): IncidentRecord | null {
  let found = record;
  while (found?.mergedInto) found = found.mergedInto;
  return found === null || found.removed ? null : found;
}

/** A thousand signs are more than anybody reads; what comes beyond is one incident all the same. */
export const MAX_SIGNS = 1000;
const MAX_FEATURES = 50;
const MAX_TIMELINE = 200;
/** When a story is cut, its beginning stays: how it began is what people look for. */
const KEPT_BEGINNING = 50;

/** A new incident named after its first sign, so that a replay names it the same. */
export function openRecord(signal: Signal, now: number, storm: boolean): IncidentRecord {
  const incident: Incident = {
    id: stableId('incident', signal.fleet, signal.id),
    fleet: signal.fleet,
    state: 'open',
    severity: 'info',
    title: signText(signal),
    openedAt: signal.start,
    updatedAt: now,
    resolvedAt: null,
    reopened: 0,
    root: signal.entity,
    rootReason: phrase('correlate.rootOnly', { entity: signal.entity }),
    entities: [],
    anomalyKinds: [],
    features: [],
    anomalies: [],
    predictions: [],
    pagedAt: null,
    timeline: [],
  };
  return recordOf(incident, storm);
}

/** The record of an incident whose signs are still to be added. */
export function recordOf(incident: Incident, storm: boolean): IncidentRecord {
  return {
    incident,
    signals: new Map(),
    openSigns: 0,
    lastSign: incident.openedAt,
    lastUpdate: incident.updatedAt,
    heldBack: null,
    silencedBy: incident.silencedBy ?? [],
    storm,
    dirty: false,
    touched: false,
    urgent: false,
    leftOut: { signs: incident.leftOut?.signs ?? 0, timeline: incident.leftOut?.timeline ?? 0 },
    mergedInto: null,
    removed: false,
    summarised: { at: Number.NEGATIVE_INFINITY, signs: 0 },
  };
}

/** Puts an entry at its place in time; what was said already (type, reference, words) is not said twice. */
export function tell(record: IncidentRecord, entry: TimelineEntry): void {
  const { timeline } = record.incident;
  const known = timeline.some(
    (other) =>
      other.type === entry.type &&
      other.ref === entry.ref &&
      other.text.key === entry.text.key &&
      other.time === entry.time,
  );
  if (known) return;
  let place = timeline.length;
  while (place > 0 && timeline[place - 1]!.time > entry.time) place--;
  const next = timeline.toSpliced(place, 0, entry);
  if (next.length > MAX_TIMELINE) {
    record.leftOut.timeline += next.length - MAX_TIMELINE;
    next.splice(KEPT_BEGINNING, next.length - MAX_TIMELINE);
  }
  record.incident = { ...record.incident, timeline: next };
  record.dirty = true;
}

export const note = (time: number, text: Phrase): TimelineEntry => ({
  time,
  entity: null,
  ref: null,
  type: 'note',
  text,
});

/** Takes the newest state of a sign in. False when the record is full and the sign is not one of its own. */
export function absorb(record: IncidentRecord, signal: Signal, quiet: boolean): boolean {
  const known = record.signals.get(signal.id);
  if (known === undefined && record.signals.size >= MAX_SIGNS) return false;
  if (known !== undefined && known.updatedAt > signal.updatedAt) return true;
  record.signals.set(signal.id, signal);
  record.openSigns += Number(signal.end === null) - Number(known !== undefined && known.end === null);
  record.lastSign = Math.max(record.lastSign, signal.start, signal.end ?? 0);
  record.lastUpdate = Math.max(record.lastUpdate, signal.updatedAt);
  if (signal.start < record.incident.openedAt) record.incident = { ...record.incident, openedAt: signal.start };
  record.touched = true;
  if (!quiet) tellChange(record, known, signal);
  return true;
}

function tellChange(record: IncidentRecord, before: Signal | undefined, signal: Signal): void {
  const { entity, id: ref, type } = signal;
  if (before === undefined) {
    tell(record, { time: signal.start, entity, ref, type, text: signText(signal) });
    record.dirty = true;
    return;
  }
  if (rankOf(signal.severity) > rankOf(before.severity)) {
    const text = phrase(`correlate.worse_${signal.severity}`, { entity, feature: signal.features[0] ?? '' });
    tell(record, { time: signal.updatedAt, entity, ref, type, text });
  }
  if (before.end === null && signal.end !== null) {
    const values = { entity, feature: signal.features[0] ?? '' };
    const text = phrase(signal.happened ? `correlate.happened_${signal.kind}` : 'correlate.over', values);
    tell(record, { time: signal.happened ? signal.updatedAt : signal.end, entity, ref, type, text });
  }
  if (!sameSign(before, signal)) record.dirty = true;
}

/** The order of its features changes with every frame and is no news. */
const featuresOf = ({ features }: Signal): string => [...features].sort().join('\u0000');

const sameSign = (a: Signal, b: Signal): boolean =>
  a.severity === b.severity && a.end === b.end && a.kind === b.kind && featuresOf(a) === featuresOf(b);

/** The worst of its signs that nobody has silenced: the severity it would have without a budget. */
export function wantedSeverity(record: IncidentRecord, quiet: Quiet): Severity {
  let severity: Severity = 'info';
  for (const signal of record.signals.values()) {
    if (rankOf(signal.severity) > rankOf(severity) && quiet.by(signal).length === 0) severity = signal.severity;
  }
  return severity;
}

/** The silences that keep it below the worst of its signs; none when they keep nothing back. */
export function silencesOf(record: IncidentRecord, quiet: Quiet): readonly string[] {
  if (!quiet.any) return [];
  const wanted = rankOf(wantedSeverity(record, quiet));
  const ids = new Set<string>();
  for (const signal of record.signals.values()) {
    if (rankOf(signal.severity) > wanted) for (const id of quiet.by(signal)) ids.add(id);
  }
  return [...ids].sort();
}

/** What a budget gave it so far. */
export const grantedSeverity = ({ incident }: IncidentRecord): Severity =>
  incident.pagedAt === null ? 'info' : incident.severity;

/** What it asks of the budget: its weightiest sign says what it is about. */
export function askOf(record: IncidentRecord, quiet: Quiet): Ask {
  let lead: Signal | undefined;
  for (const signal of record.signals.values()) {
    const weightier = lead === undefined || byWeight(signal, lead) < 0;
    if (weightier && quiet.by(signal).length === 0) lead = signal;
  }
  return {
    incident: record.incident.id,
    sign: lead?.id ?? '',
    entity: lead?.entity ?? record.incident.root,
    kind: lead?.kind ?? '',
    wanted: wantedSeverity(record, quiet),
    granted: grantedSeverity(record),
    refused: record.heldBack !== null,
  };
}

/** Beyond so many signs of a record its summary is a cost, and is made anew only once in a while. */
const MANY_SIGNS = 100;
const SUMMARY_PAUSE_MS = 2000;

/** Whether what follows from the signs should be worked out now, or can wait for the next look. */
export function isSummaryDue({ incident, signals, summarised, urgent }: IncidentRecord, now: number): boolean {
  const large = signals.size > MANY_SIGNS && incident.state === 'open';
  return !large || urgent || now - summarised.at >= SUMMARY_PAUSE_MS || summarised.signs <= MANY_SIGNS;
}

/** Writes what follows from the signs into the incident: root, title, entities, kinds, features, ids. */
export function summarise(
  record: IncidentRecord,
  rank: (signals: readonly Signal[]) => readonly SuspectedRoot[],
  now: number,
): void {
  const signals = [...record.signals.values()].sort(byWeight);
  const [lead] = signals;
  if (lead === undefined) return;
  record.summarised = { at: now, signs: signals.length };
  record.urgent = false;
  const roots = rank(signals);
  const { entity: root, reason } = roots[0]!;
  const entities = [...new Set([root, ...signals.map(({ entity }) => entity)])];
  const same = ({ kind, happened }: Signal): boolean => kind === lead.kind && happened === lead.happened;
  const alike = new Set(signals.filter(same).map(({ entity }) => entity)).size;
  const ids = (type: Signal['type']): string[] => signals.filter((s) => s.type === type).map(({ id }) => id);
  const { signs, timeline } = record.leftOut;
  record.incident = {
    ...record.incident,
    title: titleOf(lead, record.storm ? entities.length : alike, record.storm),
    updatedAt: Math.max(now, record.incident.updatedAt),
    root,
    rootReason: reason,
    roots: [...roots],
    entities,
    anomalyKinds: [...new Set(signals.filter((s) => s.type === 'anomaly').map(({ kind }) => kind))],
    features: [...new Set(signals.flatMap(({ features }) => features))].slice(0, MAX_FEATURES),
    anomalies: ids('anomaly'),
    predictions: ids('prediction'),
    ...(signs + timeline > 0 ? { leftOut: { signs, timeline } } : {}),
  };
}

const worseOf = (a: IncidentRecord, b: IncidentRecord): Severity => worst(grantedSeverity(a), grantedSeverity(b));

const earlier = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);

/** What `from` held is held by `into`; `from` is over and says where it went. What either was granted stays granted. */
export function merge(into: IncidentRecord, from: IncidentRecord, now: number): void {
  const severity = worseOf(into, from);
  const pagedAt = earlier(into.incident.pagedAt, from.incident.pagedAt);
  for (const signal of from.signals.values()) {
    if (!absorb(into, signal, true)) into.leftOut.signs++;
  }
  into.leftOut.signs += from.leftOut.signs;
  into.leftOut.timeline += from.leftOut.timeline;
  into.lastSign = Math.max(into.lastSign, from.lastSign);
  for (const entry of from.incident.timeline) tell(into, entry);
  tell(into, note(now, phrase('correlate.merged', { entity: from.incident.root })));
  into.incident = { ...into.incident, severity, pagedAt };
  into.dirty = true;
  tell(from, note(now, phrase('correlate.mergedInto', { entity: into.incident.root })));
  const { incident } = from;
  from.incident = { ...incident, state: 'resolved', resolvedAt: now, updatedAt: now, mergedInto: into.incident.id };
  from.mergedInto = into;
  from.dirty = true;
}
