import type { FastifyReply, FastifyRequest } from 'fastify';
import { pickLanguage } from '../text/language.ts';
import type { ApiApp } from './api-app.ts';
import type { ApiDeps } from './deps.ts';
import { type Caller, checkHost, checkOrigin, createAuthorize } from './guard.ts';

/** Scripts, styles, fonts and pictures come from here alone, and nobody may put the page into a frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
} as const;

const first = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' || value === undefined ? value : value[0];

const callerOf = ({ headers, socket }: FastifyRequest): Caller => ({
  host: headers.host,
  origin: first(headers.origin),
  fetchSite: first(headers['sec-fetch-site']),
  fetchMode: first(headers['sec-fetch-mode']),
  referer: headers.referer,
  authorization: headers.authorization,
  marker: first(headers['x-vigia']),
  localAddress: socket.localAddress,
});

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether an address is one of the interface; the rest is the dashboard, which holds nothing secret. */
const isInterface = (url: string): boolean => /^\/(api|metrics)(\/|\?|$)/.test(url);

/** Health is asked by machines that know no name and no token. */
const isHealth = (url: string): boolean => /^\/(healthz|readyz)(\?|$)/.test(url);

/** Checks every request before anything else looks at it. */
export function addSecurity(app: ApiApp, { options, text, settings }: ApiDeps): void {
  const authorize = createAuthorize(options.tokens);
  app.decorateRequest('identity');
  app.decorateRequest('words');
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    request.words = text(pickLanguage(request.headers['accept-language'], settings.current().language));
    request.identity = { name: 'anybody', role: 'viewer' };
    reply.headers(HEADERS);
    if (isHealth(request.url)) return;
    const caller = callerOf(request);
    checkHost(caller, options.allowedHosts);
    if (!isInterface(request.url)) return;
    reply.header('Cache-Control', 'no-store');
    const changes = !READS.has(request.method);
    checkOrigin(caller, options.allowedHosts, changes);
    const { role = changes ? 'operator' : 'viewer', forSenders = false } = request.routeOptions.config;
    request.identity = authorize(caller, { role, changes, forSenders });
  });
}
