import type { Incident } from '../model/incident.ts';
import type { Cached } from './cached.ts';
import type { Overview } from './contract/views.ts';
import type { ApiDeps } from './deps.ts';
import type { Snapshot } from './snapshot.ts';

const MAX_INCIDENTS = 50;
/** Incidents that are counted; the alert budget keeps real numbers far below. */
const MAX_COUNTED = 1_000;
const MAX_NEXT = 50;
const MAX_WAITING = 50;
const MAX_MAP = 2_000;

const RANK = { critical: 0, warning: 1, info: 2 } as const;

const worstFirst = (a: Incident, b: Incident): number =>
  RANK[a.severity] - RANK[b.severity] || b.updatedAt - a.updatedAt;

/** The four questions in one answer: what is wrong, what will fail, what to do, how sure. */
export async function loadOverview(deps: ApiDeps, snapshots: Cached<Snapshot>): Promise<Overview> {
  const { store, clock } = deps;
  const [snapshot, incidents, waiting, budget] = await Promise.all([
    snapshots.get(),
    store.incidents.open(MAX_COUNTED),
    store.runs.list({ limit: MAX_WAITING, cursor: null, state: 'awaiting_approval' }),
    deps.budget(),
  ]);
  const entities = snapshot.entities.map((entity) => snapshot.view(entity));
  const counted = (state: string): number => entities.filter((entity) => entity.state === state).length;
  const severe = (severity: string): number => incidents.filter((incident) => incident.severity === severity).length;
  const soonest = (time: number | null): number => time ?? Number.MAX_SAFE_INTEGER;
  return {
    time: clock.now(),
    incidents: incidents.toSorted(worstFirst).slice(0, MAX_INCIDENTS),
    counts: {
      entities: entities.length,
      incidents: incidents.length,
      critical: severe('critical'),
      warning: severe('warning'),
      info: severe('info'),
      learning: counted('learning'),
      silent: counted('silent'),
    },
    next: snapshot.predictions.toSorted((a, b) => soonest(a.expectedAt) - soonest(b.expectedAt)).slice(0, MAX_NEXT),
    waiting: waiting.items.toReversed(),
    budget,
    entities: entities.slice(0, MAX_MAP),
  };
}
