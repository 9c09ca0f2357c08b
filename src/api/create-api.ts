import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import swagger from '@fastify/swagger';
import { Ajv } from 'ajv';
import { fastify } from 'fastify';
import type { Service } from '../model/service.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import { SECONDS_BUCKETS } from '../runtime/metrics.ts';
import type { ApiApp, ApiParts, Resource } from './api-app.ts';
import { createCached } from './cached.ts';
import { addDashboard } from './dashboard-files.ts';
import type { ApiDeps, ApiOptions } from './deps.ts';
import { isLoopback } from './guard.ts';
import { loadOverview } from './overview.ts';
import { createProblemHandler } from './problem.ts';
import { actions } from './routes/actions.ts';
import { alerting } from './routes/alerting.ts';
import { anomalies } from './routes/anomalies.ts';
import { approvalLinks } from './routes/approval-links.ts';
import { charts } from './routes/charts.ts';
import { deadLetters } from './routes/dead-letters.ts';
import { entities } from './routes/entities.ts';
import { events } from './routes/events.ts';
import { failures } from './routes/failures.ts';
import { features } from './routes/features.ts';
import { health } from './routes/health.ts';
import { incidents } from './routes/incidents.ts';
import { judgements } from './routes/judgements.ts';
import { exemplars } from './routes/exemplars.ts';
import { logs } from './routes/logs.ts';
import { models } from './routes/models.ts';
import { outcomes } from './routes/outcomes.ts';
import { overview } from './routes/overview.ts';
import { policies } from './routes/policies.ts';
import { predictions } from './routes/predictions.ts';
import { quality } from './routes/quality.ts';
import { receivers } from './routes/receivers.ts';
import { records } from './routes/records.ts';
import { runs } from './routes/runs.ts';
import { samples } from './routes/samples.ts';
import { settings } from './routes/settings.ts';
import { silences } from './routes/silences.ts';
import { status } from './routes/status.ts';
import { stream } from './routes/stream.ts';
import { topology } from './routes/topology.ts';
import { webhooks } from './routes/webhooks.ts';
import { addSecurity } from './security.ts';
import { createSnapshots } from './snapshot.ts';
import { createStreamHub } from './stream-hub.ts';

/** The REST interface, the live stream and the dashboard. */
export interface Api extends Service {
  readonly app: ApiApp;
  /** Where it listens, after `start`. */
  url(): string;
}

const RESOURCES: readonly Resource[] = [
  overview,
  entities,
  features,
  charts,
  incidents,
  topology,
  silences,
  anomalies,
  predictions,
  runs,
  approvalLinks,
  policies,
  outcomes,
  actions,
  samples,
  logs,
  exemplars,
  events,
  webhooks,
  judgements,
  failures,
  models,
  alerting,
  settings,
  records,
  deadLetters,
  quality,
  status,
  stream,
];

/** Body of anything but samples and events. */
const BODY_BYTES = 65_536;
/** Time in which a request must have arrived. */
const REQUEST_MS = 60_000;
const MAX_CONNECTIONS = 2_000;
/** An id with its name written in percent codes. */
const MAX_PARAMETER = 1_600;
/** Time for requests in work when it stops. */
const DRAIN_MS = 2_000;
const DEFAULT_CACHE_MS = 1_000;

/** What an address of an entity may end with. */
const TAILS = new Set(['features', 'chart', 'neighbours']);

/**
 * Entity names hold slashes, and routers split at them: `/entities/pod/shop/cart-0/chart` becomes
 * `/entities/pod/shop%2Fcart-0/chart`. Whoever writes `%2F` is left alone.
 */
export function foldEntityName(url: string): string {
  const match = /^(\/api\/v1\/entities\/[^/?]+\/)([^?]+)(\?.*)?$/.exec(url);
  if (match === null) return url;
  const [, head = '', path = '', query = ''] = match;
  const parts = path.split('/');
  const last = parts.at(-1);
  const tail = parts.length > 1 && last !== undefined && TAILS.has(last) ? `/${parts.pop() ?? ''}` : '';
  return `${head}${parts.join('%2F')}${tail}${query}`;
}

function createApp({ options }: ApiDeps): ApiApp {
  const app = fastify({
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_MS,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PARAMETER },
    rewriteUrl: (request) => foldEntityName(request.url ?? '/'),
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.server.maxConnections = MAX_CONNECTIONS;
  // Addresses hold text only, so numbers and lists are read out of it; a JSON body must have the right types.
  const lenient = new Ajv({ coerceTypes: 'array', useDefaults: true, strict: false });
  const exact = new Ajv({ useDefaults: true, removeAdditional: true, strict: false });
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? exact : lenient).compile(schema as Record<string, unknown>),
  );
  // Answers are typed by the compiler; writing them by their schema costs more than it saves on long lists of numbers.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Vigía', version: options.version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: options.tokens.length > 0 ? [{ token: [] }] : [],
    },
  });
  return app;
}

/** How long requests take, by route. */
function addTimings(app: ApiApp, { metrics }: ApiDeps): void {
  const seconds = metrics.histogram('vigia_api_request_duration_seconds', 'Time to answer.', SECONDS_BUCKETS, [
    'method',
    'route',
    'status',
  ]);
  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    const route = routeOptions.url ?? 'none';
    seconds.observe({ method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
  });
}

/** Why a server cannot listen, as one of our errors. */
function listenError(thrown: unknown, { host, port }: ApiOptions): VigiaError {
  const error = toError(thrown) as NodeJS.ErrnoException;
  if (error.code === 'EADDRINUSE') return new VigiaError('PORT_TAKEN', { host, port }, error);
  return new VigiaError('API_ADDRESS_INVALID', { host, port, detail: error.code ?? error.message }, error);
}

/** Ends when all requests in work are answered, or when they have had their time. */
async function close(app: ApiApp, server: Server): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}

/** Builds the API; nothing listens before `start`. */
export function createApi(deps: ApiDeps): Api {
  const { options, clock, changes, ids } = deps;
  const app = createApp(deps);
  const snapshots = createSnapshots(deps);
  const parts: ApiParts = {
    snapshots,
    overview: createCached(() => loadOverview(deps, snapshots), clock, options.cacheMs ?? DEFAULT_CACHE_MS),
    hub: createStreamHub(changes, ids.next('stream')),
  };
  // What waits for a person must not be shown when it no longer does.
  const unsubscribe = changes.subscribe(({ type }) => {
    if (type === 'run' || type === 'settings') parts.overview.drop();
  });
  addSecurity(app, deps);
  addTimings(app, deps);
  app.setErrorHandler(createProblemHandler(deps));
  addDashboard(app, options.dashboardFolder);
  for (const resource of RESOURCES) {
    void app.register(async (scope) => resource(scope.withTypeProvider<TypeBoxTypeProvider>(), deps, parts), {
      prefix: '/api/v1',
    });
  }
  for (const resource of [health, receivers]) {
    void app.register(async (scope) => resource(scope.withTypeProvider<TypeBoxTypeProvider>(), deps, parts));
  }

  return {
    name: 'api',
    app,
    url: () => {
      const { address, family, port } = app.server.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    },
    start: async () => {
      const { host, port, tokens } = options;
      if (!isLoopback(host) && tokens.length === 0) throw new VigiaError('API_ADDRESS_UNSAFE', { host });
      parts.hub.start();
      try {
        await app.listen({ host: host.replace(/^\[|\]$/g, ''), port });
      } catch (error) {
        parts.hub.stop();
        throw listenError(error, options);
      }
    },
    stop: async () => {
      unsubscribe();
      parts.hub.stop();
      await close(app, app.server);
    },
  };
}
