import { Type } from 'typebox';
import type { FastifyRequest } from 'fastify';
import { EntityId } from '../../model/entity.ts';
import type { ToldEvent } from '../../model/told-event.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { placedEvent } from '../../runtime/placed-event.ts';
import { acceptBodies } from '../accept-bodies.ts';
import type { Resource } from '../api-app.ts';
import type { ApiDeps } from '../deps.ts';
import { toldAlerts } from '../webhooks/alerts.ts';
import { toldCloudEvents } from '../webhooks/cloud-events.ts';
import { toldByRules } from '../webhooks/mapped-json.ts';
import { parseBody } from '../webhooks/told-event.ts';

/** A few thousand alerts of ordinary length. */
const BODY_BYTES = 2_097_152;
/** Events committed at once. */
const BATCH = 1_000;
/** Events that may come at once, and how many more each second: an alert storm of a large fleet fits, a flood does not. */
const BURST = 10_000;
const PER_SECOND = 100;

/** Lets so many events in and refuses what is more (`API_FLOODED`), so that a sender that runs wild fills no store. */
function createGate({ clock }: ApiDeps): (events: number) => void {
  let room = BURST;
  let since = clock.monotonic();
  return (events) => {
    const now = clock.monotonic();
    room = Math.min(BURST, room + ((now - since) / 1000) * PER_SECOND);
    since = now;
    // More than fits at once comes in when nothing else has.
    const cost = Math.min(events, BURST);
    if (cost > room) throw new VigiaError('API_FLOODED');
    room -= cost;
  };
}

/** Commits events under the entities that their labels mean; one that came before changes nothing. */
async function commit(deps: ApiDeps, told: readonly ToldEvent[], entity: string | undefined): Promise<void> {
  const { store, entityOf, publishEvents } = deps;
  for (let from = 0; from < told.length; from += BATCH) {
    const some = told.slice(from, from + BATCH);
    const places = some.map(({ labels }) => entityOf(entity === undefined ? labels : { entity, ...labels }));
    const names = [...new Set(places.map((place) => place.entity))];
    const known = await Promise.all(names.map((name) => store.entities.get(name)));
    const fleets = new Map(known.flatMap((found) => (found === null ? [] : [[found.id, found.fleet]])));
    const events = some.map((event, index) => {
      const { entity: place, fleet } = places[index]!;
      return placedEvent(event, { entity: place, fleet: fleets.get(place) ?? fleet });
    });
    await publishEvents(events);
  }
}

interface Reader {
  readonly summary: string;
  readonly told: (request: FastifyRequest, body: Buffer) => readonly ToldEvent[];
}

/** Those whose form is known. */
const readers = ({ clock }: ApiDeps): Readonly<Record<string, Reader>> => ({
  alertmanager: {
    summary: 'Alerts of Alertmanager (webhook, version 4), as events `alert`; answered after the commit',
    told: (_request, body) => toldAlerts(parseBody(body), 'alertmanager', clock.now()),
  },
  grafana: {
    summary: 'Alerts of Grafana (webhook contact point), as events `alert`; answered after the commit',
    told: (_request, body) => toldAlerts(parseBody(body), 'grafana', clock.now()),
  },
  cloudevents: {
    summary: 'CloudEvents 1.0 over HTTP, structured, batched or binary; answered after the commit',
    told: ({ headers }, body) => toldCloudEvents(headers, body, clock.now()),
  },
});

/** What other programs tell of: alerts of Alertmanager and Grafana, CloudEvents, and JSON of any form by rules. */
export const webhooks: Resource = (app, deps) => {
  const { clock, metrics, options } = deps;
  const gate = createGate(deps);
  const taken = metrics.counter('vigia_api_webhook_events_total', 'Events that webhooks brought', ['webhook']);
  const take = async (webhook: string, events: readonly ToldEvent[], entity: string | undefined): Promise<void> => {
    gate(events.length);
    await commit(deps, events, entity);
    taken.inc({ webhook }, events.length);
  };
  acceptBodies(app, { bodyBytes: BODY_BYTES }, ({ preParsing, bodyOf }) => {
    const common = { config: { forSenders: true }, preParsing };
    const querystring = Type.Object({ entity: Type.Optional(EntityId) });
    const response = { 204: Type.Null() };
    for (const [name, { summary, told }] of Object.entries(readers(deps))) {
      app.post(
        `/webhooks/${name}`,
        { ...common, schema: { summary, querystring, response } },
        async (request, reply) => {
          await take(name, told(request, await bodyOf(request)), request.query.entity);
          return reply.code(204).send(null);
        },
      );
    }
    const summary = 'JSON of any form, as events by the rules of `api.webhooks`; answered after the commit';
    const params = Type.Object({ name: Type.String({ maxLength: 100 }) });
    app.post(
      '/webhooks/json/:name',
      { ...common, schema: { summary, params, querystring, response } },
      async (request, reply) => {
        const { name } = request.params;
        const webhook = options.webhooks?.find((one) => one.name === name);
        if (webhook === undefined) throw new VigiaError('NOT_FOUND', { what: 'webhook', id: name });
        const events = toldByRules(parseBody(await bodyOf(request)), webhook, clock.now());
        await take(name, events, request.query.entity);
        return reply.code(204).send(null);
      },
    );
  });
};
