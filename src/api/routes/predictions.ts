import { Type } from 'typebox';
import { EntityId } from '../../model/entity.ts';
import { RiskCone } from '../../model/model-report.ts';
import { Prediction } from '../../model/prediction.ts';
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

const CONE_MS = 86_400_000;

export const predictions: Resource = (app, { store, models, clock }) => {
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
    '/predictions/cone',
    {
      schema: {
        summary: 'What the model in force said of one entity over time; the last day when no range is given',
        querystring: Type.Object({ entity: EntityId, ...RangeParameters }),
        response: { 200: RiskCone },
      },
    },
    ({ query }) => {
      const now = clock.now();
      return models.cone(query.entity, { from: now - CONE_MS, to: now + 1, ...rangeOf(query).range });
    },
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
