import { Type } from 'typebox';
import { Outcome, Recommendation } from '../../model/action.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Resource } from '../api-app.ts';
import { PageOf } from '../contract/views.ts';
import { given, IdParameters, IncidentParameter, pageQuery, PageParameters, toPage } from '../queries.ts';

/** What was recommended, and what came of it. */
export const outcomes: Resource = (app, { store }) => {
  app.get(
    '/outcomes',
    {
      schema: {
        summary: 'What runs brought, newest first',
        querystring: Type.Object({
          ...PageParameters,
          ...IncidentParameter,
          action: Type.Optional(Type.String({ maxLength: 100 })),
        }),
        response: { 200: PageOf(Outcome) },
      },
    },
    ({ query }) =>
      toPage(
        store.outcomes.list({ ...pageQuery(query), ...given({ incident: query.incident, action: query.action }) }),
      ),
  );

  app.get(
    '/recommendations',
    {
      schema: {
        summary: 'Recommendations, newest first',
        querystring: Type.Object(PageParameters),
        response: { 200: PageOf(Recommendation) },
      },
    },
    ({ query }) => toPage(store.recommendations.list(pageQuery(query))),
  );

  app.get(
    '/recommendations/:id',
    { schema: { summary: 'One recommendation', params: IdParameters, response: { 200: Recommendation } } },
    async ({ params: { id } }) => {
      const recommendation = await store.recommendations.get(id);
      if (recommendation === null) throw new VigiaError('NOT_FOUND', { what: 'recommendation', id });
      return recommendation;
    },
  );
};
