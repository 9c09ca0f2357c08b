import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Words } from '../text/text.ts';
import type { Cached } from './cached.ts';
import type { Overview } from './contract/views.ts';
import type { ApiDeps, Role } from './deps.ts';
import type { Identity } from './guard.ts';
import type { Snapshot } from './snapshot.ts';
import type { StreamHub } from './stream-hub.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before any handler. */
    identity: Identity;
    /** The reader's language. */
    words: Words;
  }
  interface FastifyContextConfig {
    /** The least role; by default `viewer` for reading and `operator` for changes; null for anybody. */
    role?: Role | null;
    /** Senders of data that are no browsers need no header on loopback. */
    forSenders?: boolean;
  }
}

/** Fastify with types from the schemas. */
export type ApiApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What resources have in common beside `deps`. */
export interface ApiParts {
  readonly snapshots: Cached<Snapshot>;
  readonly overview: Cached<Overview>;
  readonly hub: StreamHub;
}

/** One resource: adds its routes to the app. */
export type Resource = (app: ApiApp, deps: ApiDeps, parts: ApiParts) => void;

/** Writes a line of the audit log: who changed what. */
export const audit = async (
  { store, ids, clock }: ApiDeps,
  request: FastifyRequest,
  entry: {
    readonly verb: string;
    readonly target: string;
    readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
  },
): Promise<void> => {
  await store.audit.append({
    id: ids.next('audit'),
    time: clock.now(),
    actor: request.identity.name,
    verb: entry.verb,
    target: entry.target,
    detail: { ...entry.detail },
  });
};
