import type { Resource } from '../api-app.ts';

/** The live stream: that something changed. Readers load it anew. */
export const stream: Resource = (app, deps, { hub }) => {
  const gauge = deps.metrics.gauge('vigia_api_stream_readers', 'Readers of the live stream.');
  app.get(
    '/stream',
    { schema: { summary: 'Server-sent events of what changed', produces: ['text/event-stream'] } },
    (request, reply) => {
      const lastId = request.headers['last-event-id'];
      reply.raw.once('close', () => gauge.set(hub.readers()));
      hub.admit();
      reply.hijack();
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-store',
        // nginx keeps streams back unless told so.
        'X-Accel-Buffering': 'no',
      });
      hub.join(reply.raw, typeof lastId === 'string' ? lastId : undefined);
      gauge.set(hub.readers());
    },
  );
};
