import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { EntityId } from '../../model/entity.ts';
import { Failure } from '../../model/failure.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { audit, type Resource } from '../api-app.ts';
import { PageOf } from '../contract/views.ts';
import type { ApiDeps } from '../deps.ts';
import {
  EntityParameter,
  given,
  IdParameters,
  Moment,
  pageQuery,
  PageParameters,
  rangeOf,
  RangeParameters,
  toPage,
} from '../queries.ts';

const Kind = Type.String({ minLength: 1, maxLength: 100 });
const Note = Type.String({ maxLength: 4000 });
const End = Type.Union([Moment, Type.Null()]);

/** A failure that ends before it begins is a slip of the keyboard. */
function checked(failure: Failure): Failure {
  if (failure.end !== null && failure.end < failure.start)
    throw new VigiaError('BODY_INVALID', { detail: 'end < start' });
  return failure;
}

async function find({ store }: ApiDeps, id: string): Promise<Failure> {
  const failure = await store.failures.get(id);
  if (failure === null) throw new VigiaError('NOT_FOUND', { what: 'failure', id });
  return failure;
}

const reading: Resource = (app, deps) => {
  app.get(
    '/failures',
    {
      schema: {
        summary: 'Failures, newest first',
        querystring: Type.Object({
          ...PageParameters,
          ...EntityParameter,
          ...RangeParameters,
          kind: Type.Optional(Kind),
          open: Type.Optional(Type.Boolean({ description: 'Only those that are not over.' })),
          withdrawn: Type.Optional(Type.Boolean({ description: 'Also those that somebody said were none.' })),
        }),
        response: { 200: PageOf(Failure) },
      },
    },
    ({ query }) => {
      const { entity, kind, open, withdrawn } = query;
      return toPage(
        deps.store.failures.list({
          ...pageQuery(query),
          ...rangeOf(query),
          ...given({ entity, kind, open, withdrawn }),
        }),
      );
    },
  );

  app.get(
    '/failures/:id',
    { schema: { summary: 'One failure', params: IdParameters, response: { 200: Failure } } },
    ({ params }) => find(deps, params.id),
  );
};

const recording: Resource = (app, deps) => {
  const { store, ids } = deps;
  app.post(
    '/failures',
    {
      schema: {
        summary: 'Record a failure: the labels that predictions are trained on and measured by',
        body: Type.Object({
          entity: EntityId,
          kind: Kind,
          start: Moment,
          end: Type.Optional(End),
          note: Type.String({ maxLength: 4000, default: '' }),
        }),
        response: { 201: Failure },
      },
    },
    async (request, reply) => {
      const { end = null, ...said } = request.body;
      const failure = checked({ ...said, id: ids.next('failure'), end, source: request.identity.name });
      await store.failures.upsert([failure]);
      await audit(deps, request, {
        verb: 'failure',
        target: failure.id,
        detail: { entity: said.entity, kind: said.kind },
      });
      return reply.code(201).send(failure);
    },
  );
};

async function correct(deps: ApiDeps, request: FastifyRequest, verb: string, failure: Failure): Promise<Failure> {
  if (!(await deps.store.failures.correct(failure))) throw new VigiaError('STORE_CONFLICT', { what: failure.id });
  const { entity, kind, start, end, note } = failure;
  await audit(deps, request, { verb, target: failure.id, detail: { entity, kind, start, end, note } });
  return failure;
}

const correcting: Resource = (app, deps) => {
  const by = (request: FastifyRequest, withdrawn: boolean) => ({
    correction: { by: request.identity.name, time: deps.clock.now(), withdrawn },
  });
  app.put(
    '/failures/:id',
    {
      schema: {
        summary: 'Correct a failure; what is left out stays, and a withdrawn one counts again',
        params: IdParameters,
        body: Type.Object({
          kind: Type.Optional(Kind),
          start: Type.Optional(Moment),
          end: Type.Optional(End),
          note: Type.Optional(Note),
        }),
        response: { 200: Failure },
      },
    },
    async (request) => {
      const before = await find(deps, request.params.id);
      const { kind, start, end, note } = request.body;
      const after = checked({ ...before, ...given({ kind, start, end, note }), ...by(request, false) });
      return correct(deps, request, 'failure_correct', after);
    },
  );

  app.delete(
    '/failures/:id',
    {
      schema: {
        summary: 'Withdraw a failure: it was none. It stays on record as withdrawn, so that it is not found again',
        params: IdParameters,
        response: { 200: Failure },
      },
    },
    async (request) => {
      const before = await find(deps, request.params.id);
      return correct(deps, request, 'failure_withdraw', { ...before, ...by(request, true) });
    },
  );
};

/** What the owner calls a failure: found by definition, said by people, corrected by people. */
export const failures: Resource = (app, deps, parts) => {
  for (const part of [reading, recording, correcting]) part(app, deps, parts);
};
