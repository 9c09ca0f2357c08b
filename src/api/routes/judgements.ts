import { Type } from 'typebox';
import { EntityId } from '../../model/entity.ts';
import { Failure, Feedback } from '../../model/failure.ts';
import { audit, type Resource } from '../api-app.ts';
import { PageOf } from '../contract/views.ts';
import { EntityParameter, given, Moment, pageQuery, PageParameters, toPage } from '../queries.ts';

const feedback: Resource = (app, deps) => {
  const { store, ids, clock } = deps;
  app.post(
    '/feedback',
    {
      schema: {
        summary: 'Say whether something was right or useful',
        body: Type.Object({
          ...Type.Pick(Feedback, ['target', 'targetId', 'verdict']).properties,
          note: Type.String({ maxLength: 4000, default: '' }),
        }),
        response: { 201: Feedback },
      },
    },
    async (request, reply) => {
      const said: Feedback = {
        ...request.body,
        id: ids.next('feedback'),
        by: request.identity.name,
        time: clock.now(),
      };
      await store.feedback.insert(said);
      const { verdict, target, targetId } = said;
      await audit(deps, request, { verb: 'feedback', target: targetId, detail: { target, verdict } });
      return reply.code(201).send(said);
    },
  );

  app.get(
    '/feedback',
    {
      schema: {
        summary: 'Feedback, newest first',
        querystring: Type.Object({ ...PageParameters, targetId: Type.Optional(Type.String({ maxLength: 200 })) }),
        response: { 200: PageOf(Feedback) },
      },
    },
    ({ query }) => toPage(store.feedback.list({ ...pageQuery(query), ...given({ targetId: query.targetId }) })),
  );
};

const failures: Resource = (app, deps) => {
  const { store, ids } = deps;
  app.post(
    '/failures',
    {
      schema: {
        summary: 'Record a failure: the labels that predictions are measured by',
        body: Type.Object({
          entity: EntityId,
          kind: Type.String({ minLength: 1, maxLength: 100 }),
          start: Moment,
          end: Type.Optional(Type.Union([Moment, Type.Null()])),
          note: Type.String({ maxLength: 4000, default: '' }),
        }),
        response: { 201: Failure },
      },
    },
    async (request, reply) => {
      const { entity, kind, start, end = null, note } = request.body;
      const failure: Failure = {
        id: ids.next('failure'),
        entity,
        kind,
        start,
        end,
        note,
        source: request.identity.name,
      };
      await store.failures.upsert([failure]);
      await audit(deps, request, { verb: 'failure', target: failure.id, detail: { entity, kind } });
      return reply.code(201).send(failure);
    },
  );

  app.get(
    '/failures',
    {
      schema: {
        summary: 'Failures, newest first',
        querystring: Type.Object({ ...PageParameters, ...EntityParameter }),
        response: { 200: PageOf(Failure) },
      },
    },
    ({ query }) => toPage(store.failures.list({ ...pageQuery(query), ...given({ entity: query.entity }) })),
  );
};

/** What people say: feedback on what was alerted, and failures that they know of. */
export const judgements: Resource = (app, deps, parts) => {
  feedback(app, deps, parts);
  failures(app, deps, parts);
};
