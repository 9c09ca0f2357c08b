import type { ActionDefinition } from '../../model/action-definition.ts';
import type { Run } from '../../model/action.ts';
import type { Severity } from '../../model/anomaly.ts';
import type { Incident } from '../../model/incident.ts';
import type { NoticeKind } from '../../model/notification.ts';
import type { Event } from '../../model/event.ts';
import type { Page, Store } from '../../store/store.ts';
import { VIGIA } from '../act-deps.ts';

/** Something that people should hear of, once a channel, before it has words. */
export interface Notice {
  /** What it stands for; the same whenever and by whomever it is found. */
  readonly key: string;
  readonly kind: NoticeKind;
  readonly severity: Severity;
  /** Unix ms. */
  readonly time: number;
  readonly incident: Incident | null;
  readonly run: { readonly run: Run; readonly action: ActionDefinition | null } | null;
  readonly event: Event | null;
}

type NoticeStore = Pick<Store, 'alerts' | 'incidents' | 'runs' | 'events'>;

/** What is looked at in one round; what is beyond comes in the next. */
const MOST = 200;
const MOST_PAGES = 10;
/** What is older has been told, and that it was is soon forgotten. */
const DAY_MS = 24 * 3_600_000;

const plain = { incident: null, run: null, event: null };

interface Asked {
  readonly actions: readonly ActionDefinition[];
  readonly since: number;
  /** Events before were looked at. */
  readonly eventsSince: number;
  readonly now: number;
  /** Whether nobody is to be told of it any more; then it is not looked up. */
  readonly settled: (notice: Pick<Notice, 'key' | 'kind' | 'time'>) => boolean;
}

/** Pages and warnings that were taken from the budget since then, of incidents that are still open. */
async function alertsOf(
  { alerts, incidents }: NoticeStore,
  { since, settled }: Pick<Asked, 'since' | 'settled'>,
): Promise<readonly Notice[]> {
  const given = await alerts.since(since, MOST);
  const found: Notice[] = [];
  for (const { incident: id, line, time } of given) {
    const kind = line === 'pages' ? 'page' : 'warning';
    const key = `${kind} ${id} ${time}`;
    if (settled({ key, kind, time })) continue;
    const incident = await incidents.get(id);
    if (incident === null || incident.state !== 'open') continue;
    found.push({ ...plain, key, kind, severity: line === 'pages' ? 'critical' : 'warning', time, incident });
  }
  return found;
}

/** Runs that wait for somebody to approve them, also from before a channel was there: what waits is no old news. */
async function approvalsOf(
  { runs }: NoticeStore,
  actions: readonly ActionDefinition[],
  now: number,
): Promise<readonly Notice[]> {
  const { items } = await runs.list({ state: 'awaiting_approval', limit: MOST, cursor: null });
  return items
    .filter((run) => run.requestedAt > now - DAY_MS && (run.expiresAt ?? now + 1) > now)
    .map((run) => ({
      key: `approval ${run.id}`,
      kind: 'approval',
      severity: 'warning',
      time: run.requestedAt,
      incident: null,
      run: { run, action: actions.find(({ id }) => id === run.action) ?? null },
      event: null,
    }));
}

/** Where automation has come to its end and asks for a person; among other events, so several pages are read. */
async function escalationsOf({ events }: NoticeStore, since: number, now: number): Promise<readonly Notice[]> {
  const found: Notice[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const range = { from: since, to: now + 1 };
    const read: Page<Event> = await events.list({ range, limit: MOST, cursor });
    for (const event of read.items) {
      if (event.name !== 'escalation' || event.source !== VIGIA) continue;
      const told = { kind: 'escalation', severity: 'critical', time: event.time, event } as const;
      found.push({ ...plain, ...told, key: `escalation ${event.id}` });
    }
    cursor = read.next;
    if (cursor === null) break;
  }
  return found;
}

/** Everything since then that somebody may want to hear of, in no order. */
export async function findNotices(store: NoticeStore, asked: Asked): Promise<readonly Notice[]> {
  const { actions, since, eventsSince, now } = asked;
  const found = await Promise.all([
    alertsOf(store, asked),
    approvalsOf(store, actions, now),
    escalationsOf(store, Math.max(since, eventsSince), now),
  ]);
  return found.flat();
}

/** Of incidents that somebody was told of, those that have been over since before then: they will not be opened again. */
export async function findResolved(
  store: Pick<Store, 'incidents'>,
  told: ReadonlySet<string>,
  before: number,
): Promise<readonly Notice[]> {
  const found: Notice[] = [];
  for (const id of [...told].slice(0, MOST)) {
    const incident = await store.incidents.get(id);
    if (incident === null || incident.state !== 'resolved') continue;
    const time = incident.resolvedAt ?? incident.updatedAt;
    if (time > before) continue;
    found.push({ ...plain, key: `resolved ${id} ${time}`, kind: 'resolved', severity: 'info', time, incident });
  }
  return found;
}
