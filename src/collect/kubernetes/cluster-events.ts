import type { Labels } from '../../model/labels.ts';
import type { ToldEvent } from '../../model/told-event.ts';
import type { KubernetesObject } from '../../runtime/kubernetes/kubernetes-object.ts';
import { number, text } from '../json-fields.ts';
import { snakeCase } from './node-changes.ts';
import { SOURCE, timeOf } from './read.ts';

/** What is kept of an event of Kubernetes, which is one object for a whole series of the same. */
export interface SeriesFacts {
  readonly uid: string;
  readonly count: number;
  readonly told: Omit<ToldEvent, 'identity'>;
}

/** Told from the objects themselves, where it is known since when and how often. */
const KNOWN_OTHERWISE = new Set([
  'BackOff', 'FailedScheduling', 'Evicted', 'NodeNotReady', 'Preempted', 'EvictionByEvictionAPI', 'TaintManagerEviction',
]); // prettier-ignore
const NAMES: Readonly<Record<string, string>> = { OOMKilling: 'oom_kill', SystemOOM: 'oom_kill' };
const WORKLOADS = new Set([
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'HorizontalPodAutoscaler',
]);
/** What the controller appends to the name of a replica set. */
const HASH = /-[a-z0-9]{6,10}$/;

/** The object that it is about, as labels that the entity rules know; null when none of ours. */
function labelsOf(event: KubernetesObject): Labels | null {
  const kind = text(event, 'involvedObject', 'kind');
  const name = text(event, 'involvedObject', 'name');
  const namespace = text(event, 'involvedObject', 'namespace');
  if (name === '') return null;
  if (kind === 'Pod') return { namespace, pod: name };
  if (kind === 'Node') return { node: name };
  if (!WORKLOADS.has(kind)) return null;
  const service = kind === 'ReplicaSet' ? name.replace(HASH, '') : name;
  return { namespace, service, [kind.toLowerCase()]: name };
}

/** The first of the times that it may carry: each generation of Kubernetes wrote another. */
function lastTime(event: KubernetesObject): number {
  const times = [
    text(event, 'series', 'lastObservedTime'),
    text(event, 'lastTimestamp'),
    text(event, 'eventTime'),
    text(event, 'firstTimestamp'),
    event.metadata.creationTimestamp ?? '',
  ];
  return timeOf(times.find((time) => timeOf(time) > 0) ?? '');
}

export function seriesFacts(event: KubernetesObject): SeriesFacts | null {
  const reason = text(event, 'reason');
  const labels = labelsOf(event);
  if (labels === null || reason === '' || text(event, 'type') === 'Normal' || KNOWN_OTHERWISE.has(reason)) return null;
  return {
    uid: event.metadata.uid ?? '',
    count: Math.max(1, number(event, 'series', 'count') ?? number(event, 'count') ?? 1),
    told: {
      time: lastTime(event),
      name: NAMES[reason] ?? snakeCase(reason),
      source: SOURCE,
      severity: 'warning',
      text: text(event, 'message'),
      labels: { ...labels, reason },
    },
  };
}

/** How often a series is told: at its first, and each time that its number has doubled. */
const step = (count: number): number => Math.floor(Math.log2(count));

export function seriesChanges(before: SeriesFacts | undefined, after: SeriesFacts | undefined): readonly ToldEvent[] {
  if (after === undefined || (before !== undefined && step(before.count) === step(after.count))) return [];
  const { uid, count, told } = after;
  const times = count > 1 ? `${told.text} (×${count})` : told.text;
  return [{ ...told, identity: [SOURCE, uid, step(count)], text: times }];
}
