import { isDeepStrictEqual } from 'node:util';
import type { ArgumentsOf } from '../../model/kubernetes-arguments.ts';
import { isTree } from '../../runtime/kubernetes/kubernetes-object.ts';
import {
  field,
  type Found,
  type Hands,
  part,
  type Patch,
  Refusal,
  RUN_ANNOTATION,
  signed,
} from './kubernetes-hands.ts';

const PLURALS = { deployment: 'deployments', statefulset: 'statefulsets', daemonset: 'daemonsets' } as const;
/** As `kubectl` writes it, so that both see each other's restarts. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
const REVISION = 'deployment.kubernetes.io/revision';
/** The controller adds it to each replica set; it must not be in the deployment. */
const TEMPLATE_HASH = 'pod-template-hash';
const LEAST = 1;
const MOST = 10;

interface Place {
  readonly kind: keyof typeof PLURALS;
  readonly namespace: string;
  readonly name: string;
}

const pathOf = ({ kind, namespace, name }: Place): string =>
  `/apis/apps/v1/namespaces/${part(namespace)}/${PLURALS[kind]}/${part(name)}`;
const nameOf = ({ kind, namespace, name }: Place): string => `${kind} ${namespace}/${name}`;

export function restart(hands: Hands, args: ArgumentsOf<'restart'>): Promise<void> {
  const at = new Date(hands.deps.clock.now()).toISOString();
  return hands.amend(pathOf(args), nameOf(args), (object) => ({
    type: 'merge',
    body: {
      metadata: signed(object, hands.deps.key),
      spec: { template: { metadata: { annotations: { [RESTARTED_AT]: at } } } },
    },
  }));
}

function wantedReplicas({ replicas, by = 0, least = LEAST, most = MOST }: ArgumentsOf<'scale'>, now: number): number {
  if (replicas !== undefined) return replicas;
  // What stands outside of the bounds already is not pulled in by a step in the other direction.
  if (by > 0) return Math.max(now, Math.min(now + by, most));
  return Math.min(now, Math.max(now + by, least));
}

export function scale(hands: Hands, args: ArgumentsOf<'scale'>): Promise<void> {
  return hands.amend(pathOf(args), nameOf(args), (object) => {
    const now = Number(field(object, 'spec', 'replicas') ?? 1);
    const replicas = wantedReplicas(args, now);
    hands.deps.say(`replicas: ${now} → ${replicas}`);
    return { type: 'merge', body: { metadata: signed(object, hands.deps.key), spec: { replicas } } };
  });
}

const revisionOf = ({ metadata: { annotations = {} } }: Found): number => Number(annotations[REVISION] ?? 0);

/** The template as it stands in a deployment. */
function templateOf(owned: Found): unknown {
  const template = field(owned, 'spec', 'template');
  const metadata = field(template, 'metadata');
  const labels = field(metadata, 'labels');
  if (!isTree(template) || !isTree(metadata) || !isTree(labels)) return template;
  const { [TEMPLATE_HASH]: _, ...kept } = labels;
  return { ...template, metadata: { ...metadata, labels: kept } };
}

/** Replica sets of a deployment, the newest revision first. */
async function revisions(hands: Hands, deployment: Found, { namespace, name }: Place): Promise<readonly Found[]> {
  const labels = field(deployment, 'spec', 'selector', 'matchLabels');
  const selector = isTree(labels)
    ? Object.entries(labels)
        .map(([label, value]) => `${label}=${String(value)}`)
        .join(',')
    : '';
  const path = `/apis/apps/v1/namespaces/${part(namespace)}/replicasets`;
  const all = await hands.list(path, { labelSelector: selector }, `replica sets of ${namespace}/${name}`);
  const { uid } = deployment.metadata;
  return all
    .filter(({ metadata: { ownerReferences: owners = [] } }) =>
      owners.some((owner) => owner.name === name && (field(owner, 'uid') ?? uid) === uid),
    )
    .toSorted((a, b) => revisionOf(b) - revisionOf(a));
}

export function rollback(hands: Hands, args: ArgumentsOf<'rollback'>): Promise<void> {
  const place: Place = { ...args, kind: 'deployment' };
  return hands.amend(pathOf(place), nameOf(place), async (deployment): Promise<Patch> => {
    const now = templateOf(deployment);
    const target = (await revisions(hands, deployment, place)).find(
      (owned) =>
        (args.revision === undefined || revisionOf(owned) === args.revision) &&
        !isDeepStrictEqual(templateOf(owned), now) &&
        (args.revision !== undefined || revisionOf(owned) < revisionOf(deployment)),
    );
    if (target === undefined) throw new Refusal('EXECUTOR_NO_EARLIER', { target: nameOf(place) });
    hands.deps.say(`revision: ${revisionOf(deployment)} → the template of ${revisionOf(target)}`);
    return {
      type: 'json',
      body: [
        // Whoever changed it meanwhile is asked about again.
        { op: 'test', path: '/metadata/resourceVersion', value: deployment.metadata.resourceVersion },
        { op: 'replace', path: '/spec/template', value: templateOf(target) },
        { op: 'add', path: `/metadata/annotations/${RUN_ANNOTATION.replace('/', '~1')}`, value: hands.deps.key },
      ],
    };
  });
}
