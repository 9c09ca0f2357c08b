import { Type } from 'typebox';
import { Anomaly, Severity } from '../../model/anomaly.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Resource } from '../api-app.ts';
import { PageOf } from '../contract/views.ts';
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

export const anomalies: Resource = (app, { store }) => {
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

  app.get(
    '/anomalies/:id',
    { schema: { summary: 'One anomaly', params: IdParameters, response: { 200: Anomaly } } },
    async ({ params: { id } }) => {
      const anomaly = await store.anomalies.get(id);
      if (anomaly === null) throw new VigiaError('NOT_FOUND', { what: 'anomaly', id });
      return anomaly;
    },
  );
};
