import { Type } from 'typebox';
import { Exemplar } from '../../model/exemplar.ts';
import type { Resource } from '../api-app.ts';
import { PageOf } from '../contract/views.ts';
import { EntityParameter, given, pageQuery, PageParameters, rangeOf, RangeParameters, toPage } from '../queries.ts';

/** Measurements with the trace that they came from. */
export const exemplars: Resource = (app, { store }) => {
  app.get(
    '/exemplars',
    {
      schema: {
        summary:
          'Measurements kept with their trace as evidence, newest first: the last few of each series in five minutes',
        querystring: Type.Object({
          ...PageParameters,
          ...EntityParameter,
          ...RangeParameters,
          metric: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
        }),
        response: { 200: PageOf(Exemplar) },
      },
    },
    ({ query }) => {
      const { entity, metric } = query;
      return toPage(store.exemplars.list({ ...pageQuery(query), ...rangeOf(query), ...given({ entity, metric }) }));
    },
  );
};
