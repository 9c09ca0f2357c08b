import type { Labels } from '../../model/labels.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { VigiaError } from '../../runtime/errors.ts';
import { createKubernetesClient, type KubernetesAccess } from '../../runtime/kubernetes/kubernetes-client.ts';
import type { KubernetesObject } from '../../runtime/kubernetes/kubernetes-object.ts';
import { WatchedObjects } from '../../runtime/kubernetes/watched-objects.ts';
import { annotatedTarget } from './kubernetes-annotations.ts';
import {
  type Discovered,
  type DiscoveredEndpoints,
  endpointsTargets,
  nodeTargets,
  podTargets,
  serviceTargets,
  sliceTargets,
} from './kubernetes-labels.ts';

export const KUBERNETES_ROLES = ['pod', 'service', 'endpoints', 'endpointslice', 'node'] as const;
export type KubernetesRole = (typeof KUBERNETES_ROLES)[number];

/** Label and field selectors of the objects of one role. */
export interface KubernetesSelector {
  readonly role: KubernetesRole;
  readonly label?: string | undefined;
  readonly field?: string | undefined;
}

export interface KubernetesDiscovery {
  readonly role: KubernetesRole;
  /** All of them when empty. */
  readonly namespaces: readonly string[];
  readonly selectors: readonly KubernetesSelector[];
  /** Only what `prometheus.io/scrape: "true"` asks for, as its other annotations say. */
  readonly annotated: boolean;
  readonly access: KubernetesAccess;
}

const COLLECTIONS: Readonly<Record<KubernetesRole, readonly [string, string]>> = {
  pod: ['/api/v1', 'pods'],
  service: ['/api/v1', 'services'],
  endpoints: ['/api/v1', 'endpoints'],
  endpointslice: ['/apis/discovery.k8s.io/v1', 'endpointslices'],
  node: ['/api/v1', 'nodes'],
};
/** Objects of one kind in one place; a target is some hundred bytes. */
const MOST = 50_000;
/** Between two looks at what is known. */
export const KUBERNETES_REFRESH_MS = 5_000;
const FIRST_LIST_MS = 30_000;

/** The watches of one discovery. */
class Watches {
  readonly #options: KubernetesDiscovery;
  readonly #clock: Clock;
  readonly #complain: (what: string, why: string) => void;
  readonly #all: Pick<WatchedObjects<never>, 'known' | 'run'>[] = [];
  readonly #failing = new Map<string, string>();

  constructor(options: KubernetesDiscovery, clock: Clock, complain: (what: string, why: string) => void) {
    [this.#options, this.#clock, this.#complain] = [options, clock, complain];
  }

  /** Objects of a role in all namespaces that are wanted. */
  of<T>(role: KubernetesRole, keep: (object: KubernetesObject) => T | null): () => readonly T[] {
    const { namespaces, selectors, access } = this.#options;
    const [group, plural] = COLLECTIONS[role];
    const client = createKubernetesClient(access, this.#clock);
    const places = role === 'node' || namespaces.length === 0 ? [''] : namespaces.map((name) => `/namespaces/${name}`);
    const selector = selectors.find((one) => one.role === role);
    const query = {
      ...(selector?.label !== undefined && { labelSelector: selector.label }),
      ...(selector?.field !== undefined && { fieldSelector: selector.field }),
    };
    const made = places.map((place) => {
      const path = `${group}${place}/${plural}`;
      const failed = (error: VigiaError): void => this.#failed(path, error);
      const well = (): void => void this.#failing.delete(path);
      return new WatchedObjects<T>({ path, query, keep, most: MOST }, { client, clock: this.#clock, failed, well });
    });
    this.#all.push(...made);
    return () => made.flatMap((watched) => watched.values());
  }

  start(signal: AbortSignal): void {
    // Each ends with the signal, and never rejects.
    for (const watched of this.#all) void watched.run(signal);
  }

  /** Resolves when each has been listed once; rejects with the reason when one cannot be. */
  async ready(signal: AbortSignal): Promise<void> {
    const until = this.#clock.monotonic() + FIRST_LIST_MS;
    while (!this.#all.every(({ known }) => known)) {
      const [why] = this.#failing.values();
      if (why !== undefined) throw new Error(why);
      if (this.#clock.monotonic() > until) throw new Error('no list came');
      await this.#clock.sleep(50, signal);
    }
  }

  /** What is known stays, so it is said once. */
  #failed(path: string, error: VigiaError): void {
    const before = this.#failing.get(path);
    this.#failing.set(path, error.message);
    if (before === undefined) this.#complain(path, error.message);
  }
}

const plainTargets = (found: readonly Discovered[]): readonly Labels[] =>
  found.flatMap(({ labels, places }) =>
    places.map(({ address, labels: own }) => Object.assign({ __address__: address }, labels, own)),
  );

/** Endpoints have the labels of their service and of their pods as well. */
function joinedTargets(
  found: readonly DiscoveredEndpoints[],
  services: readonly Discovered[],
  pods: readonly Discovered[],
): readonly Labels[] {
  const key = (namespace: string, name: string): string => `${namespace}/${name}`;
  const index = (all: readonly Discovered[]) => new Map(all.map((one) => [key(one.namespace, one.name), one]));
  const [serviceAt, podAt] = [index(services), index(pods)];
  return found.flatMap(({ namespace, service, labels, places }) => {
    const ofService = serviceAt.get(key(namespace, service))?.labels ?? {};
    return places.map(({ address, labels: own, pod }) => {
      const backing = pod === null ? undefined : podAt.get(key(namespace, pod));
      const container = backing?.places.find((place) => place.address === address)?.labels;
      return Object.assign({ __address__: address }, backing?.labels, container, ofService, labels, own);
    });
  });
}

function targetsOf(watches: Watches, role: KubernetesRole): () => readonly Labels[] {
  const plain = { pod: podTargets, service: serviceTargets, node: nodeTargets };
  if (role === 'pod' || role === 'service' || role === 'node') {
    const objects = watches.of(role, plain[role]);
    return () => plainTargets(objects());
  }
  const endpoints = watches.of(role, role === 'endpoints' ? endpointsTargets : sliceTargets);
  const services = watches.of('service', serviceTargets);
  const pods = watches.of('pod', podTargets);
  return () => joinedTargets(endpoints(), services(), pods());
}

/**
 * Targets of a Kubernetes cluster with the labels that Prometheus gives them. The objects are watched from the first look
 * on, so that a look costs no question; a target is known moments after its pod.
 */
export function fromKubernetes(
  options: KubernetesDiscovery,
  { clock, complain }: { readonly clock: Clock; readonly complain: (what: string, why: string) => void },
): (signal: AbortSignal) => Promise<readonly Labels[]> {
  const watches = new Watches(options, clock, complain);
  const targets = targetsOf(watches, options.role);
  let begun = false;
  return async (signal) => {
    if (!begun) watches.start(signal);
    begun = true;
    await watches.ready(signal);
    const found = targets();
    if (!options.annotated) return found;
    return found.map((labels) => annotatedTarget(labels, options.role)).filter((labels) => labels !== null);
  };
}
