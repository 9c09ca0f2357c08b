import { Type } from 'typebox';
import { EntityId } from '../../model/entity.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { SampleBatch } from '../../model/series.ts';
import type { Resource } from '../api-app.ts';
import { acceptBodies } from '../accept-bodies.ts';
import { PageOf } from '../contract/views.ts';
import type { SampleFormat } from '../deps.ts';
import { RangeParameters } from '../queries.ts';

/** One value of a series, as it is listed. */
const SampleView = Type.Object({
  series: Type.String(),
  time: Type.Integer({ description: 'Unix time in milliseconds.' }),
  value: Type.Union([Type.Number(), Type.Null()], { description: 'Null where it is not a finite number.' }),
});

const DEFAULT_RANGE_MS = 3_600_000;
/** Samples of one moment that a cursor can count past. */
const MAX_SKIP = 100_000;

/** A JSON line begins with a key and a colon, which no line of the exposition does. */
const JSON_LINE = /^\s*\{\s*"(?:[^"\\]|\\.)*"\s*:/;
const SNIFFED_BYTES = 1_024;

/** By the declared type where it says something, else by a look at the beginning: `curl -d` declares a form. */
export function formatOf(contentType: string | undefined, body: Uint8Array): SampleFormat {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (/json/.test(type)) return 'json_lines';
  if (type === 'application/openmetrics-text') return 'openmetrics';
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, SNIFFED_BYTES)).toString('latin1');
  return JSON_LINE.test(start) ? 'json_lines' : 'exposition';
}

/** A place in the samples of an entity: this many of this moment have been given out. */
interface Place {
  readonly time: number;
  readonly skip: number;
}

const encode = ({ time, skip }: Place): string => Buffer.from(`${time}.${skip}`).toString('base64url');

function decode(cursor: string): Place {
  const [, time, skip] = /^(\d{1,16})\.(\d{1,6})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  const place = { time: Number(time), skip: Number(skip) };
  if (time === undefined || place.skip > MAX_SKIP || encode(place) !== cursor) throw new VigiaError('CURSOR_INVALID');
  return place;
}

const viewOf = (batch: SampleBatch, from: number, to: number) =>
  batch.series.slice(from, to).map(({ key }, index) => {
    const value = batch.values[from + index]!;
    return { series: key, time: batch.times[from + index]!, value: Number.isFinite(value) ? value : null };
  });

/** The place after the first `end` samples of a batch; a batch begins with all samples of its first moment. */
function placeAfter(batch: SampleBatch, end: number): Place {
  const time = batch.times[end - 1]!;
  let first = end - 1;
  while (first > 0 && batch.times[first - 1] === time) first--;
  return { time, skip: end - first };
}

const pushing: Resource = (app, deps) => {
  const received = deps.metrics.counter(
    'vigia_api_samples_bytes_total',
    'Bytes of pushed samples, after decompression.',
  );
  acceptBodies(app, { bodyBytes: deps.options.bodyBytes }, ({ preParsing, bodyOf }) => {
    app.post(
      '/samples',
      {
        config: { forSenders: true },
        preParsing,
        schema: {
          summary: 'Samples as exposition text or JSON lines, gzip allowed; answered after the commit',
          consumes: ['text/plain', 'application/openmetrics-text', 'application/x-ndjson', 'application/json'],
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const body = await bodyOf(request);
        received.inc(body.byteLength);
        await deps.ingest(body, formatOf(request.headers['content-type'], body));
        return reply.code(204).send(null);
      },
    );
  });
};

const listing: Resource = (app, { store, clock }) => {
  app.get(
    '/samples',
    {
      schema: {
        summary: 'Samples of an entity, oldest first',
        querystring: Type.Object({
          entity: EntityId,
          ...RangeParameters,
          limit: Type.Integer({ minimum: 1, maximum: 1000, default: 1000 }),
          cursor: Type.Optional(Type.String({ maxLength: 100 })),
        }),
        response: { 200: PageOf(SampleView) },
      },
    },
    async ({ query }) => {
      const to = query.to ?? clock.now() + 1;
      const from = query.from ?? to - DEFAULT_RANGE_MS;
      const place = query.cursor === undefined ? { time: from, skip: 0 } : decode(query.cursor);
      const want = place.skip + query.limit;
      const batch = await store.samples.read(query.entity, { from: place.time, to }, want + 1);
      const end = Math.min(batch.times.length, want);
      const more = batch.times.length > end;
      return { items: viewOf(batch, place.skip, end), next: more ? encode(placeAfter(batch, end)) : null };
    },
  );
};

/** Samples: taking them in, and giving them out. */
export const samples: Resource = (app, deps, parts) => {
  pushing(app, deps, parts);
  listing(app, deps, parts);
};
