import type { Outcome } from '../model/action.ts';
import type { Event } from '../model/event.ts';
import type { Incident } from '../model/incident.ts';
import { phrase } from '../model/phrase.ts';
import type { Ask, Grants } from './alert-budget.ts';
import { type GroupingOptions, IncidentIndex } from './incident-index.ts';
import {
  absorb,
  askOf,
  grantedSeverity,
  type IncidentRecord,
  MAX_SIGNS,
  note,
  openRecord,
  recordOf,
  summarise,
  tell,
  wantedSeverity,
} from './incident-record.ts';
import { RecentEvents } from './recent-events.ts';
import { rankOf, type Signal } from './signal.ts';

export interface CorrelationOptions extends GroupingOptions {
  /** An incident is over when all its signs have been over for this long, ms. */
  readonly quietMs: number;
  /** Until this long after its end the same trouble opens it again instead of a new one, ms. */
  readonly reopenMs: number;
  /** A sign that is open but has not been heard of for this long no longer keeps an incident open, ms. */
  readonly staleMs: number;
  /** More openings in a fleet than `count` within `windowMs` are a storm: one incident takes the rest. */
  readonly storm: { readonly count: number; readonly windowMs: number };
}

export const CORRELATION_DEFAULTS: CorrelationOptions = {
  entityWindowMs: 5 * 60_000,
  sharedWindowMs: 60_000,
  quietMs: 5 * 60_000,
  reopenMs: 60 * 60_000,
  staleMs: 3 * 86_400_000,
  storm: { count: 30, windowMs: 60_000 },
};

/** Resolved incidents kept in mind for re-opening; the oldest go first. */
const MAX_RESOLVED = 1000;

/**
 * Groups signs into incidents. Knows no clock and no store: the time is handed in, and what changed is taken out by
 * `flush`. The work for one sign does not grow with the number of incidents or entities.
 */
export class Correlation {
  readonly #options: CorrelationOptions;
  readonly #index: IncidentIndex;
  readonly #events = new RecentEvents();
  /** Times of recent openings by fleet, for the storm rule. */
  readonly #openings = new Map<string, number[]>();
  /** The newest incident of each fleet that takes in what a storm brings. */
  readonly #storms = new Map<string, IncidentRecord>();
  readonly #changed = new Map<string, Incident>();

  constructor(options: CorrelationOptions = CORRELATION_DEFAULTS) {
    this.#options = options;
    this.#index = new IncidentIndex(options);
  }

  get open(): number {
    let count = 0;
    for (const { incident } of this.#index.records()) if (incident.state === 'open') count++;
    return count;
  }

  has(incident: string): boolean {
    return this.#index.get(incident) !== undefined;
  }

  /** Takes back an incident that was stored, with those of its signs that are known. */
  restore(incident: Incident, signals: readonly Signal[]): void {
    const record = recordOf(incident, incident.title.key === 'correlate.storm');
    this.#insert(record);
    for (const signal of signals) {
      if (absorb(record, signal, true)) this.#index.link(record, signal);
    }
    if (rankOf(wantedSeverity(record)) > rankOf(incident.severity)) record.heldBack = wantedSeverity(record);
    record.touched = false;
  }

  /** Whether this sign would open an incident now: the moment to ask the store whether it has one already. */
  wouldOpen(signal: Signal, now: number): boolean {
    return this.#matters(signal, now) && this.#index.find(signal) === null && !this.#stormy(signal.fleet, now);
  }

  take(signal: Signal, now: number): void {
    const found = this.#index.find(signal);
    if (found === null) {
      if (this.#matters(signal, now)) this.#absorb(this.#openFor(signal, now), signal, now);
      return;
    }
    const { record, tie } = found;
    if (tie === 'driver' && rankOf(signal.severity) === 0) return;
    if (record.incident.state === 'resolved') {
      if (signal.end !== null || rankOf(signal.severity) === 0) {
        if (tie === 'member') absorb(record, signal, true);
        return;
      }
      this.#reopen(record, now);
    }
    this.#absorb(record, signal, now);
  }

  takeEvent(event: Event): void {
    this.#events.add(event);
    for (const record of this.#index.ofEntity(event.entity)) {
      if (record.incident.state === 'open') this.#events.tellOf(record, event);
    }
  }

  /** Writes what a run brought into its incident's story; false when the incident is not in mind. */
  takeOutcome(outcome: Outcome): boolean {
    const record = outcome.incident === null ? undefined : this.#index.get(outcome.incident);
    if (record === undefined) return false;
    const { decidedAt: time, entity, id: ref, reason: text } = outcome;
    tell(record, { time, entity, ref, type: 'outcome', text });
    if (outcome.verdict === 'resolved') this.#endHappened(record, outcome);
    return true;
  }

  /** Resolves what is quiet and forgets what can no longer be opened again. */
  tick(now: number): void {
    const { quietMs, reopenMs, staleMs } = this.#options;
    const resolved: IncidentRecord[] = [];
    for (const record of this.#index.records()) {
      if (record.incident.state === 'resolved') {
        if (!record.dirty) resolved.push(record);
        continue;
      }
      const stale = now - record.lastUpdate >= staleMs && now - record.incident.updatedAt >= staleMs;
      if (!stale && (record.openSigns > 0 || now - record.lastSign < quietMs)) continue;
      const text = stale
        ? phrase('correlate.stale', { seconds: Math.round(staleMs / 1000) })
        : phrase('correlate.resolved', { seconds: Math.round(quietMs / 1000) });
      tell(record, note(now, text));
      record.incident = { ...record.incident, state: 'resolved', resolvedAt: now };
      record.dirty = true;
    }
    resolved.sort((a, b) => (a.incident.resolvedAt ?? 0) - (b.incident.resolvedAt ?? 0));
    resolved.forEach((record, place) => {
      const tooMany = place < resolved.length - MAX_RESOLVED;
      if (tooMany || now - (record.incident.resolvedAt ?? 0) >= reopenMs) this.#index.remove(record);
    });
    for (const [fleet, times] of this.#openings)
      if (this.#recent(times, now).length === 0) this.#openings.delete(fleet);
  }

  /** What `flush` would ask the budget for. */
  asks(): readonly Ask[] {
    const asks: Ask[] = [];
    for (const record of this.#index.records()) if (this.#asks(record)) asks.push(askOf(record));
    return asks;
  }

  /** The incidents that changed since they were last acknowledged, as they are now. `grants` answers their asks. */
  flush(now: number, grants: Grants): readonly Incident[] {
    for (const record of this.#index.records()) {
      if (this.#asks(record)) this.#ask(record, now, grants);
      record.touched = false;
      if (!record.dirty) continue;
      summarise(record, this.#events.changes(record.incident.fleet), now);
      record.dirty = false;
      this.#changed.set(record.incident.id, record.incident);
    }
    return [...this.#changed.values()];
  }

  /** Says that these have been stored and published; what is not acknowledged comes again with the next `flush`. */
  acknowledge(incidents: readonly Incident[]): void {
    for (const incident of incidents) {
      if (this.#changed.get(incident.id) === incident) this.#changed.delete(incident.id);
    }
  }

  #asks(record: IncidentRecord): boolean {
    if (!record.dirty && !record.touched) return false;
    return record.incident.state === 'open' && rankOf(wantedSeverity(record)) > rankOf(grantedSeverity(record));
  }

  #ask(record: IncidentRecord, now: number, grants: Grants): void {
    const { wanted, granted: before } = askOf(record);
    const { severity, budget } = grants(askOf(record));
    if (severity !== before) {
      record.incident = { ...record.incident, severity, pagedAt: now };
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

  /** Only what is at least a warning opens an incident, and only while it is news. */
  #matters(signal: Signal, now: number): boolean {
    const over = signal.end !== null && now - signal.end > this.#options.quietMs;
    return rankOf(signal.severity) > 0 && !over;
  }

  #absorb(record: IncidentRecord, signal: Signal, now: number): void {
    if (absorb(record, signal, false)) {
      this.#index.link(record, signal);
      return;
    }
    if (!record.incident.timeline.some(({ text }) => text.key === 'correlate.overflow')) {
      tell(record, note(now, phrase('correlate.overflow', { count: MAX_SIGNS })));
    }
    // Its end is not waited for, so that at least what still comes keeps the incident open.
    record.lastSign = Math.max(record.lastSign, signal.updatedAt);
  }

  #openFor(signal: Signal, now: number): IncidentRecord {
    const stormy = this.#stormy(signal.fleet, now);
    const storm = stormy ? this.#storms.get(signal.fleet) : undefined;
    if (storm?.incident.state === 'open') return storm;
    const record = openRecord(signal, now, stormy);
    this.#insert(record);
    this.#openings.set(signal.fleet, [...this.#recent(this.#openings.get(signal.fleet) ?? [], now), now]);
    for (const event of this.#events.before(signal)) this.#events.tellOf(record, event);
    return record;
  }

  #insert(record: IncidentRecord): void {
    this.#index.insert(record);
    if (record.storm) this.#storms.set(record.incident.fleet, record);
  }

  #recent(times: readonly number[], now: number): number[] {
    return times.filter((time) => now - time < this.#options.storm.windowMs);
  }

  #stormy(fleet: string, now: number): boolean {
    return this.#recent(this.#openings.get(fleet) ?? [], now).length >= this.#options.storm.count;
  }

  /** It does not page a second time: what it was granted stays granted. */
  #reopen(record: IncidentRecord, now: number): void {
    const { incident } = record;
    record.incident = { ...incident, state: 'open', resolvedAt: null, reopened: incident.reopened + 1 };
    tell(record, note(now, phrase('correlate.reopened', { count: incident.reopened + 1 })));
    record.dirty = true;
  }

  /** What had happened is over by the word of an outcome; its hold ends with it. */
  #endHappened(record: IncidentRecord, outcome: Outcome): void {
    for (const signal of record.signals.values()) {
      if (signal.type !== 'prediction' || signal.end === null || signal.end <= outcome.decidedAt) continue;
      record.signals.set(signal.id, { ...signal, end: outcome.decidedAt });
    }
    let last = record.incident.openedAt;
    for (const signal of record.signals.values()) last = Math.max(last, signal.start, signal.end ?? 0);
    record.lastSign = last;
  }
}
