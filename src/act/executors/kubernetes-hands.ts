import type { KubernetesAnswer, KubernetesCall, KubernetesClient } from '../../runtime/kubernetes/kubernetes-client.ts';
import { isKubernetesObject, isTree, type KubernetesObject } from '../../runtime/kubernetes/kubernetes-object.ts';
import type { Clock } from '../../runtime/clock.ts';

/** Why an operation ends without having been carried out; `code` is one of the closed table. */
export class Refusal extends Error {
  readonly code: string;
  readonly values: Readonly<Record<string, string | number>>;

  constructor(code: string, values: Readonly<Record<string, string | number>>) {
    super(code);
    this.code = code;
    this.values = values;
  }
}

/** What one execution works with. */
export interface HandsDeps {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  /** Aborts when the time is over or somebody says stop. */
  readonly signal: AbortSignal;
  readonly key: string;
  /** The API server checks and answers, and changes nothing. */
  readonly dryRun: boolean;
  /** Told of each step. */
  readonly say: (line: string) => void;
}

/** An object whose fields beside the metadata are read one by one. */
export type Found = KubernetesObject & Readonly<Record<string, unknown>>;

export interface Patch {
  readonly type: 'merge' | 'json';
  readonly body: unknown;
}

/** Carries the key of the run that last changed an object, so that a repeat of that run changes nothing. */
export const RUN_ANNOTATION = 'vigia/run';
const TRIES = 3;
const NAME = /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/;
const CONFLICT: ReadonlySet<number> = new Set([409, 422]);

export const field = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((found, name) => (isTree(found) ? found[name] : undefined), value);

/** A part of a path. Labels come from whoever sends metrics: what is no name is none of Kubernetes. */
export function part(name: string): string {
  if (name.length > 253 || !NAME.test(name)) throw new Refusal('EXECUTOR_MISSING', { command: name.slice(0, 253) });
  return name;
}

/** Asks and changes, each change in the name of one run. */
export class Hands {
  readonly deps: HandsDeps;

  constructor(deps: HandsDeps) {
    this.deps = deps;
  }

  ask(call: KubernetesCall): Promise<KubernetesAnswer> {
    return this.deps.client.ask(call, this.deps.signal);
  }

  /** Throws a Refusal for anything but success. */
  async must(call: KubernetesCall, what: string): Promise<unknown> {
    const { status, body } = await this.ask(call);
    if (status >= 200 && status < 300) return body;
    throw refusalOf({ status, body }, what, this.deps.say);
  }

  async get(path: string, what: string): Promise<Found> {
    const body = await this.must({ path }, what);
    if (!isKubernetesObject(body)) throw new Refusal('EXECUTOR_REFUSED', { target: what, status: 200 });
    return body as Found;
  }

  async list(path: string, query: Readonly<Record<string, string>>, what: string): Promise<readonly Found[]> {
    const found: Found[] = [];
    let next: string | undefined;
    do {
      const body = await this.must({ path, query: { ...query, limit: 200, continue: next } }, what);
      const items = field(body, 'items');
      if (Array.isArray(items)) found.push(...(items.filter(isKubernetesObject) as Found[]));
      const token = field(body, 'metadata', 'continue');
      next = typeof token === 'string' && token !== '' && found.length < MOST_LISTED ? token : undefined;
    } while (next !== undefined);
    return found;
  }

  /**
   * Changes an object as `make` says of what it is now, and again when somebody else changed it meanwhile. Does nothing
   * when this very run has changed it already.
   */
  async amend(path: string, what: string, make: (object: Found) => Promise<Patch> | Patch): Promise<void> {
    const { key, dryRun, say } = this.deps;
    for (let tries = 1; ; tries += 1) {
      const object = await this.get(path, what);
      if (object.metadata.annotations?.[RUN_ANNOTATION] === key) {
        say(`${what} was changed by this run already`);
        return;
      }
      const { type, body } = await make(object);
      const { status, body: answer } = await this.ask({
        method: 'PATCH',
        path,
        query: { fieldManager: 'vigia', ...(dryRun && { dryRun: 'All' }) },
        contentType: type === 'json' ? 'application/json-patch+json' : 'application/merge-patch+json',
        body,
      });
      if (status >= 200 && status < 300) {
        say(`${what} ${dryRun ? 'would be' : 'was'} changed`);
        return;
      }
      if (!CONFLICT.has(status) || tries >= TRIES) throw refusalOf({ status, body: answer }, what, say);
    }
  }

  pause(ms: number): Promise<void> {
    return this.deps.clock.sleep(ms, this.deps.signal);
  }
}

const MOST_LISTED = 5_000;

export function refusalOf(
  { status, body }: Pick<KubernetesAnswer, 'status' | 'body'>,
  what: string,
  say: (line: string) => void,
): Refusal {
  say(`${status}\n${JSON.stringify(body)}`);
  return status === 404
    ? new Refusal('EXECUTOR_MISSING', { command: what })
    : new Refusal('EXECUTOR_REFUSED', { target: what, status });
}

/** Metadata of a merge patch: refused when the object is another by now, and signed by the run. */
export const signed = ({ metadata }: Found, key: string) => ({
  resourceVersion: metadata.resourceVersion,
  annotations: { [RUN_ANNOTATION]: key },
});
