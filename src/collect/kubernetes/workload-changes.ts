import { createHash } from 'node:crypto';
import type { Labels } from '../../model/labels.ts';
import type { ToldEvent } from '../../model/told-event.ts';
import type { KubernetesObject } from '../../runtime/kubernetes/kubernetes-object.ts';
import { isTree } from '../../runtime/kubernetes/kubernetes-object.ts';
import { field, list, number, text } from '../json-fields.ts';
import { serviceOf } from './pod-changes.ts';
import type { FactsCodec } from './remembered.ts';
import { SOURCE, timeOf, writtenAt } from './read.ts';

/** What is kept of a deployment, stateful set or daemon set. */
export interface WorkloadFacts {
  readonly uid: string;
  readonly name: string;
  readonly labels: Labels;
  readonly generation: number;
  /** Of all of the template but the mark of a restart. */
  readonly template: string;
  /** Container to image. */
  readonly images: ReadonlyMap<string, string>;
  readonly restartedAt: string;
  readonly replicas: number | undefined;
  /** Since when it cannot get on with a rollout. */
  readonly stuck: { readonly at: number; readonly message: string } | null;
  /** When its description was last written. */
  readonly changedAt: number;
  /** The run of Vigía that changed it last. */
  readonly run: string;
}

/** A workload as it is written down; one of another version is met anew. */
export const WORKLOAD_CODEC: FactsCodec<WorkloadFacts> = {
  encode: ({ images, replicas, ...facts }) => ({
    ...facts,
    ...(replicas !== undefined && { replicas }),
    images: [...images],
    version: VERSION,
  }),
  decode: (written) => {
    if (!isTree(written) || written['version'] !== VERSION || !Array.isArray(written['images'])) return null;
    const { version: _, images, ...facts } = written;
    const known = facts as unknown as Omit<WorkloadFacts, 'images'>;
    return { ...known, replicas: known.replicas, images: new Map(images as [string, string][]) };
  },
};

export type WorkloadKind = 'deployment' | 'statefulset' | 'daemonset';

const VERSION = 1;

/** Written into the template by `kubectl rollout restart`, and by the executor. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
const RUN = 'vigia/run';
/** What Vigía does itself is told under its own name, as changes by others are judged otherwise. */
const OURS = 'vigia';

function templateDigest(template: unknown): string {
  const { [RESTARTED_AT]: _, ...annotations } = (field(template, 'metadata', 'annotations') ?? {}) as Labels;
  const told = [field(template, 'metadata', 'labels'), annotations, field(template, 'spec')];
  return createHash('sha256').update(JSON.stringify(told)).digest('base64').slice(0, 22);
}

function stuckOf(object: KubernetesObject): WorkloadFacts['stuck'] {
  const condition = list(object, 'status', 'conditions').find(
    (one) => text(one, 'type') === 'Progressing' && text(one, 'reason') === 'ProgressDeadlineExceeded',
  );
  if (condition === undefined) return null;
  return { at: timeOf(text(condition, 'lastUpdateTime')), message: text(condition, 'message') };
}

export function workloadFacts(kind: WorkloadKind, object: KubernetesObject): WorkloadFacts | null {
  const { name = '', namespace = '', uid = '', generation = 0, labels, annotations = {} } = object.metadata;
  if (name === '') return null;
  const template = field(object, 'spec', 'template');
  const containers = list(template, 'spec', 'containers');
  return {
    uid,
    name,
    generation,
    labels: { namespace, service: serviceOf(labels, name), [kind]: name },
    template: templateDigest(template),
    images: new Map(containers.map((container) => [text(container, 'name'), text(container, 'image')])),
    restartedAt: text(template, 'metadata', 'annotations', RESTARTED_AT),
    replicas: number(object, 'spec', 'replicas'),
    stuck: stuckOf(object),
    changedAt: writtenAt(object, ['f:spec']) || timeOf(object.metadata.creationTimestamp ?? ''),
    run: annotations[RUN] ?? '',
  };
}

/** `web: shop/web:1 → shop/web:2`, of what is not the same. */
function imageChanges(before: WorkloadFacts, after: WorkloadFacts): string {
  return [...after.images]
    .filter(([container, image]) => before.images.get(container) !== image)
    .map(([container, image]) => `${container}: ${before.images.get(container) ?? '∅'} → ${image}`)
    .join(', ');
}

type What = Pick<ToldEvent, 'name' | 'text'>;

/** What one change of the description was, if it was any. */
function changeOf(before: WorkloadFacts | undefined, after: WorkloadFacts): readonly What[] {
  if (before === undefined) return [{ name: 'deploy', text: [...after.images.values()].join(', ') }];
  const images = imageChanges(before, after);
  const rolled: readonly What[] =
    images !== ''
      ? [{ name: 'deploy', text: images }]
      : before.template !== after.template
        ? [{ name: 'config_change', text: `template of ${after.name}` }]
        : before.restartedAt !== after.restartedAt && after.restartedAt !== ''
          ? [{ name: 'restart', text: `restart of ${after.name}` }]
          : [];
  const scaled = before.replicas !== after.replicas && before.replicas !== undefined && after.replicas !== undefined;
  return scaled ? [...rolled, { name: 'scale', text: `${before.replicas} → ${after.replicas}` }] : rolled;
}

/** Rollouts (`deploy`, `config_change`, `restart`), `scale`, and rollouts that do not get on. */
export function workloadChanges(
  before: WorkloadFacts | undefined,
  after: WorkloadFacts | undefined,
  now: number,
): readonly ToldEvent[] {
  if (after === undefined) return [];
  const version = [...after.images.values()][0] ?? '';
  const source = after.run !== '' && after.run !== before?.run ? OURS : SOURCE;
  const changes = changeOf(before, after).map(({ name, text: said }): ToldEvent => ({
    identity: [SOURCE, after.uid, name, after.generation],
    time: after.changedAt === 0 ? now : after.changedAt,
    name,
    source,
    severity: 'info',
    text: said,
    labels: { ...after.labels, ...(name === 'deploy' && version !== '' && { version }) },
  }));
  const { stuck } = after;
  if (stuck === null || before?.stuck?.at === stuck.at) return changes;
  return [
    ...changes,
    {
      identity: [SOURCE, after.uid, 'rollout_failed', stuck.at],
      time: stuck.at,
      name: 'rollout_failed',
      source: SOURCE,
      severity: 'warning',
      text: stuck.message,
      labels: after.labels,
    },
  ];
}
