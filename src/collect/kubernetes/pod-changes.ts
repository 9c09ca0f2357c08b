import type { Labels } from '../../model/labels.ts';
import type { ToldEvent } from '../../model/told-event.ts';
import { isTree, type KubernetesObject } from '../../runtime/kubernetes/kubernetes-object.ts';
import { list, number, text } from '../json-fields.ts';
import { SOURCE, timeOf } from './read.ts';

interface ContainerFacts {
  readonly restarts: number;
  /** How its last run ended. */
  readonly ended: { readonly reason: string; readonly exitCode: number; readonly at: number } | null;
  /** Why it does not run now: `CrashLoopBackOff`, `ImagePullBackOff`, …; empty when it does. */
  readonly waiting: string;
}

interface Condition {
  readonly reason: string;
  readonly message: string;
  readonly at: number;
}

/** What is kept of a pod: as much as tells what happens to it. */
export interface PodFacts {
  readonly uid: string;
  readonly labels: Labels;
  readonly namespace: string;
  /** The service that it is part of, as its labels say. */
  readonly service: string;
  readonly containers: ReadonlyMap<string, ContainerFacts>;
  readonly unschedulable: Condition | null;
  /** Why it was or is being removed from its node. */
  readonly evicted: Condition | null;
  /** Names of the config maps that it reads. */
  readonly configMaps: readonly string[];
}

/** A pod waits for a moment while it starts; these are no such moments. */
const STUCK: Readonly<Record<string, string>> = {
  CrashLoopBackOff: 'crash_loop',
  ImagePullBackOff: 'image_pull_failed',
  ErrImagePull: 'image_pull_failed',
  InvalidImageName: 'image_pull_failed',
  CreateContainerConfigError: 'container_config_error',
  CreateContainerError: 'container_config_error',
  RunContainerError: 'container_config_error',
};
const MAX_CONTAINERS = 50;
const MAX_CONFIG_MAPS = 50;

function containerOf(status: unknown): readonly [string, ContainerFacts] | null {
  const name = text(status, 'name');
  if (name === '') return null;
  const ended = isTree(status) && isTree(status['lastState']) ? status['lastState']['terminated'] : undefined;
  return [
    name,
    {
      restarts: number(status, 'restartCount') ?? 0,
      ended: isTree(ended)
        ? {
            reason: text(ended, 'reason'),
            exitCode: number(ended, 'exitCode') ?? 0,
            at: timeOf(text(ended, 'finishedAt')),
          }
        : null,
      waiting: text(status, 'state', 'waiting', 'reason'),
    },
  ];
}

function conditionOf(pod: unknown, type: string, status: string): Condition | null {
  const found = list(pod, 'status', 'conditions').find(
    (condition) => text(condition, 'type') === type && text(condition, 'status') === status,
  );
  if (found === undefined) return null;
  return {
    reason: text(found, 'reason'),
    message: text(found, 'message'),
    at: timeOf(text(found, 'lastTransitionTime')),
  };
}

function evictionOf(pod: KubernetesObject): Condition | null {
  const disrupted = conditionOf(pod, 'DisruptionTarget', 'True');
  if (disrupted !== null) return disrupted;
  // The kubelet, which ran out of something, says it only here.
  if (text(pod, 'status', 'reason') !== 'Evicted') return null;
  const at = conditionOf(pod, 'Ready', 'False')?.at ?? timeOf(text(pod, 'status', 'startTime'));
  return { reason: 'Evicted', message: text(pod, 'status', 'message'), at };
}

function configMapsOf(pod: KubernetesObject): readonly string[] {
  const containers = [...list(pod, 'spec', 'containers'), ...list(pod, 'spec', 'initContainers')];
  const volumes = list(pod, 'spec', 'volumes');
  const projected = volumes.flatMap((volume) => list(volume, 'projected', 'sources'));
  const names = [
    ...[...volumes, ...projected].map((source) => text(source, 'configMap', 'name')),
    ...containers
      .flatMap((container) => list(container, 'envFrom'))
      .map((source) => text(source, 'configMapRef', 'name')),
    ...containers
      .flatMap((container) => list(container, 'env'))
      .map((variable) => text(variable, 'valueFrom', 'configMapKeyRef', 'name')),
  ];
  return [...new Set(names)].filter((name) => name !== '').slice(0, MAX_CONFIG_MAPS);
}

/** The service that labels name, by Kubernetes' recommended label before the older habit; else what it is called. */
export const serviceOf = (labels: Labels | undefined, otherwise: string): string =>
  labels?.['app.kubernetes.io/name'] ?? labels?.['app'] ?? labels?.['k8s-app'] ?? otherwise;

export function podFacts(pod: KubernetesObject): PodFacts | null {
  const { name = '', namespace = '', uid = '', labels, ownerReferences: owners = [] } = pod.metadata;
  if (name === '') return null;
  const node = text(pod, 'spec', 'nodeName');
  const statuses = [...list(pod, 'status', 'initContainerStatuses'), ...list(pod, 'status', 'containerStatuses')];
  return {
    uid,
    namespace,
    service: serviceOf(labels, owners[0]?.name ?? name),
    labels: { namespace, pod: name, ...(node !== '' && { node }) },
    containers: new Map(
      statuses.slice(0, MAX_CONTAINERS).flatMap((status) => [containerOf(status)].filter((one) => one !== null)),
    ),
    unschedulable: conditionOf(pod, 'PodScheduled', 'False'),
    evicted: evictionOf(pod),
    configMaps: configMapsOf(pod),
  };
}

/** One that ended well, as a job does, and is run again is no failure. */
const severityOf = (reason: string, exitCode: number): ToldEvent['severity'] =>
  exitCode === 0 && reason !== 'OOMKilled' ? 'info' : 'warning';

/** Not `restart`, which says that somebody wanted it: what follows a crash must be judged, not excused. */
function nameOf(reason: string, exitCode: number): string {
  if (reason === 'OOMKilled') return 'oom_kill';
  return exitCode === 0 ? 'container_ended' : 'crash';
}

type Past = ContainerFacts | undefined;

function restartOf(pod: PodFacts, [container, facts]: readonly [string, ContainerFacts], past: Past): ToldEvent | null {
  if (facts.restarts <= (past?.restarts ?? 0)) return null;
  const { reason, exitCode, at } = facts.ended ?? { reason: '', exitCode: 0, at: 0 };
  return {
    identity: [SOURCE, pod.uid, container, 'restart', facts.restarts],
    time: at,
    name: nameOf(reason, exitCode),
    source: SOURCE,
    severity: severityOf(reason, exitCode),
    text: `${container}: ${reason === '' ? 'restarted' : reason}, exit code ${exitCode}, restart ${facts.restarts}`,
    labels: { ...pod.labels, container, reason, exit_code: String(exitCode), restarts: String(facts.restarts) },
  };
}

function stuckOf(pod: PodFacts, [container, facts]: readonly [string, ContainerFacts], past: Past): ToldEvent | null {
  const name = STUCK[facts.waiting];
  if (name === undefined || name === STUCK[past?.waiting ?? '']) return null;
  return {
    identity: [SOURCE, pod.uid, container, name, facts.restarts],
    time: facts.ended?.at ?? 0,
    name,
    source: SOURCE,
    severity: 'warning',
    text: `${container}: ${facts.waiting}`,
    labels: { ...pod.labels, container, reason: facts.waiting },
  };
}

const containerChanges = (pod: PodFacts, before: PodFacts | undefined): readonly ToldEvent[] =>
  [...pod.containers].flatMap((one) => {
    const past = before?.containers.get(one[0]);
    return [restartOf(pod, one, past), stuckOf(pod, one, past)].filter((event) => event !== null);
  });

/** What happened to a pod: restarts, kills for memory, crash loops, evictions, and that no node has room for it. */
export function podChanges(
  before: PodFacts | undefined,
  after: PodFacts | undefined,
  now: number,
): readonly ToldEvent[] {
  if (after === undefined) return [];
  const conditions = (
    [
      ['eviction', after.evicted, before?.evicted],
      ['failed_scheduling', after.unschedulable, before?.unschedulable],
    ] as const
  ).flatMap(([name, is, was]): ToldEvent[] =>
    is === null || (was !== null && was?.at === is.at)
      ? []
      : [
          {
            identity: [SOURCE, after.uid, name, is.at],
            time: is.at,
            name,
            source: SOURCE,
            severity: 'warning',
            text: is.message === '' ? is.reason : is.message,
            labels: { ...after.labels, reason: is.reason },
          },
        ],
  );
  // What carries no time of its own was seen now.
  return [...containerChanges(after, before), ...conditions].map(({ time, ...event }) =>
    Object.assign(event, { time: time > 0 ? time : now }),
  );
}
