import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { LearningState, TensorFlowNetwork } from '../../model/failure-model.ts';
import { Model } from '../../model/failure.ts';
import { ModelReport } from '../../model/model-report.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { audit, type Resource } from '../api-app.ts';
import { PageOf } from '../contract/views.ts';
import { given, IdParameters, pageQuery, PageParameters, toPage } from '../queries.ts';

/** Models with two teams of three members take some MB. */
const MODEL_BYTES = 67_108_864;
const BINARY = 'application/octet-stream';
const Scope = Type.String({ minLength: 1, maxLength: 600 });

const reading: Resource = (app, { store, models }) => {
  app.get(
    '/models',
    {
      schema: {
        summary: 'Models, newest first',
        querystring: Type.Object({
          ...PageParameters,
          kind: Type.Optional(Type.String({ maxLength: 100 })),
          scope: Type.Optional(Scope),
        }),
        response: { 200: PageOf(Model) },
      },
    },
    ({ query }) =>
      toPage(store.models.list({ ...pageQuery(query), ...given({ kind: query.kind, scope: query.scope }) })),
  );

  app.get(
    '/models/:id',
    { schema: { summary: 'One model', params: IdParameters, response: { 200: Model } } },
    async ({ params: { id } }) => {
      const model = await store.models.get(id);
      if (model === null) throw new VigiaError('NOT_FOUND', { what: 'model', id });
      return model;
    },
  );

  app.get(
    '/models/learning',
    {
      schema: {
        summary: 'Where learning to predict failures stands, by entity kind; what is missing for a model',
        response: { 200: Type.Object({ items: Type.Array(LearningState) }) },
      },
    },
    async () => ({ items: [...(await models.learning())] }),
  );

  app.get(
    '/models/:id/artefact',
    { schema: { summary: 'A failure model as a file', params: IdParameters } },
    async ({ params: { id } }, reply) => {
      const bytes = await models.exportModel(id);
      // Answers are written as JSON; a stream is not.
      return reply.type(BINARY).send(Readable.from([Buffer.from(bytes)]));
    },
  );
};

const reporting: Resource = (app, { models }) => {
  app.get(
    '/models/:id/tensorflow',
    {
      schema: {
        summary: 'The networks of a failure model in the Layers format of TensorFlow.js',
        params: IdParameters,
        response: { 200: Type.Object({ items: Type.Array(TensorFlowNetwork) }) },
      },
    },
    async ({ params: { id } }) => ({ items: [...(await models.exportTensorFlow(id))] }),
  );

  app.get(
    '/models/:id/report',
    {
      schema: {
        summary:
          'All about one failure model: calibration, lead time and its contract, drift, the challenger beside the champion, cost',
        params: IdParameters,
        response: { 200: ModelReport },
      },
    },
    ({ params: { id } }) => models.report(id),
  );
};

const training: Resource = (app, deps) => {
  const { store, models } = deps;
  app.post(
    '/models/train',
    {
      schema: {
        summary: 'Train as soon as possible; the scope is a kind of entity',
        body: Type.Object({ scope: Scope }),
        response: { 202: Type.Null() },
      },
    },
    async (request, reply) => {
      const { scope } = request.body;
      const { items } = await store.entities.list({ limit: 1, cursor: null, kind: scope });
      // Nobody would ever get to it, nor say so.
      if (items.length === 0) throw new VigiaError('NOT_FOUND', { what: 'kind', id: scope });
      await models.train(scope);
      await audit(deps, request, { verb: 'model_train', target: scope });
      return reply.code(202).send(null);
    },
  );
};

const changing: Resource = (app, { store, models }) => {
  const found = async (id: string): Promise<Model> => {
    const model = await store.models.get(id);
    if (model === null) throw new VigiaError('NOT_FOUND', { what: 'model', id });
    return model;
  };

  app.post(
    '/models/:id/promote',
    {
      config: { role: 'admin' },
      schema: { summary: 'Put a model in force', params: IdParameters, response: { 200: Model } },
    },
    async ({ params: { id }, identity }) => {
      await models.promote(id, identity.name);
      return found(id);
    },
  );

  app.post(
    '/models/rollback',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Take the model of a scope out of force; the one before it serves again, or none',
        body: Type.Object({ scope: Scope }),
        response: { 204: Type.Null() },
      },
    },
    async ({ body: { scope }, identity }, reply) => {
      await models.rollback(scope, identity.name);
      return reply.code(204).send(null);
    },
  );
};

const importing: Resource = (app, deps) => {
  const { store, models } = deps;
  // A parser of its own scope: nothing else takes bodies of this size.
  void app.register(async (scoped) => {
    scoped.addContentTypeParser(BINARY, { parseAs: 'buffer', bodyLimit: MODEL_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    scoped.post(
      '/models',
      {
        bodyLimit: MODEL_BYTES,
        config: { role: 'admin' },
        schema: { summary: 'Bring a failure model that was exported; it enters as a challenger' },
      },
      async (request, reply) => {
        if (!(request.body instanceof Uint8Array)) throw new VigiaError('BODY_INVALID', { detail: BINARY });
        const id = await models.importModel(request.body, request.identity.name);
        await audit(deps, request, { verb: 'model_import', target: id });
        return reply.code(201).send(await store.models.get(id));
      },
    );
  });
};

/** Networks of one model, at most; bytes of them all, written as base64. */
const MOST_NETWORKS = 32;
const NETWORK_BYTES = 16_777_216;

const exchanging: Resource = (app, deps) => {
  const { store, models } = deps;
  app.post(
    '/models/:id/tensorflow',
    {
      bodyLimit: NETWORK_BYTES,
      config: { role: 'admin' },
      schema: {
        summary:
          'The same failure model with other networks, in the Layers format of TensorFlow.js; it enters as a challenger',
        params: IdParameters,
        body: Type.Object({ items: Type.Array(TensorFlowNetwork, { minItems: 1, maxItems: MOST_NETWORKS }) }),
        response: { 201: Model },
      },
    },
    async (request, reply) => {
      const id = await models.importTensorFlow(request.params.id, request.body.items, request.identity.name);
      await audit(deps, request, { verb: 'model_import', target: id });
      return reply.code(201).send((await store.models.get(id))!);
    },
  );
};

/** Models: what is in force, what is watched, what is being learnt. */
export const models: Resource = (app, deps, parts) => {
  for (const part of [reading, reporting, training, changing, importing, exchanging]) part(app, deps, parts);
};
