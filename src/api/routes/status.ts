import { Type } from 'typebox';
import type { Resource } from '../api-app.ts';
import { createCached } from '../cached.ts';
import { PageOf, SourceView, Status } from '../contract/views.ts';

/** Counting the bytes of a store is work; it changes slowly. */
const BYTES_FRESH_MS = 30_000;

/** How Vigía itself is doing, and where its data comes from. */
export const status: Resource = (app, deps) => {
  const { options, settings } = deps;
  const bytes = createCached(deps.storeBytes, deps.clock, BYTES_FRESH_MS);
  app.get(
    '/status',
    { schema: { summary: 'How Vigía itself is doing', response: { 200: Status } } },
    async (): Promise<Status> => ({
      version: options.version,
      startedAt: options.startedAt,
      ready: deps.ready(),
      stepMs: options.stepMs,
      language: settings.current().language,
      stages: deps.stages().map(({ name, lag }) => ({ name, lag })),
      store: { kind: options.store.kind, bytes: await bytes.get(), budgetBytes: options.store.budgetBytes },
      residentBytes: process.memoryUsage.rss(),
    }),
  );

  app.get(
    '/sources',
    { schema: { summary: 'Where data comes from, and what was dropped', response: { 200: PageOf(SourceView) } } },
    async () => ({ items: [...deps.sources()], next: null }),
  );

  app.get(
    '/openapi.json',
    { schema: { summary: 'This interface as OpenAPI 3.1', response: { 200: Type.Any() } } },
    async () => app.swagger(),
  );
};
