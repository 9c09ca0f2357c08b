import { Type } from 'typebox';
import { Incident } from '../../model/incident.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Resource } from '../api-app.ts';
import { IncidentDetail, PageOf } from '../contract/views.ts';
import type { ApiDeps } from '../deps.ts';
import { EntityParameter, given, IdParameters, pageQuery, PageParameters, toPage } from '../queries.ts';

/** Anomalies and predictions of an incident that are shown, the weightiest. */
const MAX_EVIDENCE = 100;
const MAX_EVENTS = 100;
/** Events this long before an incident may have caused it. */
const BEFORE_MS = 3_600_000;

async function events({ store, clock }: ApiDeps, incident: Incident) {
  const range = { from: incident.openedAt - BEFORE_MS, to: (incident.resolvedAt ?? clock.now()) + 1 };
  // A handful of entities is read one by one; of a large incident only what happened to its root matters.
  const entities = incident.entities.length <= 5 ? incident.entities : [incident.root];
  const pages = await Promise.all(
    entities.map((entity) => store.events.list({ limit: MAX_EVENTS, cursor: null, entity, range })),
  );
  return pages
    .flatMap(({ items }) => items)
    .sort((a, b) => b.time - a.time)
    .slice(0, MAX_EVENTS);
}

/** Records in the order of their ids. */
function inOrder<T extends { readonly id: string }>(ids: readonly string[], found: readonly T[]): T[] {
  const byId = new Map(found.map((item) => [item.id, item]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

const present = <T>(items: readonly (T | null)[]): T[] => items.filter((item) => item !== null);

async function detail(deps: ApiDeps, id: string): Promise<IncidentDetail> {
  const { store } = deps;
  const incident = await store.incidents.get(id);
  if (incident === null) throw new VigiaError('NOT_FOUND', { what: 'incident', id });
  const page = { limit: MAX_EVIDENCE, cursor: null };
  const [anomalies, predictions, recommendation, runs, outcomes, feedback, happened] = await Promise.all([
    store.anomalies.some(incident.anomalies.slice(0, MAX_EVIDENCE)),
    Promise.all(incident.predictions.slice(0, MAX_EVIDENCE).map((prediction) => store.predictions.get(prediction))),
    store.recommendations.forIncident(id),
    store.runs.list({ ...page, incident: id }),
    store.outcomes.list({ ...page, incident: id }),
    store.feedback.list({ ...page, targetId: id, standing: true }),
    events(deps, incident),
  ]);
  return {
    incident,
    anomalies: inOrder(incident.anomalies, anomalies),
    predictions: present(predictions),
    recommendation,
    runs: [...runs.items],
    outcomes: [...outcomes.items],
    events: happened,
    feedback: [...feedback.items],
  };
}

export const incidents: Resource = (app, deps) => {
  const { store } = deps;
  app.get(
    '/incidents',
    {
      schema: {
        summary: 'Incidents, newest first',
        querystring: Type.Object({
          ...PageParameters,
          ...EntityParameter,
          state: Type.Optional(Type.Enum(['open', 'resolved'])),
        }),
        response: { 200: PageOf(Incident) },
      },
    },
    ({ query }) =>
      toPage(store.incidents.list({ ...pageQuery(query), ...given({ state: query.state, entity: query.entity }) })),
  );

  app.get(
    '/incidents/:id',
    { schema: { summary: 'One incident with its evidence', params: IdParameters, response: { 200: IncidentDetail } } },
    async ({ params }) => detail(deps, params.id),
  );
};
