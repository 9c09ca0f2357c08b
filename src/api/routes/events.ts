import { type Static, Type } from 'typebox';
import { DEFAULT_FLEET, EntityId } from '../../model/entity.ts';
import { Event } from '../../model/event.ts';
import { stableId } from '../../runtime/ids.ts';
import type { Resource } from '../api-app.ts';
import { PageOf } from '../contract/views.ts';
import {
  EntityParameter,
  given,
  Moment,
  pageQuery,
  PageParameters,
  rangeOf,
  RangeParameters,
  toPage,
} from '../queries.ts';

/** An event as it is sent: what is left out is filled in. */
const SentEvent = Type.Object({
  entity: EntityId,
  name: Type.String({ minLength: 1, maxLength: 200, description: 'deploy, restart, oom_kill, config_change, …' }),
  time: Type.Optional(Moment),
  source: Type.String({ maxLength: 200, default: 'push' }),
  severity: Type.Enum(['info', 'warning', 'critical'], { default: 'info' }),
  text: Type.String({ maxLength: 4000, default: '' }),
  labels: Type.Record(Type.String({ maxLength: 200 }), Type.String({ maxLength: 1000 }), {
    default: {},
    maxProperties: 64,
  }),
});

type SentEvent = Static<typeof SentEvent>;

const MAX_EVENTS = 1_000;
/** A thousand events of ordinary length. */
const BODY_BYTES = 2_097_152;

export const events: Resource = (app, deps) => {
  const { store, clock, publishEvents } = deps;
  app.post(
    '/events',
    {
      bodyLimit: BODY_BYTES,
      config: { forSenders: true },
      schema: {
        summary: 'Things that happened; answered after the commit. A repeat is ignored.',
        body: Type.Object({ items: Type.Array(SentEvent, { minItems: 1, maxItems: MAX_EVENTS }) }),
        response: { 204: Type.Null() },
      },
      // One event may stand alone.
      preValidation: async (request) => {
        const body: unknown = request.body;
        if (Array.isArray(body)) request.body = { items: body as SentEvent[] };
        else if (typeof body === 'object' && body !== null && !('items' in body)) {
          request.body = { items: [body as SentEvent] };
        }
      },
    },
    async (request, reply) => {
      const now = clock.now();
      const { items } = request.body;
      const names = [...new Set(items.map(({ entity }) => entity))];
      const known = await Promise.all(names.map((entity) => store.entities.get(entity)));
      const fleets = new Map(known.map((entity, index) => [names[index], entity?.fleet ?? DEFAULT_FLEET]));
      await publishEvents(
        items.map((item) => {
          const time = item.time ?? now;
          const { entity, name, source, severity, text, labels } = item;
          const id = stableId('event', entity, time, name, source, text);
          return { id, time, entity, fleet: fleets.get(entity) ?? DEFAULT_FLEET, name, source, severity, text, labels };
        }),
      );
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/events',
    {
      schema: {
        summary: 'Events, newest first',
        querystring: Type.Object({ ...PageParameters, ...EntityParameter, ...RangeParameters }),
        response: { 200: PageOf(Event) },
      },
    },
    ({ query }) =>
      toPage(store.events.list({ ...pageQuery(query), ...rangeOf(query), ...given({ entity: query.entity }) })),
  );
};
