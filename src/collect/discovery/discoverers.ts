import { readFile, stat } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import { glob } from 'tinyglobby';
import type { Labels } from '../../model/labels.ts';
import type { Clock } from '../../runtime/clock.ts';
import { fetchPage } from '../fetch-page.ts';
import type { Access, HttpClient } from '../http-client.ts';
import { fromKubernetes, type KubernetesDiscovery } from './from-kubernetes.ts';
import { parseTargetGroups, tagged } from './target-groups.ts';

export type DnsType = 'SRV' | 'A' | 'AAAA' | 'MX' | 'NS';

/** Where targets are found; `refreshMs` lies between two looks. */
export type Discovery = { readonly refreshMs: number } & (
  | { readonly kind: 'static'; readonly targets: readonly Labels[] }
  | { readonly kind: 'file'; readonly globs: readonly string[] }
  | { readonly kind: 'http'; readonly url: string; readonly access: Access }
  | {
      readonly kind: 'dns';
      readonly names: readonly string[];
      readonly type: DnsType;
      /** For A and AAAA, MX and NS. */
      readonly port: number;
      /** Servers that are asked, `host:port`; those of the machine when empty. */
      readonly servers: readonly string[];
    }
  | ({ readonly kind: 'kubernetes' } & KubernetesDiscovery)
);

/** Finds targets anew; rejects when it cannot tell, so that those known before stay. */
export type Discover = (signal: AbortSignal) => Promise<readonly Labels[]>;

export interface DiscoverDeps {
  readonly clock: Clock;
  readonly client: HttpClient;
  readonly bodyBytes: number;
  /** Told of a part that could not be read, while the rest could. */
  readonly complain: (what: string, why: string) => void;
}

const FETCH_MS = 10_000;
const DNS = { timeout: 5_000, tries: 2 } as const;
/** Files of all patterns of one discovery. */
const MAX_FILES = 1_000;

function fromFiles(globs: readonly string[], { bodyBytes, complain }: DiscoverDeps): Discover {
  let known = new Map<string, readonly Labels[]>();
  const read = async (file: string): Promise<readonly Labels[]> => {
    const { size } = await stat(file);
    if (size > bodyBytes) throw new RangeError(`more than ${bodyBytes} bytes`);
    return parseTargetGroups(await readFile(file, 'utf8'));
  };
  return async () => {
    const files = (await glob([...globs], { absolute: true, onlyFiles: true, dot: true })).sort().slice(0, MAX_FILES);
    const found = new Map<string, readonly Labels[]>();
    for (const file of files) {
      try {
        found.set(
          file,
          (await read(file)).map((labels) => tagged(labels, { __meta_filepath: file })),
        );
      } catch (error) {
        complain(file, (error as Error).message);
        // What it said before holds until it can be read again.
        found.set(file, known.get(file) ?? []);
      }
    }
    known = found;
    return [...found.values()].flat();
  };
}

function fromHttp(url: string, { clock, client, bodyBytes }: DiscoverDeps): Discover {
  return async (signal) => {
    const accept = 'application/json';
    const page = await fetchPage({ url, client, accept, timeoutMs: FETCH_MS, bodyBytes }, clock, signal);
    if (!page.ok) throw new Error(page.why === 'status' ? `answered ${page.status}` : page.why);
    return parseTargetGroups(page.body.toString('utf8')).map((labels) => tagged(labels, { __meta_url: url }));
  };
}

const withPort = (host: string, port: number): string => {
  const plain = host.replace(/\.$/, '');
  return `${plain.includes(':') ? `[${plain}]` : plain}:${port}`;
};

type Lookup = (resolver: Resolver, name: string, port: number) => Promise<readonly Labels[]>;

const lookups: Readonly<Record<DnsType, Lookup>> = {
  SRV: async (resolver, name) =>
    (await resolver.resolveSrv(name)).map(({ name: target, port }) => ({
      __address__: withPort(target, port),
      __meta_dns_srv_record_target: target,
      __meta_dns_srv_record_port: String(port),
    })),
  A: async (resolver, name, port) =>
    (await resolver.resolve4(name)).map((address) => ({ __address__: withPort(address, port) })),
  AAAA: async (resolver, name, port) =>
    (await resolver.resolve6(name)).map((address) => ({ __address__: withPort(address, port) })),
  MX: async (resolver, name, port) =>
    (await resolver.resolveMx(name)).map(({ exchange }) => ({
      __address__: withPort(exchange, port),
      __meta_dns_mx_record_target: exchange,
    })),
  NS: async (resolver, name, port) =>
    (await resolver.resolveNs(name)).map((server) => ({
      __address__: withPort(server, port),
      __meta_dns_ns_record_target: server,
    })),
};

/** A name that is not there has no targets; any other failure says nothing of them. */
const NOTHING_THERE = new Set(['ENOTFOUND', 'ENODATA']);

function fromDns({ names, type, port, servers }: Extract<Discovery, { kind: 'dns' }>): Discover {
  return async (signal) => {
    const resolver = new Resolver(DNS);
    if (servers.length > 0) resolver.setServers([...servers]);
    const cancel = (): void => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    const ask = async (name: string): Promise<readonly Labels[]> => {
      try {
        const found = await lookups[type](resolver, name, port);
        return found.map((labels) => tagged(labels, { __meta_dns_name: name }));
      } catch (error) {
        if (NOTHING_THERE.has((error as NodeJS.ErrnoException).code ?? '')) return [];
        throw error;
      }
    };
    try {
      return (await Promise.all(names.map(ask))).flat();
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };
}

export function createDiscover(discovery: Discovery, deps: DiscoverDeps): Discover {
  switch (discovery.kind) {
    case 'file':
      return fromFiles(discovery.globs, deps);
    case 'http':
      return fromHttp(discovery.url, deps);
    case 'dns':
      return fromDns(discovery);
    case 'kubernetes':
      return fromKubernetes(discovery, deps);
    case 'static':
    default:
      return async () => discovery.targets;
  }
}
