import type { Anomaly } from '../model/anomaly.ts';
import { parseEntityId } from '../model/entity.ts';
import { cosine, likenessOf } from '../model/feedback-rule.ts';
import type { Store } from '../store/store.ts';
import type { SimilarAnomaly } from './contract/views.ts';

/** Newest anomalies that are looked through: those of the entity itself, and those of all entities. */
const MOST_OWN = 300;
const MOST_ALL = 700;
const PAGE = 100;
/** Another kind, or another entity of the kind, is so much less alike. */
const OTHER_KIND = 0.6;
const OTHER_ENTITY = 0.9;
/** Below this nothing is alike: less than a quarter of a turn between what drives them, and of another kind. */
const LEAST = 0.3;
/** Incidents of an entity that are looked through for the one that an anomaly belonged to. */
const MOST_INCIDENTS = 100;

/** How much one anomaly is like another, 0 to 1, by what drives them; 0 for entities of another kind. */
export function similarity(one: Anomaly, other: Anomaly): number {
  if (parseEntityId(one.entity).kind !== parseEntityId(other.entity).kind) return 0;
  const drivers = cosine(likenessOf(one).drivers, likenessOf(other).drivers);
  return drivers * (one.kind === other.kind ? 1 : OTHER_KIND) * (one.entity === other.entity ? 1 : OTHER_ENTITY);
}

/** The most similar of those that were over before it began, best first; of equals the newest. */
export function mostSimilar(anomaly: Anomaly, others: readonly Anomaly[], most: number) {
  return others
    .filter(({ id, start, end }) => id !== anomaly.id && start < anomaly.start && end !== null)
    .map((other) => ({ anomaly: other, similarity: similarity(anomaly, other) }))
    .filter((found) => found.similarity >= LEAST)
    .toSorted((a, b) => b.similarity - a.similarity || b.anomaly.start - a.anomaly.start)
    .slice(0, most);
}

type Reads = Pick<Store, 'anomalies' | 'incidents' | 'outcomes' | 'feedback'>;

async function newest(store: Reads, most: number, query: { readonly entity?: string; readonly to: number }) {
  const found: Anomaly[] = [];
  let cursor: string | null = null;
  const { to, ...rest } = query;
  while (found.length < most) {
    const page = await store.anomalies.list({ ...rest, range: { from: 0, to }, limit: PAGE, cursor });
    found.push(...page.items);
    if (page.next === null) break;
    cursor = page.next;
  }
  return found;
}

/** How an earlier anomaly ended: by itself, by what somebody did, and what people said of it. */
async function endOf(store: Reads, { id, entity }: Anomaly): Promise<Omit<SimilarAnomaly, 'anomaly' | 'similarity'>> {
  const { items } = await store.incidents.list({ limit: MOST_INCIDENTS, cursor: null, entity });
  const incident = items.find(({ anomalies }) => anomalies.includes(id))?.id ?? null;
  const targets = incident === null ? [id] : [id, incident];
  const said = await Promise.all(
    targets.map((targetId) => store.feedback.list({ limit: 1, cursor: null, targetId, standing: true })),
  );
  const outcomes = incident === null ? [] : (await store.outcomes.list({ limit: 1, cursor: null, incident })).items;
  const verdict = said.flatMap((page) => page.items)[0]?.verdict ?? null;
  const [outcome] = outcomes;
  return { incident, verdict, outcome: outcome ? { action: outcome.action, verdict: outcome.verdict } : null };
}

/** The most similar earlier anomalies and how they ended. Reads a thousand anomalies at most. */
export async function similarAnomalies(
  store: Reads,
  anomaly: Anomaly,
  most: number,
): Promise<readonly SimilarAnomaly[]> {
  const [own, all] = await Promise.all([
    newest(store, MOST_OWN, { entity: anomaly.entity, to: anomaly.start }),
    newest(store, MOST_ALL, { to: anomaly.start }),
  ]);
  const others = [...new Map([...own, ...all].map((one) => [one.id, one])).values()];
  const found = mostSimilar(anomaly, others, most);
  return Promise.all(found.map(async (one) => Object.assign(one, await endOf(store, one.anomaly))));
}
