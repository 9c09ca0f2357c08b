import { Type } from 'typebox';
import type { Resource } from '../api-app.ts';

const Health = Type.Object({ status: Type.Enum(['ok', 'not_ready']) });

/** Longest wait for the store before it counts as away. */
const STORE_WAIT_MS = 2_000;

/** For supervisors and for Prometheus; outside of `/api/v1`. */
export const health: Resource = (app, deps) => {
  app.get(
    '/healthz',
    { config: { role: null }, schema: { summary: 'The process lives', response: { 200: Health } } },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      config: { role: null },
      schema: { summary: 'Data is accepted and answers are given', response: { 200: Health, 503: Health } },
    },
    async (_request, reply) => {
      const waited = new AbortController();
      const away = deps.clock.sleep(STORE_WAIT_MS, waited.signal).then(
        () => false,
        () => false,
      );
      const reached = deps.store.ping().then(
        () => true,
        () => false,
      );
      const ready = deps.ready() && (await Promise.race([reached, away]));
      waited.abort();
      return ready ? { status: 'ok' as const } : reply.code(503).send({ status: 'not_ready' });
    },
  );

  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    const { text, contentType } = await deps.metrics.expose();
    return reply.header('Content-Type', contentType).send(text);
  });
};
