import { Type } from 'typebox';
import { Anomaly, Severity } from '../../model/anomaly.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Resource } from '../api-app.ts';
import { PageOf, SimilarAnomaly } from '../contract/views.ts';
import {
  EntityParameter,
  given,
  IdParameters,
  pageQuery,
  PageParameters,
  rangeOf,
  RangeParameters,
  toPage,
} from '../queries.ts';
import { similarAnomalies } from '../similar.ts';

const list: Resource = (app, { store }) => {
  app.get(
    '/anomalies',
    {
      schema: {
        summary: 'Anomalies, newest start first',
        querystring: Type.Object({
          ...PageParameters,
          ...EntityParameter,
          ...RangeParameters,
          open: Type.Optional(Type.Boolean()),
          atLeast: Type.Optional(Severity),
        }),
        response: { 200: PageOf(Anomaly) },
      },
    },
    ({ query }) =>
      toPage(
        store.anomalies.list({
          ...pageQuery(query),
          ...rangeOf(query),
          ...given({ entity: query.entity, open: query.open, atLeast: query.atLeast }),
        }),
      ),
  );
};

const one: Resource = (app, { store }) => {
  app.get(
    '/anomalies/:id',
    { schema: { summary: 'One anomaly', params: IdParameters, response: { 200: Anomaly } } },
    async ({ params: { id } }) => {
      const anomaly = await store.anomalies.get(id);
      if (anomaly === null) throw new VigiaError('NOT_FOUND', { what: 'anomaly', id });
      return anomaly;
    },
  );

  app.get(
    '/anomalies/:id/similar',
    {
      schema: {
        summary: 'The most similar earlier anomalies of entities of the same kind, best first, and how they ended',
        params: IdParameters,
        querystring: Type.Object({ limit: Type.Integer({ default: 3, minimum: 1, maximum: 20 }) }),
        response: { 200: Type.Object({ items: Type.Array(SimilarAnomaly) }) },
      },
    },
    async ({ params: { id }, query: { limit } }) => {
      const anomaly = await store.anomalies.get(id);
      if (anomaly === null) throw new VigiaError('NOT_FOUND', { what: 'anomaly', id });
      return { items: [...(await similarAnomalies(store, anomaly, limit))] };
    },
  );
};

/** What was found abnormal, and what is like it. */
export const anomalies: Resource = (app, deps, parts) => {
  list(app, deps, parts);
  one(app, deps, parts);
};
