import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patched } from './patched.ts';

/** An object as Kubernetes has it, open to whatever a test needs of it. */
export interface ScriptedObject {
  readonly kind?: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** A request as it came. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly accept: string;
  readonly body: unknown;
}

/** What to do instead of answering: `hang` says nothing at all. */
export type Trouble =
  | { readonly status: number; readonly retryAfter?: number; readonly message?: string; readonly filler?: number }
  | 'hang'
  | 'cut';

interface Change {
  readonly version: number;
  readonly collection: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: ScriptedObject;
}

interface Watcher {
  readonly collection: string;
  readonly namespace: string | undefined;
  readonly response: ServerResponse;
}

/** `/api/v1/namespaces/shop/pods/web-1/eviction`, or the same without namespace, name or what is below it. */
const PATH = /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/;

const status = (code: number, reason: string, message: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message,
});

/**
 * An API server over real HTTP that holds objects in memory: lists in pages, watches from a version with bookmarks as
 * chunked lines of JSON, patches, deletions, evictions and dry runs, and whatever trouble a test scripts.
 */
export class ScriptedApiServer {
  readonly asked: Asked[] = [];
  /** Asked before anything else; undefined answers as usual. */
  trouble: (asked: Asked) => Trouble | undefined = () => undefined;
  /** Pods that a disruption budget protects: how often an eviction is refused with 429 before it is granted. */
  readonly budgets = new Map<string, number>();
  /** How a watch from a version that is too old is told: as the status, or as an event of the stream. */
  goneAs: 'status' | 'event' = 'event';
  readonly #objects = new Map<string, { readonly collection: string; readonly object: ScriptedObject }>();
  readonly #changes: Change[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #hanging = new Set<IncomingMessage>();
  readonly #folder = mkdtempSync(join(tmpdir(), 'vigia-kube-'));
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #version = 100;
  #oldest = 0;

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    writeFileSync(this.kubeconfig, JSON.stringify(this.#config()));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get kubeconfig(): string {
    return join(this.#folder, 'config');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  get hanging(): number {
    return this.#hanging.size;
  }

  /** Makes or changes an object of a collection such as `/api/v1/pods`; watchers are told. */
  put(collection: string, object: ScriptedObject): ScriptedObject {
    const key = keyOf(collection, object.metadata);
    const before = this.#objects.get(key)?.object;
    this.#version += 1;
    const uid = object.metadata['uid'] ?? before?.metadata['uid'] ?? `uid-${key}-${this.#version}`;
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(this.#version) } };
    this.#objects.set(key, { collection, object: stored });
    this.#tell({
      version: this.#version,
      collection,
      type: before === undefined ? 'ADDED' : 'MODIFIED',
      object: stored,
    });
    return stored;
  }

  delete(collection: string, metadata: { readonly name: string; readonly namespace?: string }): void {
    const key = keyOf(collection, metadata);
    const object = this.#objects.get(key)?.object;
    if (object === undefined) return;
    this.#objects.delete(key);
    this.#version += 1;
    this.#tell({ version: this.#version, collection, type: 'DELETED', object });
  }

  get(
    collection: string,
    metadata: { readonly name: string; readonly namespace?: string },
  ): ScriptedObject | undefined {
    return this.#objects.get(keyOf(collection, metadata))?.object;
  }

  /** Forgets its history, as etcd does when it is compacted: older versions are gone. */
  compact(): void {
    this.#version += 1;
    this.#oldest = this.#version;
    this.#changes.length = 0;
  }

  /** Tells every watcher how far the world has come, without a change. */
  bookmark(): void {
    this.#version += 1;
    for (const { response } of this.#watchers) {
      const object = { kind: 'Bookmark', metadata: { resourceVersion: String(this.#version) } };
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    }
  }

  /** Writes to every open watch, as it stands. */
  write(text: string): void {
    for (const { response } of this.#watchers) response.write(text);
  }

  /** Writes some bytes, and waits until they are on their way alone. */
  async trickle(bytes: Uint8Array): Promise<void> {
    for (const { response } of this.#watchers) await new Promise((resolve) => response.write(bytes, resolve));
  }

  /** Breaks every watch off, in the middle of a line when there is a text. */
  async cut(text = ''): Promise<void> {
    for (const { response } of this.#watchers) {
      if (text !== '') await new Promise((resolve) => response.write(text, resolve));
      response.destroy();
    }
  }

  /** Ends every watch as the server does when its time is over. */
  end(): void {
    for (const { response } of this.#watchers) response.end();
  }

  #config() {
    const name = 'scripted';
    return {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name, user: { token: 'kube-token-of-the-test' } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    };
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    for (const watcher of this.#watchers) if (concerns(change, watcher)) sendChange(watcher.response, change);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://x');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const asked: Asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      contentType: request.headers['content-type'] ?? '',
      accept: request.headers.accept ?? '',
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
    this.asked.push(asked);
    if (request.headers.authorization !== 'Bearer kube-token-of-the-test') {
      send(response, 401, status(401, 'Unauthorized', 'Unauthorized'));
      return;
    }
    const trouble = this.trouble(asked);
    if (trouble !== undefined) this.#trouble(trouble, request, response);
    else this.#route(asked, response);
  }

  #trouble(trouble: Trouble, request: IncomingMessage, response: ServerResponse): void {
    if (trouble === 'cut') request.socket.destroy();
    else if (trouble === 'hang') {
      this.#hanging.add(request);
      request.socket.once('close', () => this.#hanging.delete(request));
    } else {
      if (trouble.retryAfter !== undefined) response.setHeader('retry-after', trouble.retryAfter);
      const message = `${trouble.message ?? 'scripted'}${'x\u0000é'.repeat(trouble.filler ?? 0)}`;
      send(response, trouble.status, status(trouble.status, 'Scripted', message));
    }
  }

  #route(asked: Asked, response: ServerResponse): void {
    const [, group = '', namespace, resource = '', name, below] = PATH.exec(asked.path) ?? [];
    const collection = `${group}/${resource}`;
    if (name === undefined && asked.query['watch'] === 'true') this.#watch(collection, namespace, asked, response);
    else if (name === undefined) this.#list(collection, namespace, asked, response);
    else
      this.#one({ collection, below, place: { name, ...(namespace !== undefined && { namespace }) } }, asked, response);
  }

  #list(collection: string, namespace: string | undefined, { query }: Asked, response: ServerResponse): void {
    const all = [...this.#objects.values()]
      .filter((found) => found.collection === collection)
      .map(({ object }) => object)
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
      .filter((object) => selected(object, query));
    const from = Number(query['continue'] ?? 0);
    const limit = Number(query['limit'] ?? all.length) || all.length;
    const next = from + limit < all.length ? String(from + limit) : '';
    send(response, 200, {
      kind: 'List',
      metadata: { resourceVersion: String(this.#version), ...(next !== '' && { continue: next }) },
      items: all.slice(from, from + limit),
    });
  }

  #watch(collection: string, namespace: string | undefined, { query }: Asked, response: ServerResponse): void {
    const from = Number(query['resourceVersion']);
    const gone = status(410, 'Expired', `too old resource version: ${from} (${this.#oldest})`);
    if (from < this.#oldest && this.goneAs === 'status') {
      send(response, 410, gone);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (from < this.#oldest) {
      response.end(`${JSON.stringify({ type: 'ERROR', object: gone })}\n`);
      return;
    }
    const watcher = { collection, namespace, response };
    this.#watchers.add(watcher);
    response.once('close', () => this.#watchers.delete(watcher));
    for (const change of this.#changes)
      if (change.version > from && concerns(change, watcher)) sendChange(response, change);
  }

  #one(
    {
      collection,
      place,
      below,
    }: { collection: string; place: { name: string; namespace?: string }; below?: string | undefined },
    asked: Asked,
    response: ServerResponse,
  ): void {
    const object = this.get(collection, place);
    if (object === undefined) {
      send(response, 404, status(404, 'NotFound', `${collection} "${place.name}" not found`));
      return;
    }
    const real = asked.query['dryRun'] !== 'All' && !dryRunOf(asked.body);
    if (asked.method === 'GET') send(response, 200, object);
    else if (asked.method === 'POST' && below === 'eviction') this.#evict(object, real, response);
    else if (asked.method === 'DELETE') {
      if (!sameUid(object, asked.body)) send(response, 409, status(409, 'Conflict', 'the UID does not match'));
      else {
        if (real) this.delete(collection, place);
        send(response, 200, { kind: 'Status', status: 'Success' });
      }
    } else if (asked.method === 'PATCH') this.#patch(collection, object, { asked, real }, response);
    else send(response, 405, status(405, 'MethodNotAllowed', asked.method));
  }

  #patch(
    collection: string,
    object: ScriptedObject,
    { asked, real }: { readonly asked: Asked; readonly real: boolean },
    response: ServerResponse,
  ): void {
    const after = patched(object, asked.body, asked.contentType) as ScriptedObject | null;
    if (after === null) {
      send(response, 409, status(409, 'Conflict', 'the object has been modified; please apply your changes again'));
      return;
    }
    send(response, 200, real ? this.put(collection, after) : after);
  }

  #evict(pod: ScriptedObject, real: boolean, response: ServerResponse): void {
    const left = this.budgets.get(pod.metadata.name) ?? 0;
    if (left > 0) {
      if (real) this.budgets.set(pod.metadata.name, left - 1);
      const message = "Cannot evict pod as it would violate the pod's disruption budget.";
      send(response, 429, {
        ...status(429, 'TooManyRequests', message),
        details: { causes: [{ reason: 'DisruptionBudget' }] },
      });
      return;
    }
    if (real) this.delete('/api/v1/pods', pod.metadata);
    send(response, 201, { kind: 'Status', status: 'Success' });
  }
}

const keyOf = (collection: string, { namespace = '', name }: { readonly namespace?: string; readonly name: string }) =>
  `${collection} ${namespace}/${name}`;

const concerns = (change: Change, { collection, namespace }: Watcher): boolean =>
  change.collection === collection && (namespace === undefined || change.object.metadata.namespace === namespace);

const sendChange = (response: ServerResponse, { type, object }: Change): void =>
  void response.write(`${JSON.stringify({ type, object })}\n`);

function send(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const dryRunOf = (body: unknown): boolean => {
  const said = field(body, 'dryRun') ?? field(field(body, 'deleteOptions'), 'dryRun');
  return Array.isArray(said) && said.includes('All');
};

function sameUid({ metadata }: ScriptedObject, body: unknown): boolean {
  const uid = field(field(body, 'preconditions'), 'uid');
  return uid === undefined || uid === metadata['uid'];
}

/** Equality of labels, and of `spec.nodeName`, which is what drains ask by. */
function selected(object: ScriptedObject, query: Readonly<Record<string, string>>): boolean {
  const labels = (object.metadata['labels'] ?? {}) as Record<string, string>;
  const wanted = (query['labelSelector'] ?? '').split(',').filter((term) => term !== '');
  const byLabel = wanted.every((term) => {
    const [name = '', value = ''] = term.split('=');
    return labels[name] === value;
  });
  const [, node] = /^spec\.nodeName=(.*)$/.exec(query['fieldSelector'] ?? '') ?? [];
  return byLabel && (node === undefined || field(object['spec'], 'nodeName') === node);
}
