import type { Severity } from '../model/anomaly.ts';
import type { Event } from '../model/event.ts';
import type { Incident, TimelineEntry } from '../model/incident.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import { stableId } from '../runtime/ids.ts';
import type { Ask } from './alert-budget.ts';
import { suspectRoot } from './root.ts';
import { rankOf, resourceOf, type Signal, worst } from './signal.ts';
import { byWeight, signText, titleOf } from './title.ts';

/** An incident while it is worked on: what is stored, and what can be found again from its signs. */
export interface IncidentRecord {
  incident: Incident;
  readonly signals: Map<string, Signal>;
  /** `entity` and resource of every sign, as one key. */
  readonly resources: Set<string>;
  readonly drivers: Set<string>;
  openSigns: number;
  /** When its newest sign began or ended. */
  lastSign: number;
  lastUpdate: number;
  /** Severity for which the budget did not reach and of which the story tells already. */
  heldBack: Severity | null;
  readonly storm: boolean;
  /** Something changed that others must hear of. */
  dirty: boolean;
  /** A sign came, though perhaps nothing changed: the moment to ask the budget again. */
  touched: boolean;
}

/** A thousand signs are more than anybody reads; what comes beyond is one incident all the same. */
export const MAX_SIGNS = 1000;
const MAX_FEATURES = 50;
const MAX_TIMELINE = 200;
/** When a story is cut, its beginning stays: how it began is what people look for. */
const KEPT_BEGINNING = 50;

export const resourceKey = (signal: Signal, feature: string): string => `${signal.entity}\u0000${resourceOf(feature)}`;

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
    resources: new Set(),
    drivers: new Set(),
    openSigns: 0,
    lastSign: incident.openedAt,
    lastUpdate: incident.updatedAt,
    heldBack: null,
    storm,
    dirty: false,
    touched: false,
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
  const next = [...timeline, entry].sort((a, b) => a.time - b.time);
  if (next.length > MAX_TIMELINE) next.splice(KEPT_BEGINNING, next.length - MAX_TIMELINE);
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
  for (const feature of signal.features) record.resources.add(resourceKey(signal, feature));
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

/** The worst of its signs: the severity it would have without a budget. */
export function wantedSeverity(record: IncidentRecord): Severity {
  let severity: Severity = 'info';
  for (const signal of record.signals.values()) severity = worst(severity, signal.severity);
  return severity;
}

/** What a budget gave it so far. */
export const grantedSeverity = ({ incident }: IncidentRecord): Severity =>
  incident.pagedAt === null ? 'info' : incident.severity;

/** What it asks of the budget: its weightiest sign says what it is about. */
export function askOf(record: IncidentRecord): Ask {
  let lead: Signal | undefined;
  for (const signal of record.signals.values()) if (lead === undefined || byWeight(signal, lead) < 0) lead = signal;
  return {
    incident: record.incident.id,
    sign: lead?.id ?? '',
    entity: lead?.entity ?? record.incident.root,
    kind: lead?.kind ?? '',
    wanted: wantedSeverity(record),
    granted: grantedSeverity(record),
    refused: record.heldBack !== null,
  };
}

/** Writes what follows from the signs into the incident: root, title, entities, kinds, features, ids. */
export function summarise(record: IncidentRecord, changes: readonly Event[], now: number): void {
  const signals = [...record.signals.values()].sort(byWeight);
  const lead = signals[0];
  if (lead === undefined) return;
  const { root, reason } = suspectRoot(signals, changes);
  const entities = [...new Set([root, ...signals.map(({ entity }) => entity)])];
  const alike = new Set(signals.filter(({ kind }) => kind === lead.kind).map(({ entity }) => entity)).size;
  const ids = (type: Signal['type']): string[] => signals.filter((s) => s.type === type).map(({ id }) => id);
  record.incident = {
    ...record.incident,
    title: titleOf(lead, record.storm ? entities.length : alike, record.storm),
    updatedAt: Math.max(now, record.incident.updatedAt),
    root,
    rootReason: reason,
    entities,
    anomalyKinds: [...new Set(signals.filter((s) => s.type === 'anomaly').map(({ kind }) => kind))],
    features: [...new Set(signals.flatMap(({ features }) => features))].slice(0, MAX_FEATURES),
    anomalies: ids('anomaly'),
    predictions: ids('prediction'),
  };
}
