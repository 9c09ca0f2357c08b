import { Type } from 'typebox';
import { Edge, EdgeKind, EdgeSource, Neighbour } from '../../model/topology.ts';
import { TopologyGraph } from '../../model/topology-graph.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Store } from '../../store/store.ts';
import type { Resource } from '../api-app.ts';
import { createCached } from '../cached.ts';
import { PageOf } from '../contract/views.ts';
import { EntityParameter, given, pageQuery, PageParameters, toPage } from '../queries.ts';
import { EntityParameters } from './entities.ts';

const PAGE = 1000;
/** As many as a graph takes. */
const MAX_EDGES = 100_000;
/** The topology changes slowly. */
const FRESH_MS = 5000;
const MAX_DISTANCE = 4;

export async function loadGraph({ edges }: Pick<Store, 'edges'>): Promise<TopologyGraph> {
  const all: Edge[] = [];
  let cursor: string | null = null;
  do {
    const page: { readonly items: readonly Edge[]; readonly next: string | null } = await edges.list({
      limit: PAGE,
      cursor,
    });
    all.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && all.length < MAX_EDGES);
  return new TopologyGraph(all);
}

/** What depends on what. */
export const topology: Resource = (app, deps) => {
  const { store, clock, options } = deps;
  const graph = createCached(() => loadGraph(store), clock, Math.min(FRESH_MS, options.cacheMs ?? FRESH_MS));

  app.get(
    '/topology',
    {
      schema: {
        summary: 'What depends on what, by both ends',
        querystring: Type.Object({
          ...PageParameters,
          ...EntityParameter,
          kind: Type.Optional(EdgeKind),
          source: Type.Optional(EdgeSource),
        }),
        response: { 200: PageOf(Edge) },
      },
    },
    ({ query }) =>
      toPage(
        store.edges.list({
          ...pageQuery(query),
          ...given({ entity: query.entity, kind: query.kind, source: query.source }),
        }),
      ),
  );

  app.get(
    '/entities/:kind/:name/neighbours',
    {
      schema: {
        summary: 'Entities near one in the topology, nearest first',
        params: EntityParameters,
        querystring: Type.Object({
          distance: Type.Integer({ minimum: 1, maximum: MAX_DISTANCE, default: 1, description: 'Edges between.' }),
          limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
        }),
        response: { 200: PageOf(Neighbour) },
      },
    },
    async ({ params, query }) => {
      const id = `${params.kind}/${params.name}`;
      const known = await graph.get();
      if (!known.knows(id) && (await store.entities.get(id)) === null) {
        throw new VigiaError('NOT_FOUND', { what: 'entity', id });
      }
      return { items: known.neighbours(id, query.distance).slice(0, query.limit), next: null };
    },
  );
};
