import { Type } from 'typebox';
import { Prediction } from '../../model/prediction.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Resource } from '../api-app.ts';
import { PageOf } from '../contract/views.ts';
import { EntityParameter, given, IdParameters, pageQuery, PageParameters, toPage } from '../queries.ts';

export const predictions: Resource = (app, { store }) => {
  app.get(
    '/predictions',
    {
      schema: {
        summary: 'Predictions, newest first',
        querystring: Type.Object({
          ...PageParameters,
          ...EntityParameter,
          state: Type.Optional(Type.Enum(['open', 'cleared', 'happened'])),
        }),
        response: { 200: PageOf(Prediction) },
      },
    },
    ({ query }) =>
      toPage(store.predictions.list({ ...pageQuery(query), ...given({ entity: query.entity, state: query.state }) })),
  );

  app.get(
    '/predictions/:id',
    { schema: { summary: 'One prediction', params: IdParameters, response: { 200: Prediction } } },
    async ({ params: { id } }) => {
      const prediction = await store.predictions.get(id);
      if (prediction === null) throw new VigiaError('NOT_FOUND', { what: 'prediction', id });
      return prediction;
    },
  );
};
