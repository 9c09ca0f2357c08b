import type { Outcome } from '../model/action.ts';
import { parseEntityId } from '../model/entity.ts';
import type { Event } from '../model/event.ts';
import type { Incident } from '../model/incident.ts';
import type { PolicyContext } from '../model/policy.ts';
import type { Prediction } from '../model/prediction.ts';
import type { Store } from '../store/store.ts';

const NEWS_MS = 1_800_000;
const MOST_PREDICTIONS = 20;
const MOST_EVENTS = 100;
const MOST_NAMES = 10;
const MOST_DRIVERS = 5;
/** What Vigía and its watchdogs say of themselves is no change of the system. */
const OURS = 'vigia';

const metricOf = (feature: string): string => feature.split('{', 1)[0] ?? feature;
const names = (found: readonly string[], most = MOST_NAMES): string[] => [...new Set(found)].slice(0, most);

export interface ContextFacts {
  readonly predictions: readonly Prediction[];
  readonly events: readonly Event[];
  /** On this incident, newest first. */
  readonly outcomes: readonly Outcome[];
  readonly now: number;
}

/** What a policy is told of an incident. */
export function policyContext(incident: Incident, { predictions, events, outcomes, now }: ContextFacts): PolicyContext {
  const open = predictions.filter(({ state }) => state === 'open');
  return {
    entityKind: parseEntityId(incident.root).kind,
    anomalyKinds: names(incident.anomalyKinds),
    predictionKinds: names(open.map(({ kind }) => kind)),
    drivers: names(incident.features.map(metricOf), MOST_DRIVERS),
    probability: Math.max(0, ...open.flatMap(({ horizons }) => horizons.map(({ probability }) => probability))),
    severity: incident.severity,
    ageSeconds: Math.max(0, Math.round((now - incident.openedAt) / 1000)),
    breadth: incident.entities.length,
    changes: names(events.filter(({ source }) => source !== OURS).map(({ name }) => name)),
    tried: outcomes.toReversed().map(({ action, verdict }) => ({ action, verdict })),
  };
}

/** What is known of an incident in the store beside itself. */
export async function gatherContext(
  store: Pick<Store, 'predictions' | 'events'>,
  incident: Incident,
  newsMs = NEWS_MS,
): Promise<Pick<ContextFacts, 'predictions' | 'events'>> {
  const ids = incident.predictions.slice(0, MOST_PREDICTIONS);
  const range = { from: incident.openedAt - newsMs, to: incident.updatedAt + newsMs };
  const [predictions, events] = await Promise.all([
    Promise.all(ids.map((id) => store.predictions.get(id))),
    store.events.list({
      entity: incident.root,
      range,
      limit: MOST_EVENTS,
      cursor: null,
    }),
  ]);
  return { predictions: predictions.filter((found) => found !== null), events: events.items };
}

/** What its predictions say will happen: `capacity`, or the kind of failure that is the likeliest. */
export const failureKindsOf = (predictions: readonly Prediction[]): readonly string[] => [
  ...new Set(
    predictions.map(({ kind, reason }) => (kind === 'capacity' ? kind : String(reason.values['kind'] ?? kind))),
  ),
];
