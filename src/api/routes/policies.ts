import { Type } from 'typebox';
import { ActionMode } from '../../model/action.ts';
import { PolicyOverview, Rung } from '../../model/policy.ts';
import { ValueReport } from '../../model/value.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { audit, type Resource } from '../api-app.ts';
import { PageOf } from '../contract/views.ts';
import { IdParameters } from '../queries.ts';

const DAY_MS = 86_400_000;
const USUAL_DAYS = 30;
const Time = Type.Integer({ minimum: 0, description: 'Unix time in milliseconds.' });

const learning: Resource = (app, deps) => {
  const { policies } = deps;
  app.get(
    '/policies',
    {
      schema: {
        summary: 'Which policy chooses among actions, how it learns, and what the log says of others',
        response: { 200: PolicyOverview },
      },
    },
    () => policies.overview(),
  );

  app.post(
    '/policies/train',
    { schema: { summary: 'Train and judge policies as soon as possible', response: { 202: Type.Null() } } },
    async (request, reply) => {
      await policies.train();
      await audit(deps, request, { verb: 'policy_train', target: 'policies' });
      return reply.code(202).send(null);
    },
  );

  app.post(
    '/policies/:id/promote',
    {
      config: { role: 'admin' },
      schema: { summary: 'Put a policy in force', params: IdParameters, response: { 200: PolicyOverview } },
    },
    async ({ params: { id }, identity }) => {
      await policies.promote(id, identity.name);
      return policies.overview();
    },
  );

  app.post(
    '/policies/rollback',
    {
      config: { role: 'admin' },
      schema: { summary: 'The policy before the one in force serves again', response: { 200: PolicyOverview } },
    },
    async ({ identity }) => {
      await policies.rollback(identity.name);
      return policies.overview();
    },
  );
};

/** How far each action has climbed towards acting by itself. */
const ladder: Resource = (app, { act }) => {
  app.get(
    '/automation/ladder',
    {
      schema: {
        summary: 'How far each action may go by itself on each kind of entity, and the evidence for it',
        response: { 200: PageOf(Rung) },
      },
    },
    async () => ({ items: [...(await act.ladder())], next: null }),
  );

  app.post(
    '/automation/ladder',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Put an action on another level; the configuration stays the limit',
        body: Type.Object({
          action: Type.String({ minLength: 1, maxLength: 100 }),
          entityKind: Type.String({ minLength: 1, maxLength: 100 }),
          level: ActionMode,
        }),
        response: { 200: Rung },
      },
    },
    ({ body, identity }) => act.putOnLadder(body, identity.name),
  );
};

const worth: Resource = (app, { value, clock }) => {
  app.get(
    '/value',
    {
      schema: {
        summary: 'What acting was worth in a period; the last 30 days when none is given',
        querystring: Type.Object({ from: Type.Optional(Time), to: Type.Optional(Time) }),
        response: { 200: ValueReport },
      },
    },
    ({ query }) => {
      const to = query.to ?? clock.now();
      const from = query.from ?? to - USUAL_DAYS * DAY_MS;
      if (from >= to) throw new VigiaError('BODY_INVALID', { detail: 'from < to' });
      return value.report({ from, to });
    },
  );
};

/** Policies, the ladder of automation, and what acting was worth. */
export const policies: Resource = (app, deps, parts) => {
  for (const part of [learning, ladder, worth]) part(app, deps, parts);
};
