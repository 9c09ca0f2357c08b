import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { VigiaError } from '../../runtime/errors.ts';
import { acceptBodies } from '../accept-bodies.ts';
import type { ApiApp, Resource } from '../api-app.ts';
import type { ApiDeps } from '../deps.ts';

const mediaType = (header: string | undefined): string => header?.split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** What a sender must have: no header that only browsers lack, as collectors and SDKs cannot be told to send it. */
const config = { forSenders: true } as const;

type Encoding = 'protobuf' | 'json';

/** Which of OTLP's two encodings a body has. */
function encodingOf(contentType: string | undefined): Encoding {
  const type = mediaType(contentType);
  if (type === 'application/x-protobuf') return 'protobuf';
  if (type === 'application/json') return 'json';
  throw new VigiaError('BODY_TYPE', { found: type, expected: 'application/x-protobuf, application/json' });
}

/** OTLP answers in the encoding of the question, with 200 also where a part was dropped: repeating would not help. */
function answer(
  reply: FastifyReply,
  encoding: Encoding,
  { rejected, field, message }: { readonly rejected: number; readonly field: string; readonly message: string },
): Buffer {
  void reply.type(encoding === 'json' ? 'application/json' : 'application/x-protobuf');
  if (encoding === 'json') {
    const partial = { [field]: String(rejected), errorMessage: message };
    return Buffer.from(JSON.stringify(rejected === 0 ? {} : { partialSuccess: partial }));
  }
  const writer = new BinaryWriter();
  if (rejected > 0) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).int64(rejected).tag(2, WireType.LengthDelimited).string(message).join();
  }
  return Buffer.from(writer.finish());
}

const why = (dropped: Readonly<Record<string, number>>): string =>
  Object.entries(dropped)
    .map(([reason, count]) => `${reason}: ${count}`)
    .join(', ');

const total = (dropped: Readonly<Record<string, number>>): number =>
  Object.values(dropped).reduce((sum, count) => sum + count, 0);

function remoteWrite(app: ApiApp, deps: ApiDeps): void {
  acceptBodies(app, { bodyBytes: deps.options.bodyBytes, busy: 'API_FLOODED' }, ({ preParsing, bodyOf }) => {
    app.post(
      '/api/v1/write',
      {
        config,
        preParsing,
        schema: {
          summary: 'Prometheus remote write 1.0; answered after the commit',
          consumes: ['application/x-protobuf'],
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const type = request.headers['content-type'] ?? '';
        // A sender of remote write 2.0 goes back to 1.0 when it is answered 415.
        if (mediaType(type) !== 'application/x-protobuf' || /proto=io\.prometheus\.write\.v2/.test(type)) {
          throw new VigiaError('BODY_TYPE', { found: type, expected: 'application/x-protobuf (remote write 1.0)' });
        }
        await deps.ingest(await bodyOf(request), 'remote_write');
        return reply.code(204).send(null);
      },
    );
  });
}

function otlp(app: ApiApp, deps: ApiDeps): void {
  const consumes = ['application/x-protobuf', 'application/json'];
  acceptBodies(app, { bodyBytes: deps.options.bodyBytes, busy: 'API_FLOODED' }, ({ preParsing, bodyOf }) => {
    app.post(
      '/v1/metrics',
      { config, preParsing, schema: { summary: 'OTLP/HTTP metrics; answered after the commit', consumes } },
      async (request, reply) => {
        const encoding = encodingOf(request.headers['content-type']);
        const { dropped } = await deps.ingest(await bodyOf(request), encoding === 'json' ? 'otlp_json' : 'otlp');
        const field = 'rejectedDataPoints';
        return reply.send(answer(reply, encoding, { rejected: total(dropped), field, message: why(dropped) }));
      },
    );
    app.post(
      '/v1/logs',
      { config, preParsing, schema: { summary: 'OTLP/HTTP logs; answered after the commit', consumes } },
      async (request, reply) => {
        const encoding = encodingOf(request.headers['content-type']);
        const { dropped } = await deps.ingestOtlpLogs(await bodyOf(request), encoding);
        const message = 'empty, or a time that is not believed';
        return reply.send(answer(reply, encoding, { rejected: dropped, field: 'rejectedLogRecords', message }));
      },
    );
  });
}

/** As `systemd-journal-upload` sends it: at `/upload` of the address that it is given, in pieces for as long as there is more. */
function journalUpload(app: ApiApp, deps: ApiDeps): void {
  const consumes = ['application/vnd.fdo.journal'];
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(consumes, (_request, payload, done) => done(null, payload));
    scope.post(
      '/api/v1/journal/upload',
      {
        config,
        schema: {
          summary: "Entries of systemd's journal in its export format; answered after their counts are committed",
          consumes,
          response: { 200: Type.String() },
        },
      },
      async (request, reply) => {
        await deps.ingestJournal(request.body as AsyncIterable<Uint8Array>);
        return reply.type('text/plain').send('OK.\n');
      },
    );
  });
}

/** What collectors and SDKs send by themselves, at the addresses that they know. */
export const receivers: Resource = (app, deps) => {
  remoteWrite(app, deps);
  otlp(app, deps);
  journalUpload(app, deps);
};
