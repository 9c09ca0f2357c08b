import { Type } from 'typebox';
import type { Entity } from '../../model/entity.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { PageQuery } from '../../store/store.ts';
import type { Resource } from '../api-app.ts';
import { EntityView, PageOf } from '../contract/views.ts';
import type { ApiDeps } from '../deps.ts';
import { entityView } from '../entity-view.ts';
import { given, pageQuery, PageParameters } from '../queries.ts';
import { MAX_OPEN_INCIDENTS, type Snapshot } from '../snapshot.ts';

/** An entity in an address. Slashes of the name may stay as they are, or be written `%2F`. */
export const EntityParameters = Type.Object({
  kind: Type.String({ minLength: 1, maxLength: 100 }),
  name: Type.String({ minLength: 1, maxLength: 512 }),
});

/** Marks cursors of lists that are served from memory. */
const CURSOR = 'm.';

const encode = (id: string): string => CURSOR + Buffer.from(id).toString('base64url');

function decode(cursor: string): string {
  const id = Buffer.from(cursor.slice(CURSOR.length), 'base64url').toString();
  if (!cursor.startsWith(CURSOR) || encode(id) !== cursor) throw new VigiaError('CURSOR_INVALID');
  return id;
}

interface Filter {
  readonly kind?: string;
  readonly search?: string;
}

/** One page by id, ascending, from memory. */
function pageOf(snapshot: Snapshot, query: PageQuery, { kind, search }: Filter) {
  const after = query.cursor === null ? '' : decode(query.cursor);
  const wanted = search?.toLowerCase();
  const items: Entity[] = [];
  for (const entity of snapshot.entities) {
    if (entity.id <= after || (kind !== undefined && entity.kind !== kind)) continue;
    if (wanted !== undefined && !entity.id.toLowerCase().includes(wanted)) continue;
    if (items.length === query.limit) return { items, next: encode(items.at(-1)!.id) };
    items.push(entity);
  }
  return { items, next: null };
}

/** An entity with all that is known of it now, read from the store; `NOT_FOUND` when there is none. */
async function readEntity(deps: ApiDeps, id: string): Promise<EntityView> {
  const { store, clock, options } = deps;
  const [entity, anomalies, predictions, incidents] = await Promise.all([
    store.entities.get(id),
    store.anomalies.list({ limit: 100, cursor: null, entity: id, open: true }),
    store.predictions.list({ limit: 100, cursor: null, entity: id, state: 'open' }),
    store.incidents.open(MAX_OPEN_INCIDENTS),
  ]);
  if (entity === null) throw new VigiaError('NOT_FOUND', { what: 'entity', id });
  const facts = {
    anomalies: anomalies.items.map(({ severity }) => ({ severity, count: 1 })),
    predictions: predictions.items,
    incidents: incidents.filter(({ root }) => root === id),
    lastFrame: deps.current(id)?.time ?? null,
    learning: deps.learning(id),
  };
  return entityView(entity, facts, { time: clock.now(), stepMs: options.stepMs });
}

export const entities: Resource = (app, deps, { snapshots }) => {
  app.get(
    '/entities',
    {
      schema: {
        summary: 'Entities by id',
        querystring: Type.Object({
          ...PageParameters,
          kind: Type.Optional(Type.String({ maxLength: 100 })),
          search: Type.Optional(Type.String({ maxLength: 200, description: 'Part of the id.' })),
        }),
        response: { 200: PageOf(EntityView) },
      },
    },
    async ({ query }) => {
      const filter = given({ kind: query.kind, search: query.search });
      const snapshot = await snapshots.get();
      const page = snapshot.complete
        ? pageOf(snapshot, pageQuery(query), filter)
        : await deps.store.entities.list({ ...pageQuery(query), ...filter });
      return { items: page.items.map((entity) => snapshot.view(entity)), next: page.next };
    },
  );

  app.get(
    '/entities/:kind/:name',
    { schema: { summary: 'One entity', params: EntityParameters, response: { 200: EntityView } } },
    async ({ params }) => {
      const id = `${params.kind}/${params.name}`;
      const snapshot = await snapshots.get();
      const known = snapshot.find(id);
      return known === null ? readEntity(deps, id) : snapshot.view(known);
    },
  );
};
