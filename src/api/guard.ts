import { createHash, timingSafeEqual } from 'node:crypto';
import { VigiaError } from '../runtime/errors.ts';
import { type ApiToken, type Role, ROLES } from './deps.ts';

/**
 * Who may do what. Two dangers are kept apart. A page in the operator's own browser can send requests to this machine:
 * it is stopped by the name in `Host` (a name rebound to 127.0.0.1 is still a foreign name), by `Origin` and
 * `Sec-Fetch-Site`, and by a header that no form can send and no foreign page may. A person on the network is stopped
 * by tokens, without which no other address than loopback is listened on.
 */
export interface Caller {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
  readonly referer: string | undefined;
  readonly authorization: string | undefined;
  /** The header `X-Vigia`. */
  readonly marker: string | undefined;
  /** Address of this machine that the connection came in on. */
  readonly localAddress: string | undefined;
}

/** What a route asks of its caller. */
export interface Demand {
  /** The least role; null for what anybody may see. */
  readonly role: Role | null;
  readonly changes: boolean;
  /** Senders that are no browsers need no header on loopback: `curl -d 'm 1' …/api/v1/samples` just works. */
  readonly forSenders: boolean;
}

/** Who asks. */
export interface Identity {
  readonly name: string;
  readonly role: Role;
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** Whether only this machine can reach what listens there. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);

/** The name in `Host` without its port, in lower case; null when there is none. The port is not looked at: tunnels change it. */
function nameOf(host: string | undefined): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]/@\s]+)(?::\d{1,5})?$/i.exec(host ?? '');
  return match?.[1]?.toLowerCase().replace(/\.$/, '') ?? null;
}

/** The address a connection came in on, as it stands in `Host`. No name can be rebound to look like one. */
function literalOf(address: string | undefined): string | null {
  if (address === undefined) return null;
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  return plain.includes(':') ? `[${plain}]` : plain;
}

/** Refuses names that are not this server's. */
export function checkHost(caller: Caller, allowedHosts: readonly string[]): void {
  const name = nameOf(caller.host);
  const known = [...LOOPBACK_NAMES, ...allowedHosts.map((host) => host.toLowerCase()), literalOf(caller.localAddress)];
  if (name === null || !known.includes(name)) throw new VigiaError('API_HOST_REFUSED', { host: caller.host ?? '' });
}

/** Refuses what comes from a page of another origin. Following a link to here is allowed, as it changes nothing. */
export function checkOrigin(caller: Caller, allowedHosts: readonly string[], changes: boolean): void {
  const { origin, fetchSite, fetchMode } = caller;
  if (origin !== undefined) {
    const host = /^https?:\/\/([^/]+)$/.exec(origin)?.[1]?.toLowerCase();
    const own = host !== undefined && host === caller.host?.toLowerCase();
    const proxied = allowedHosts.some((allowed) => allowed.toLowerCase() === nameOf(host));
    if (!own && !proxied) throw new VigiaError('API_ORIGIN_REFUSED', { origin });
    return;
  }
  const foreign = fetchSite === 'cross-site' || fetchSite === 'same-site';
  if (foreign && (changes || fetchMode !== 'navigate'))
    throw new VigiaError('API_ORIGIN_REFUSED', { origin: fetchSite });
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Finds whose token it is, in a time that tells nothing: every token is compared, by digests of one length. */
export function createTokenTable(tokens: readonly ApiToken[]): (token: string) => Identity | null {
  const table = tokens.map(({ name, role, token }) => ({ identity: { name, role }, hash: digest(token) }));
  return (token) => {
    const asked = digest(token);
    let found: Identity | null = null;
    for (const { identity, hash } of table) {
      if (timingSafeEqual(hash, asked)) found = identity;
    }
    return found;
  };
}

const mayDo = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed);

/** Who is on this machine, when there are no tokens. */
const LOCAL: Identity = { name: 'local', role: 'admin' };

/** Identifies the caller and refuses what it may not do. */
export function createAuthorize(tokens: readonly ApiToken[]): (caller: Caller, demand: Demand) => Identity {
  const find = createTokenTable(tokens);
  return (caller, { role, changes, forSenders }) => {
    if (role === null) return { name: 'anybody', role: 'viewer' };
    if (tokens.length === 0) {
      const browser = [caller.origin, caller.fetchSite, caller.referer].some((header) => header !== undefined);
      const marked = caller.marker !== undefined || (forSenders && !browser);
      if (changes && !marked) throw new VigiaError('API_HEADER_MISSING');
      return LOCAL;
    }
    const token = /^Bearer +(\S+)$/i.exec(caller.authorization ?? '')?.[1];
    const identity = token === undefined ? null : find(token);
    if (identity === null) throw new VigiaError('API_UNAUTHORIZED');
    if (!mayDo(identity.role, role)) throw new VigiaError('API_FORBIDDEN', { role });
    return identity;
  };
}
