import type { ToldEvent } from '../../model/told-event.ts';
import type { VigiaError } from '../../runtime/errors.ts';
import type { KubernetesClient } from '../../runtime/kubernetes/kubernetes-client.ts';
import { isTree, type KubernetesObject } from '../../runtime/kubernetes/kubernetes-object.ts';
import { type Heard, WatchedObjects, type WatchedOptions } from '../../runtime/kubernetes/watched-objects.ts';
import { type EventSource, phraseOf, type Teller } from '../event-source.ts';
import { seriesChanges, seriesFacts } from './cluster-events.ts';
import { nodeChanges, nodeFacts } from './node-changes.ts';
import { podChanges, podFacts, type PodFacts } from './pod-changes.ts';
import { SOURCE, writtenAt } from './read.ts';
import { type FactsCodec, type KubernetesMemory, Remembered } from './remembered.ts';
import { WORKLOAD_CODEC, workloadChanges, workloadFacts, type WorkloadKind } from './workload-changes.ts';

/** What may be watched; each needs its right to list and watch. */
export const KUBERNETES_WATCHES = ['pods', 'workloads', 'nodes', 'events', 'configMaps'] as const;
export type KubernetesWatch = (typeof KUBERNETES_WATCHES)[number];

export interface KubernetesSourceOptions {
  readonly client: KubernetesClient;
  /** All of them when empty. */
  readonly namespaces: readonly string[];
  readonly watch: readonly KubernetesWatch[];
  /** How things were when they were last seen; without it only what is new is told of the time before. */
  readonly memory?: KubernetesMemory;
}

/** Of what is there already when we begin, this is new enough to be told; the rest is how things are. */
const RECENT_MS = 10 * 60_000;
/** Services that one config map changes. */
const MAX_USERS = 20;
const WORKLOADS: readonly (readonly [WorkloadKind, string])[] = [
  ['deployment', 'deployments'],
  ['statefulset', 'statefulsets'],
  ['daemonset', 'daemonsets'],
];
/** Names and who wrote what when, without a word of the data, which is none of our business. */
const METADATA_ONLY = {
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  watch: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
} as const;

interface ConfigMapFacts {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly changedAt: number;
}

function configMapFacts(object: KubernetesObject): ConfigMapFacts | null {
  const { uid = '', namespace = '', name = '' } = object.metadata;
  return { uid, namespace, name, changedAt: writtenAt(object, ['f:data', 'f:binaryData']) };
}

const CONFIG_MAP_CODEC: FactsCodec<ConfigMapFacts> = {
  encode: ({ uid, namespace, name, changedAt }) => ({ uid, namespace, name, changedAt }),
  decode: (written) => {
    const { uid, namespace, name, changedAt } = (isTree(written) ? written : {}) as Partial<ConfigMapFacts>;
    if (uid === undefined || namespace === undefined || name === undefined || changedAt === undefined) return null;
    return { uid, namespace, name, changedAt };
  },
};

/** One config map changes each service whose pods read it. */
function configMapChanges(
  before: ConfigMapFacts | undefined,
  after: ConfigMapFacts | undefined,
  pods: readonly PodFacts[],
): readonly ToldEvent[] {
  if (before === undefined || after === undefined || after.changedAt <= before.changedAt) return [];
  const { uid, namespace, name, changedAt: time } = after;
  const users = pods.filter((pod) => pod.namespace === namespace && pod.configMaps.includes(name));
  const services = [...new Set(users.map(({ service }) => service))].slice(0, MAX_USERS);
  return services.map((service) => ({
    identity: [SOURCE, uid, 'config_change', time, service],
    time,
    name: 'config_change',
    source: SOURCE,
    severity: 'info',
    text: `config map ${name}`,
    labels: { namespace, service, configmap: name },
  }));
}

type Changes<T> = (before: T | undefined, after: T | undefined, now: number) => readonly ToldEvent[];

interface Remembering<T> {
  before(after: T): Promise<T | undefined>;
  note(before: T | undefined, after: T | undefined): void;
  keep(watched: WatchedObjects<T>): Promise<void>;
}

/** The watches of one run of the source, and which of them do not answer. */
class Watches {
  readonly #options: KubernetesSourceOptions;
  readonly #teller: Teller;
  readonly #running: Promise<void>[] = [];
  readonly #failing = new Set<string>();
  readonly #signal: AbortSignal;

  constructor(options: KubernetesSourceOptions, teller: Teller, signal: AbortSignal) {
    [this.#options, this.#teller, this.#signal] = [options, teller, signal];
  }

  /** Every namespace by itself when some are named, as rights are given so. */
  paths(group: string, plural: string): readonly string[] {
    const { namespaces } = this.#options;
    if (namespaces.length === 0) return [`${group}/${plural}`];
    return namespaces.map((namespace) => `${group}/namespaces/${encodeURIComponent(namespace)}/${plural}`);
  }

  add<T>(
    options: Omit<WatchedOptions<T>, 'changed'>,
    changes: Changes<T>,
    remembered: Remembering<T> | null = null,
  ): WatchedObjects<T> {
    const { clock } = this.#teller;
    const changed = async (before: T | undefined, after: T | undefined, heard: Heard): Promise<void> => {
      const now = clock.now();
      const past = heard === 'first' && after !== undefined ? await remembered?.before(after) : undefined;
      const all = changes(before ?? past, after, now);
      const told = heard === 'first' && past === undefined ? all.filter(({ time }) => time > now - RECENT_MS) : all;
      if (told.length > 0) await this.#teller.tell(told);
      remembered?.note(before ?? past, after);
    };
    const watched = new WatchedObjects<T>(
      { ...options, changed },
      {
        client: this.#options.client,
        clock,
        failed: (error) => this.#failed(options.path, error),
        well: () => this.#well(options.path),
      },
    );
    this.#running.push(watched.run(this.#signal));
    if (remembered !== null) this.#running.push(remembered.keep(watched));
    return watched;
  }

  /** The same for objects whose changes matter that nobody watched: each is told once, with the time that it has. */
  addRemembered<T extends { readonly uid: string }>(
    options: Omit<WatchedOptions<T>, 'changed'>,
    codec: FactsCodec<T>,
    changes: Changes<T>,
  ): void {
    const { memory } = this.#options;
    const { clock, log } = this.#teller;
    const kept = memory === undefined ? null : new Remembered(options.path, codec, memory);
    const failed = ({ message }: Error): void =>
      log.warn({ path: options.path, err: message }, 'what is known of Kubernetes is not written down; tried again');
    const remembering: Remembering<T> | null = kept && {
      before: ({ uid }) => kept.before(uid),
      note: (before, after) => kept.note(before, after),
      keep: (watched) =>
        kept.keep(() => (watched.known ? watched.values() : null), { clock, signal: this.#signal, failed }),
    };
    this.add(options, changes, remembering);
  }

  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  #failed(path: string, error: VigiaError): void {
    if (!this.#failing.has(path))
      this.#teller.log.warn({ path, err: error.message }, 'Kubernetes does not answer; it is tried again');
    this.#failing.add(path);
    this.#teller.failed(phraseOf(error));
  }

  #well(path: string): void {
    this.#failing.delete(path);
    if (this.#failing.size === 0) this.#teller.well();
  }
}

function watchAll(options: KubernetesSourceOptions, watches: Watches): void {
  const wanted = new Set(options.watch);
  // Which config maps a pod reads is known from the pods, even if nothing else of them is to be told.
  const pods =
    wanted.has('pods') || wanted.has('configMaps')
      ? watches
          .paths('/api/v1', 'pods')
          .map((path) => watches.add({ path, keep: podFacts }, wanted.has('pods') ? podChanges : () => []))
      : [];
  if (wanted.has('workloads')) {
    for (const [kind, plural] of WORKLOADS) {
      for (const path of watches.paths('/apis/apps/v1', plural)) {
        watches.addRemembered({ path, keep: (object) => workloadFacts(kind, object) }, WORKLOAD_CODEC, workloadChanges);
      }
    }
  }
  if (wanted.has('nodes')) watches.add({ path: '/api/v1/nodes', keep: nodeFacts }, nodeChanges);
  if (wanted.has('events')) {
    for (const path of watches.paths('/api/v1', 'events')) {
      watches.add({ path, query: { fieldSelector: 'type!=Normal' }, keep: seriesFacts }, seriesChanges);
    }
  }
  if (!wanted.has('configMaps')) return;
  const known = (): readonly PodFacts[] => pods.flatMap((watched) => watched.values());
  for (const path of watches.paths('/api/v1', 'configmaps')) {
    watches.addRemembered({ path, accept: METADATA_ONLY, keep: configMapFacts }, CONFIG_MAP_CODEC, (before, after) =>
      configMapChanges(before, after, known()),
    );
  }
}

/**
 * What happens in a Kubernetes cluster, as events on pods, services and nodes: restarts, kills for memory, crash loops,
 * evictions, pods without a node, rollouts, scaling, conditions of nodes, changed config maps, and the warnings of its own
 * events, a series once and then each time that it has doubled. Ids are made of what happened, so that a list that is
 * read anew, or a second process, tells nothing twice.
 */
export const createKubernetesSource = (options: KubernetesSourceOptions): EventSource => ({
  name: SOURCE,
  shared: 'events:kubernetes',
  async run(teller, signal) {
    const watches = new Watches(options, teller, signal);
    watchAll(options, watches);
    await watches.ended();
  },
});
