import { Type } from 'typebox';
import { EntityId } from '../../model/entity.ts';
import { LogExample, LogLevel, LogPattern } from '../../model/log-record.ts';
import { LogSequence } from '../../model/log-sequence.ts';
import { acceptBodies } from '../accept-bodies.ts';
import type { Resource } from '../api-app.ts';
import { PageOf } from '../contract/views.ts';
import {
  EntityParameter,
  given,
  Moment,
  pageQuery,
  PageParameters,
  rangeOf,
  RangeParameters,
  toPage,
} from '../queries.ts';

const pushing: Resource = (app, deps) => {
  acceptBodies(app, { bodyBytes: deps.options.bodyBytes }, ({ preParsing, bodyOf }) => {
    app.post(
      '/logs',
      {
        config: { forSenders: true },
        preParsing,
        schema: {
          summary: 'Lines of log, as text or JSON lines, gzip allowed; answered after their counts are committed',
          consumes: ['text/plain', 'application/x-ndjson', 'application/json'],
          querystring: Type.Object({
            entity: Type.Optional(EntityId),
            source: Type.String({ default: 'push', pattern: '^[a-z][a-z0-9_-]{0,63}$' }),
          }),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const { entity, source } = request.query;
        const labels = entity === undefined ? {} : { entity };
        await deps.ingestLogs(await bodyOf(request), { source: `logs/${source}`, labels });
        return reply.code(204).send(null);
      },
    );
  });
};

const listing: Resource = (app, { store }) => {
  app.get(
    '/logs',
    {
      schema: {
        summary: 'Lines kept as evidence, newest first: a few of each pattern in an hour',
        querystring: Type.Object({
          ...PageParameters,
          ...EntityParameter,
          ...RangeParameters,
          template: Type.Optional(Type.String({ maxLength: 64 })),
          atLeast: Type.Optional(LogLevel),
          search: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
        }),
        response: { 200: PageOf(LogExample) },
      },
    },
    ({ query }) => {
      const { entity, template, atLeast, search } = query;
      return toPage(
        store.logs.listExamples({
          ...pageQuery(query),
          ...rangeOf(query),
          ...given({ entity, template, atLeast, search }),
        }),
      );
    },
  );
  app.get(
    '/logs/patterns',
    {
      schema: {
        summary: 'Patterns of log lines, the last seen first',
        querystring: Type.Object({ ...PageParameters, ...EntityParameter, since: Type.Optional(Moment) }),
        response: { 200: PageOf(LogPattern) },
      },
    },
    ({ query }) => {
      const { since, entity } = query;
      return toPage(store.logs.listPatterns({ ...pageQuery(query), ...given({ since, entity }) }));
    },
  );
};

const sequences: Resource = (app, { store }) => {
  app.get(
    '/logs/sequences',
    {
      schema: {
        summary: 'Sessions of log lines kept as evidence or to learn from, the last that ended first',
        querystring: Type.Object({
          ...PageParameters,
          ...EntityParameter,
          ...RangeParameters,
          sampled: Type.Optional(Type.Boolean()),
          atMost: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Only those no likelier.' })),
        }),
        response: { 200: PageOf(LogSequence) },
      },
    },
    ({ query }) => {
      const { entity, sampled, atMost } = query;
      return toPage(
        store.logs.listSequences({ ...pageQuery(query), ...rangeOf(query), ...given({ entity, sampled, atMost }) }),
      );
    },
  );
};

/** Lines of log: taking them in, and what became of them. */
export const logs: Resource = (app, deps, parts) => {
  pushing(app, deps, parts);
  listing(app, deps, parts);
  sequences(app, deps, parts);
};
