import { Type } from 'typebox';
import { Feedback, VERDICTS_GIVEN } from '../../model/failure.ts';
import { FeedbackPreview, FeedbackRequest } from '../../model/feedback-request.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { audit, type Resource } from '../api-app.ts';
import { PageOf } from '../contract/views.ts';
import { given, IdParameters, pageQuery, PageParameters, rangeOf, RangeParameters, toPage } from '../queries.ts';

const feedback: Resource = (app, deps) => {
  app.post(
    '/feedback/preview',
    {
      schema: {
        summary: 'What feedback would change, told on the last 30 days; changes nothing',
        body: FeedbackRequest,
        response: { 200: FeedbackPreview },
      },
    },
    ({ body, identity }) => deps.feedback.preview(body, identity.name),
  );

  app.post(
    '/feedback',
    {
      schema: {
        summary: 'Say whether something was right, expected, useful or missed; in force at once',
        body: FeedbackRequest,
        response: { 200: Feedback, 201: Feedback },
      },
    },
    async (request, reply) => {
      const { feedback: said, repeated, replaced } = await deps.feedback.give(request.body, request.identity.name);
      if (repeated) return reply.code(200).send(said);
      const { verdict, target, targetId, rule } = said;
      const detail = { target, verdict, rule: rule?.effect ?? null, reach: rule?.level ?? null };
      if (replaced !== null)
        await audit(deps, request, { verb: 'feedback_undo', target: replaced, detail: { target } });
      await audit(deps, request, { verb: 'feedback', target: targetId, detail });
      return reply.code(201).send(said);
    },
  );

  app.delete(
    '/feedback/:id',
    {
      schema: {
        summary: 'Take feedback back, and with it what it changed',
        params: IdParameters,
        response: { 200: Feedback },
      },
    },
    async (request) => {
      const undone = await deps.feedback.undo(request.params.id, request.identity.name);
      const { verdict, target, targetId } = undone;
      await audit(deps, request, { verb: 'feedback_undo', target: undone.id, detail: { target, targetId, verdict } });
      return undone;
    },
  );
};

const feedbackGiven: Resource = (app, { store }) => {
  app.get(
    '/feedback',
    {
      schema: {
        summary: 'Feedback, newest first',
        querystring: Type.Object({
          ...PageParameters,
          ...RangeParameters,
          targetId: Type.Optional(Type.String({ maxLength: 600 })),
          verdict: Type.Optional(Type.Enum([...VERDICTS_GIVEN])),
          standing: Type.Optional(Type.Boolean({ description: 'Only what was not taken back.' })),
        }),
        response: { 200: PageOf(Feedback) },
      },
    },
    ({ query }) => {
      const { targetId, verdict, standing } = query;
      return toPage(
        store.feedback.list({ ...pageQuery(query), ...rangeOf(query), ...given({ targetId, verdict, standing }) }),
      );
    },
  );

  app.get(
    '/feedback/:id',
    { schema: { summary: 'One feedback', params: IdParameters, response: { 200: Feedback } } },
    async ({ params: { id } }) => {
      const found = await store.feedback.get(id);
      if (found === null) throw new VigiaError('NOT_FOUND', { what: 'feedback', id });
      return found;
    },
  );
};

/** What people say of what was alerted. */
export const judgements: Resource = (app, deps, parts) => {
  feedback(app, deps, parts);
  feedbackGiven(app, deps, parts);
};
