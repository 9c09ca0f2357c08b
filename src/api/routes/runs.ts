import { Type } from 'typebox';
import { Automation, Run, RunState } from '../../model/action.ts';
import { EntityId } from '../../model/entity.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { audit, type Resource } from '../api-app.ts';
import { PageOf, Settings } from '../contract/views.ts';
import {
  EntityParameter,
  given,
  IdParameters,
  IncidentParameter,
  pageQuery,
  PageParameters,
  toPage,
} from '../queries.ts';

const reading: Resource = (app, { store }) => {
  app.get(
    '/runs',
    {
      schema: {
        summary: 'Runs of actions, newest first',
        querystring: Type.Object({
          ...PageParameters,
          ...EntityParameter,
          ...IncidentParameter,
          state: Type.Optional(RunState),
        }),
        response: { 200: PageOf(Run) },
      },
    },
    ({ query }) =>
      toPage(
        store.runs.list({
          ...pageQuery(query),
          ...given({ state: query.state, entity: query.entity, incident: query.incident }),
        }),
      ),
  );

  app.get(
    '/runs/:id',
    { schema: { summary: 'One run', params: IdParameters, response: { 200: Run } } },
    async ({ params: { id } }) => {
      const run = await store.runs.get(id);
      if (run === null) throw new VigiaError('NOT_FOUND', { what: 'run', id });
      return run;
    },
  );
};

const asking: Resource = (app, deps) => {
  app.post(
    '/runs',
    {
      schema: {
        summary: 'Ask for a run, or for a dry run that changes nothing',
        body: Type.Object({
          action: Type.String({ minLength: 1, maxLength: 100 }),
          entity: EntityId,
          incident: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 200 }), Type.Null()])),
          dryRun: Type.Boolean({ default: false }),
        }),
        response: { 201: Run },
      },
    },
    async (request, reply) => {
      const { action, entity, incident = null, dryRun } = request.body;
      const run = await deps.act.request({ action, entity, incident, dryRun, by: request.identity.name });
      return reply.code(201).send(run);
    },
  );
};

const deciding: Resource = (app, deps) => {
  app.post(
    '/runs/:id/approve',
    { schema: { summary: 'Approve a run that waits', params: IdParameters, response: { 200: Run } } },
    ({ params, identity: { name, role } }) =>
      deps.act.approve(params.id, name, role === 'admin' ? 'admin' : 'operator'),
  );

  app.post(
    '/runs/:id/reject',
    {
      schema: {
        summary: 'Reject a run that waits',
        params: IdParameters,
        body: Type.Optional(Type.Object({ note: Type.String({ maxLength: 4000, default: '' }) })),
        response: { 200: Run },
      },
    },
    (request) => deps.act.reject(request.params.id, request.identity.name, request.body?.note ?? ''),
  );
};

/** Whether Vigía may act by itself, and letting it again after it has stopped itself. */
const automating: Resource = (app, deps, parts) => {
  app.get(
    '/automation',
    { schema: { summary: 'Whether Vigía may act by itself, and why not', response: { 200: Automation } } },
    () => deps.act.automation(),
  );

  // Whoever may act may stop it all; letting things go on again is a change of the settings, and not everybody's.
  app.post(
    '/automation/stop',
    { schema: { summary: 'Press the kill switch: every action ends, and none starts', response: { 200: Settings } } },
    async (request) => {
      const before = deps.settings.current();
      await deps.settings.change({ ...before, killSwitch: true }, request.identity.name);
      const detail = { killSwitch: `${before.killSwitch} → true` };
      await audit(deps, request, { verb: 'settings', target: 'settings', detail });
      parts.overview.drop();
      return deps.settings.current();
    },
  );

  app.post(
    '/automation/reset',
    {
      config: { role: 'admin' },
      schema: { summary: 'Close the circuit breaker', response: { 200: Automation } },
    },
    (request) => deps.act.resetBreaker(request.identity.name),
  );
};

/** Runs of actions: what was and is done, asking for one, and the decision on one that waits. */
export const runs: Resource = (app, deps, parts) => {
  for (const part of [reading, asking, deciding, automating]) part(app, deps, parts);
};
