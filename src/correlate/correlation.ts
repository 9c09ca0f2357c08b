import type { Outcome } from '../model/action.ts';
import type { Event } from '../model/event.ts';
import type { Incident } from '../model/incident.ts';
import { phrase } from '../model/phrase.ts';
import type { Silence } from '../model/silence.ts';
import { TopologyGraph } from '../model/topology-graph.ts';
import type { Ask, Grants } from './alert-budget.ts';
import { ask, mayAsk, tellSilences } from './asking.ts';
import {
  absorb,
  askOf,
  type IncidentRecord,
  isSummaryDue,
  MAX_SIGNS,
  merge,
  note,
  openRecord,
  recordOf,
  summarise,
  tell,
  wantedSeverity,
} from './incident-record.ts';
import { endHappened, reopen, resolveWhenQuiet } from './incident-life.ts';
import { Quiet } from './quiet.ts';
import { RecentEvents } from './recent-events.ts';
import { rankRoots } from './root.ts';
import { rankOf, type Signal } from './signal.ts';
import { type GroupingOptions, SignIndex } from './sign-index.ts';
import { type StormRule, StormWatch } from './storm-watch.ts';

export interface CorrelationOptions extends GroupingOptions {
  /** An incident is over when all its signs have been over for this long, ms. */
  readonly quietMs: number;
  /** Until this long after its end the same trouble opens it again instead of a new one, ms. */
  readonly reopenMs: number;
  /** A sign that is open but has not been heard of for this long no longer keeps an incident open, ms. */
  readonly staleMs: number;
  /** More openings than this are a storm: one incident takes the rest. */
  readonly storm: StormRule;
  /** Starts nearer to each other than this say nothing of which came first, ms. */
  readonly tieMs: number;
}

export const CORRELATION_DEFAULTS: CorrelationOptions = {
  entityWindowMs: 5 * 60_000,
  sharedWindowMs: 60_000,
  topologyWindowMs: 2 * 60_000,
  distance: 2,
  changeWindowMs: 10 * 60_000,
  quietMs: 5 * 60_000,
  reopenMs: 60 * 60_000,
  staleMs: 3 * 86_400_000,
  storm: { count: 30, windowMs: 60_000 },
  tieMs: 20_000,
};

/** Resolved incidents kept in mind for re-opening; the oldest go first. */
const MAX_RESOLVED = 1000;
/** What no incident holds any more is looked for this often. */
const PRUNE_MS = 60_000;

const byAge = (a: IncidentRecord, b: IncidentRecord): number =>
  Number(b.storm) - Number(a.storm) ||
  a.incident.openedAt - b.incident.openedAt ||
  (a.incident.id < b.incident.id ? -1 : 1);

/**
 * Groups signs into incidents. Knows no clock and no store: the time is handed in, and what changed is taken out by
 * `flush`. The work for one sign does not grow with the number of incidents or entities. Outside of storms, warnings
 * that come late or out of order end in the same groups as in order, as long as they come before their incident is
 * forgotten.
 */
export class Correlation {
  readonly #options: CorrelationOptions;
  readonly #index: SignIndex;
  readonly #events = new RecentEvents();
  readonly #storms: StormWatch;
  readonly #records = new Map<string, IncidentRecord>();
  readonly #changed = new Map<string, Incident>();
  #quiet = new Quiet([], new TopologyGraph());
  #pruned = Number.NEGATIVE_INFINITY;

  constructor(options: CorrelationOptions = CORRELATION_DEFAULTS) {
    this.#options = options;
    this.#index = new SignIndex(options, options.quietMs + options.reopenMs);
    this.#storms = new StormWatch(options.storm);
  }

  get open(): number {
    let count = 0;
    for (const { incident } of this.#records.values()) if (incident.state === 'open') count++;
    return count;
  }

  has(incident: string): boolean {
    return this.#records.has(incident);
  }

  /** What depends on what, from now on; what was grouped before stays so. */
  setTopology(topology: TopologyGraph): void {
    this.#index.setTopology(topology);
    this.#quiet = new Quiet(this.#quiet.silences, topology);
  }

  /** The silences in force, all of them. What is open and no longer silenced asks the budget with the next `flush`. */
  setSilences(silences: readonly Silence[]): void {
    const version = (list: readonly Silence[]): string => list.map(({ id, updatedAt }) => `${id} ${updatedAt}`).join();
    if (version(silences) === version(this.#quiet.silences)) return;
    this.#quiet = new Quiet(silences, this.#index.topology);
    for (const record of this.#records.values()) if (record.incident.state === 'open') record.touched = true;
  }

  /** Takes back an incident that was stored, with those of its signs that are known. */
  restore(incident: Incident, signals: readonly Signal[]): void {
    if (incident.mergedInto !== undefined) return;
    const record = recordOf(incident, incident.title.key === 'correlate.storm');
    this.#insert(record);
    for (const signal of signals) {
      if (absorb(record, signal, true)) this.#index.add(record, signal, []);
    }
    const wanted = wantedSeverity(record, this.#quiet);
    if (rankOf(wanted) > rankOf(incident.severity)) record.heldBack = wanted;
    record.touched = false;
  }

  /** Whether this sign would open an incident now: the moment to ask the store whether it has one already. */
  wouldOpen(signal: Signal, now: number): boolean {
    if (!this.#matters(signal, now) || this.#storms.stormy(signal.fleet, now)) return false;
    return this.#index.related(signal, this.#events.changes(signal.fleet)).size === 0;
  }

  take(signal: Signal, now: number): void {
    const changes = this.#events.changes(signal.fleet);
    const related = this.#index.related(signal, changes);
    if (related.size === 0 && !this.#matters(signal, now)) {
      if (rankOf(signal.severity) === 0) this.#index.add(null, signal, changes);
      return;
    }
    const record = related.size === 0 ? this.#openFor(signal, now) : this.#unite(related, now);
    if (record.incident.state === 'resolved' && !this.#returns(record, signal, now)) {
      // It came late: part of the story, but no news.
      if (absorb(record, signal, true)) this.#index.add(record, signal, changes);
      return;
    }
    this.#absorb(record, signal, now);
  }

  takeEvent(event: Event, now: number = event.time): void {
    if (!this.#events.add(event)) return;
    if (this.#events.isChange(event)) {
      const after = this.#index.afterChange(event);
      if (after.size > 1) this.#unite(after, now);
    }
    for (const record of this.#index.ofEntity(event.entity)) {
      if (record.incident.state === 'open') this.#events.tellOf(record, event);
    }
  }

  /** Writes what a run brought into its incident's story; false when the incident is not in mind. */
  takeOutcome(outcome: Outcome): boolean {
    const record = outcome.incident === null ? undefined : this.#records.get(outcome.incident);
    if (record === undefined) return false;
    const { decidedAt: time, entity, id: ref, reason: text } = outcome;
    tell(record, { time, entity, ref, type: 'outcome', text });
    if (outcome.verdict === 'resolved') endHappened(record, outcome);
    return true;
  }

  /** Resolves what is quiet and forgets what can no longer be opened again. */
  tick(now: number): void {
    const { reopenMs } = this.#options;
    const resolved: IncidentRecord[] = [];
    for (const record of this.#records.values()) {
      if (record.incident.state === 'open') resolveWhenQuiet(record, this.#options, now);
      else if (!record.dirty) resolved.push(record);
    }
    resolved.sort((a, b) => (a.incident.resolvedAt ?? 0) - (b.incident.resolvedAt ?? 0));
    resolved.forEach((record, place) => {
      const tooMany = place < resolved.length - MAX_RESOLVED;
      if (tooMany || now - (record.incident.resolvedAt ?? 0) >= reopenMs) this.#forget(record);
    });
    this.#storms.tick(now);
    if (now - this.#pruned < PRUNE_MS) return;
    this.#pruned = now;
    this.#index.prune(now);
  }

  /** Lets go of fleets that another process goes on with. */
  drop(gone: (fleet: string) => boolean): void {
    for (const record of this.#records.values()) if (gone(record.incident.fleet)) this.#forget(record);
    for (const [id, { fleet }] of this.#changed) if (gone(fleet)) this.#changed.delete(id);
  }

  /** What `flush` would ask the budget for. */
  asks(): readonly Ask[] {
    const asks: Ask[] = [];
    for (const record of this.#records.values()) if (mayAsk(record, this.#quiet)) asks.push(askOf(record, this.#quiet));
    return asks;
  }

  /** The incidents that changed since they were last acknowledged, as they are now. `grants` answers their asks. */
  flush(now: number, grants: Grants): readonly Incident[] {
    for (const record of this.#records.values()) {
      if (record.mergedInto !== null) {
        this.#changed.set(record.incident.id, record.incident);
        this.#records.delete(record.incident.id);
        continue;
      }
      if (record.dirty || record.touched) tellSilences(record, this.#quiet, now);
      if (mayAsk(record, this.#quiet)) ask(record, this.#quiet, grants, now);
      record.touched = false;
      if (!record.dirty || !isSummaryDue(record, now)) continue;
      const changes = this.#events.changes(record.incident.fleet);
      const { topology } = this.#index;
      const { tieMs } = this.#options;
      summarise(record, (signals) => rankRoots(signals, changes, { topology, tieMs }), now);
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

  /** Only what is at least a warning opens an incident, and only while it is news. */
  #matters(signal: Signal, now: number): boolean {
    const over = signal.end !== null && now - signal.end > this.#options.quietMs;
    return rankOf(signal.severity) > 0 && !over;
  }

  /** Whether a sign brings a resolved incident back; then it is open again. It does not page a second time. */
  #returns(record: IncidentRecord, signal: Signal, now: number): boolean {
    const fresh = !record.signals.has(signal.id) && signal.start > (record.incident.resolvedAt ?? now);
    if ((signal.end !== null && !fresh) || !this.#matters(signal, now)) return false;
    reopen(record, now);
    return true;
  }

  #absorb(record: IncidentRecord, signal: Signal, now: number): void {
    const changes = this.#events.changes(signal.fleet);
    const known = this.#index.knows(signal);
    const listed = absorb(record, signal, false);
    const waiting = listed && rankOf(signal.severity) > 0 ? this.#index.waiting(signal) : [];
    this.#index.add(record, signal, changes);
    for (const earlier of waiting) {
      if (absorb(record, earlier, false)) this.#index.add(record, earlier, changes);
    }
    if (listed) return;
    if (!known) {
      record.leftOut.signs++;
      record.dirty = true;
    }
    if (!record.incident.timeline.some(({ text }) => text.key === 'correlate.overflow')) {
      tell(record, note(now, phrase('correlate.overflow', { count: MAX_SIGNS })));
    }
    // Its end is not waited for, so that at least what still comes keeps the incident open.
    record.lastSign = Math.max(record.lastSign, signal.updatedAt);
  }

  /** One incident out of those that a sign belongs to: the oldest takes the others in. */
  #unite(records: ReadonlySet<IncidentRecord>, now: number): IncidentRecord {
    const [into, ...others] = [...records].sort(byAge);
    if (into === undefined) throw new RangeError('nothing to unite');
    for (const other of others) {
      if (into.incident.state === 'resolved' && other.incident.state === 'open') reopen(into, now);
      merge(into, other, now);
    }
    return into;
  }

  #openFor(signal: Signal, now: number): IncidentRecord {
    const storm = this.#storms.taker(signal.fleet, now);
    if (storm !== null) return storm;
    const record = openRecord(signal, now, this.#storms.stormy(signal.fleet, now));
    this.#insert(record);
    this.#storms.opened(record, now);
    for (const event of this.#events.before(signal)) this.#events.tellOf(record, event);
    return record;
  }

  #insert(record: IncidentRecord): void {
    this.#records.set(record.incident.id, record);
    this.#storms.insert(record);
  }

  #forget(record: IncidentRecord): void {
    record.removed = true;
    this.#records.delete(record.incident.id);
  }
}
