import type { Clock } from '../clock.ts';
import { toError, VigiaError } from '../errors.ts';
import { jsonLines } from '../json-lines.ts';
import type { KubernetesClient, KubernetesStream } from './kubernetes-client.ts';
import { isKubernetesObject, isTree, type KubernetesObject, messageOf, placeOf } from './kubernetes-object.ts';

/** How a change came to be known: of an object in the first list, in a later one, or as it happened. */
export type Heard = 'first' | 'listed' | 'watched';

export interface WatchedOptions<T> {
  /** Such as `/api/v1/pods`. */
  readonly path: string;
  /** Selectors. */
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: { readonly list: string; readonly watch: string };
  /** What is kept of an object; null when it does not matter. */
  readonly keep: (object: KubernetesObject) => T | null;
  /** Told of each change after it is known, one after the other; reading waits for it. */
  readonly changed?: (before: T | undefined, after: T | undefined, heard: Heard) => Promise<void> | void;
  /** Objects beyond these are left out. */
  readonly most?: number;
}

export interface WatchedDeps {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  /** Told when looking fails, each time; what is known stays. */
  readonly failed: (error: VigiaError) => void;
  /** Told when a list or a stream has come after that. */
  readonly well?: () => void;
}

/** Small enough to be parsed within a turn: 200 pods are some 2 MB. */
const PAGE = 200;
const MOST_OBJECTS = 100_000;
const MOST_PAGES = 5_000;
/** Kubernetes ends a watch between half an hour and an hour; so do we, sooner, so that a dead one is found out. */
const WATCH_S = 300;
const GRACE_MS = 30_000;
/** etcd takes no object above 1.5 MiB; with its managed fields it may be a little more in JSON. */
const MAX_LINE = 8 * 2 ** 20;
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 60_000;
/** So many failures from one place, and the list is read anew: what is sent there may never become readable. */
const PATIENCE = 5;
/** A watch that ends sooner without a word was none. */
const AT_ONCE_MS = 5_000;

/** The place that we have come to is too old for the server: everything has to be listed anew. */
class Expired extends Error {}

interface Kept<T> {
  readonly uid: string;
  readonly version: string;
  readonly value: T;
}

/**
 * The objects of one kind as they are now, kept up to date: a list, then a watch from its version, as all of Kubernetes'
 * own programs do. It goes on from the last version after a disconnection, lists anew when that is too old (410), and
 * waits longer and longer while the server refuses or is away.
 */
export class WatchedObjects<T> {
  readonly #options: WatchedOptions<T>;
  readonly #deps: WatchedDeps;
  readonly #kept = new Map<string, Kept<T>>();
  #version = '';
  #listed = false;
  #failures = 0;
  #expired = 0;

  constructor(options: WatchedOptions<T>, deps: WatchedDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Whether there was a whole list since the start. */
  get known(): boolean {
    return this.#listed;
  }

  values(): readonly T[] {
    return [...this.#kept.values()].map(({ value }) => value);
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Until aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#version === '') await this.#list(signal);
        await this.#watch(signal);
      } catch (thrown) {
        if (signal.aborted) return;
        if (thrown instanceof Expired) await this.#expire(signal);
        else await this.#pause(thrown, signal);
      }
    }
  }

  /** Once at once; when even a fresh list is too old, later and later. */
  async #expire(signal: AbortSignal): Promise<void> {
    this.#version = '';
    this.#expired += 1;
    if (this.#expired > 1) await this.#deps.clock.sleep(pauseOf(this.#expired - 1), signal).catch(() => undefined);
  }

  async #pause(thrown: unknown, signal: AbortSignal): Promise<void> {
    const error = thrown instanceof VigiaError ? thrown : unreadable(thrown);
    this.#failures += 1;
    if (this.#failures % PATIENCE === 0) this.#version = '';
    this.#deps.failed(error);
    const asked = Number(error.values['retryAfter'] ?? 0) * 1000;
    const pause = Math.min(LAST_PAUSE_MS, Math.max(pauseOf(this.#failures), asked));
    await this.#deps.clock.sleep(pause, signal).catch(() => undefined);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { path, query = {}, accept, most = MOST_OBJECTS } = this.#options;
    const found = new Map<string, Kept<T>>();
    let next: string | undefined;
    let version = '';
    let pages = 0;
    do {
      pages += 1;
      if (pages > MOST_PAGES) throw new RangeError(`the list of ${path} does not end`);
      const asked = { path, query: { ...query, limit: PAGE, continue: next }, accept: accept?.list };
      const { status, body, retryAfter } = await this.#deps.client.ask(asked, signal);
      if (status === 410) throw new Expired();
      if (status !== 200) throw refused(`list ${path}`, { status, body, retryAfter });
      const page = pageOf(body);
      for (const item of page.items) {
        const kept = found.size < most ? this.#keep(item) : null;
        if (kept !== null) found.set(placeOf(item), kept);
      }
      ({ version, next } = page);
    } while (next !== undefined);
    await this.#compare(found);
    this.#version = version;
    this.#deps.well?.();
  }

  #keep(object: KubernetesObject): Kept<T> | null {
    const value = this.#options.keep(object);
    const { uid = '', resourceVersion: version = '' } = object.metadata;
    return value === null ? null : { uid, version, value };
  }

  /** What a list shows to have changed while nobody watched. */
  async #compare(found: ReadonlyMap<string, Kept<T>>): Promise<void> {
    const heard = this.#listed ? 'listed' : 'first';
    for (const place of this.#kept.keys()) if (!found.has(place)) await this.#put(place, null, heard);
    for (const [place, kept] of found) await this.#put(place, kept, heard);
    this.#listed = true;
  }

  /** Told first, then known: what could not be told comes again. */
  async #put(place: string, kept: Kept<T> | null, heard: Heard): Promise<void> {
    const before = this.#kept.get(place);
    if (kept === null) {
      if (before !== undefined) await this.#tell(before, null, heard);
      this.#kept.delete(place);
    } else if (before?.uid === kept.uid && before.version === kept.version && kept.version !== '') {
      // As it was before: a list, or a watch that went a step back.
    } else if (before !== undefined || this.#kept.size < (this.#options.most ?? MOST_OBJECTS)) {
      await this.#tell(before, kept, heard);
      this.#kept.set(place, kept);
    }
  }

  async #tell(before: Kept<T> | undefined, after: Kept<T> | null, heard: Heard): Promise<void> {
    const { changed } = this.#options;
    if (changed === undefined) return;
    // Another object under the same name is no change of the one before.
    const another = before !== undefined && after !== null && before.uid !== after.uid;
    if (another) await changed(before.value, undefined, heard);
    await changed(another ? undefined : before?.value, after?.value, heard);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { path, query = {}, accept } = this.#options;
    const { client, clock } = this.#deps;
    const more = { watch: true, allowWatchBookmarks: true, timeoutSeconds: WATCH_S, resourceVersion: this.#version };
    const stream = await client.open({ path, query: { ...query, ...more }, accept: accept?.watch }, signal);
    const over = new AbortController();
    const timer = clock.sleep(WATCH_S * 1000 + GRACE_MS, over.signal).then(
      () => stream.destroy(),
      () => undefined,
    );
    try {
      await this.#read(stream);
    } finally {
      over.abort();
      stream.destroy();
      await timer;
    }
  }

  async #read(stream: KubernetesStream): Promise<void> {
    const { path } = this.#options;
    if (stream.status === 410) throw new Expired();
    if (stream.status !== 200) {
      const { status, retryAfter } = stream;
      throw refused(`watch ${path}`, { status, retryAfter, body: await firstLine(stream) });
    }
    this.#deps.well?.();
    const { clock } = this.#deps;
    const begun = clock.monotonic();
    let heard = 0;
    for await (const line of jsonLines(stream.body, MAX_LINE)) {
      await this.#take(line);
      heard += 1;
      this.#failures = 0;
      this.#expired = 0;
    }
    // A server, or a proxy before it, that ends each watch at once must not be asked all the time.
    if (heard === 0 && clock.monotonic() - begun < AT_ONCE_MS)
      throw new VigiaError('KUBERNETES_UNREACHABLE', { detail: `the watch of ${path} ended at once` });
  }

  async #take(line: unknown): Promise<void> {
    const { type, object } = isTree(line) ? line : {};
    if (type === 'ERROR') {
      const { code, retryAfter = null } = isTree(object) ? object : {};
      if (code === 410) throw new Expired();
      const status = typeof code === 'number' ? code : 500;
      throw refused(`watch ${this.#options.path}`, { status, body: object, retryAfter: Number(retryAfter) });
    }
    if (!isKubernetesObject(object)) throw new SyntaxError('a line of the watch is no object');
    if (type === 'ADDED' || type === 'MODIFIED') await this.#put(placeOf(object), this.#keep(object), 'watched');
    else if (type === 'DELETED') await this.#put(placeOf(object), null, 'watched');
    // After it was taken, so that what fails comes again. A bookmark is nothing but this.
    this.#version = object.metadata.resourceVersion ?? this.#version;
  }
}

interface Refusal {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter: number | null;
}

const refused = (what: string, { status, body, retryAfter }: Refusal): VigiaError =>
  new VigiaError('KUBERNETES_REFUSED', { what, status, detail: messageOf(body), retryAfter: retryAfter ?? 0 });

const pauseOf = (times: number): number => Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(times - 1, 10));

const unreadable = (thrown: unknown): VigiaError =>
  new VigiaError('KUBERNETES_UNREACHABLE', { detail: codeOf(thrown) }, thrown);

function codeOf(thrown: unknown): string {
  const { code, message } = toError(thrown) as NodeJS.ErrnoException;
  return code ?? message;
}

interface Page {
  readonly items: readonly KubernetesObject[];
  readonly version: string;
  readonly next: string | undefined;
}

function pageOf(body: unknown): Page {
  const { items, metadata } = isTree(body) ? body : {};
  if (!Array.isArray(items) || !isTree(metadata)) throw new SyntaxError('the list is none');
  const { resourceVersion, continue: next } = metadata;
  if (typeof resourceVersion !== 'string') throw new SyntaxError('the list has no version');
  return {
    items: items.filter(isKubernetesObject),
    version: resourceVersion,
    next: typeof next === 'string' && next !== '' ? next : undefined,
  };
}

/** A refusal is a Status in one line, in as many pieces as it comes. */
async function firstLine({ body }: KubernetesStream): Promise<unknown> {
  let text = '';
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString('utf8');
    if (text.length > 10_000) break;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return { message: text.slice(0, 200) };
  }
}
