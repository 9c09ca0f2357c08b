import { hostname } from 'node:os';
import type { KubernetesClient } from '../runtime/kubernetes/kubernetes-client.ts';
import { createDockerSource } from './docker-source.ts';
import type { EventSource } from './event-source.ts';
import type { KubernetesMemory } from './kubernetes/remembered.ts';
import { createKubernetesSource, type KubernetesSourceOptions } from './kubernetes/kubernetes-source.ts';
import { createSystemdSource, type SystemdSourceOptions } from './systemd-source.ts';

/** What is switched on; times in ms. */
export interface WrittenEventSources {
  readonly kubernetes?: Omit<KubernetesSourceOptions, 'client' | 'memory'> | undefined;
  readonly docker?: { readonly socket: string } | undefined;
  readonly systemd?: (Pick<SystemdSourceOptions, 'units'> & { readonly interval: number }) | undefined;
}

/** The sources of events that the configuration asks for. A new one gets its line here. */
export function createEventSources(
  { kubernetes, docker, systemd }: WrittenEventSources,
  client: KubernetesClient,
  memory?: KubernetesMemory,
): readonly EventSource[] {
  const host = hostname();
  return [
    ...(kubernetes === undefined ? [] : [createKubernetesSource({ ...kubernetes, client, ...(memory && { memory }) })]),
    ...(docker === undefined ? [] : [createDockerSource({ ...docker, host })]),
    ...(systemd === undefined
      ? []
      : [createSystemdSource({ units: systemd.units, intervalMs: systemd.interval, host })]),
  ];
}
