import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { VigiaError } from '../runtime/errors.ts';
import type { ApiApp } from './api-app.ts';

/** Built files have a hash in their name and never change. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/**
 * Serves the built dashboard. An address that is no file is a page of the dashboard when a browser asks for a page;
 * everything else is not found.
 */
export function addDashboard(app: ApiApp, folder: string | null): void {
  const root = folder !== null && existsSync(join(folder, 'index.html')) ? folder : null;
  if (root !== null) {
    void app.register(fastifyStatic, {
      root,
      preCompressed: true,
      decorateReply: true,
      cacheControl: false,
      setHeaders: (response, path) => {
        response.setHeader('Cache-Control', /[/\\]assets[/\\]/.test(path) ? FOR_EVER : 'no-cache');
      },
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const page = request.method === 'GET' || request.method === 'HEAD';
    const wantsPage = page && (request.headers.accept ?? '').includes('text/html');
    const path = request.url.split('?', 1)[0] ?? '';
    if (root !== null && wantsPage && !/^\/(api|assets|metrics|healthz|readyz)(\/|$)/.test(path)) {
      return reply.sendFile('index.html');
    }
    throw new VigiaError('NOT_FOUND', { what: 'page', id: path.slice(0, 200) });
  });
}
