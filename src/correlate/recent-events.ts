import type { Event } from '../model/event.ts';
import { phrase } from '../model/phrase.ts';
import { type IncidentRecord, tell } from './incident-record.ts';
import type { Signal } from './signal.ts';

/** Names of events that change something and so may be the cause of what follows. */
const CHANGES = /deploy|restart|config|rollout|rollback|release|upgrade|migrat|scale|failover|oom_kill/i;
/** Events kept in mind for each fleet, the oldest going first. */
const MAX_EVENTS = 200;
/** Events told in one incident; a flood of them is a sign of its own, not a story. */
const MAX_TOLD = 30;
/** What came this long before the first sign is part of the story. */
const BEFORE_MS = 15 * 60_000;

const NONE: readonly Event[] = [];

function keep(events: Event[], event: Event): void {
  events.push(event);
  if (events.length > MAX_EVENTS) events.shift();
}

/** The last events of each fleet: what changed shortly before trouble began. */
export class RecentEvents {
  readonly #byFleet = new Map<string, Event[]>();
  readonly #changes = new Map<string, Event[]>();

  /** False when it is known already. */
  add(event: Event): boolean {
    const events = this.#byFleet.get(event.fleet) ?? [];
    if (events.some(({ id }) => id === event.id)) return false;
    keep(events, event);
    this.#byFleet.set(event.fleet, events);
    if (!this.isChange(event)) return true;
    const changes = this.#changes.get(event.fleet) ?? [];
    keep(changes, event);
    this.#changes.set(event.fleet, changes);
    return true;
  }

  isChange({ name }: Event): boolean {
    return CHANGES.test(name);
  }

  changes(fleet: string): readonly Event[] {
    return this.#changes.get(fleet) ?? NONE;
  }

  /** Events of the sign's entity shortly before it began, or since. */
  before(signal: Signal): readonly Event[] {
    const events = this.#byFleet.get(signal.fleet) ?? [];
    return events.filter(({ entity, time }) => entity === signal.entity && time >= signal.start - BEFORE_MS);
  }

  tellOf(record: IncidentRecord, event: Event): void {
    const { time, entity, id: ref, name } = event;
    if (time < record.incident.openedAt - BEFORE_MS) return;
    if (record.incident.timeline.filter(({ type }) => type === 'event').length >= MAX_TOLD) return;
    tell(record, { time, entity, ref, type: 'event', text: phrase('correlate.event', { name, entity }) });
  }
}
