import type { ArgumentsOf } from '../../model/kubernetes-arguments.ts';
import { placeOf } from '../../runtime/kubernetes/kubernetes-object.ts';
import { field, type Found, type Hands, part, Refusal, refusalOf, signed } from './kubernetes-hands.ts';

/** Written by the kubelet on pods that it runs from files, which no API call ends. */
const MIRROR = 'kubernetes.io/config.mirror';
const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 10_000;
/** Pods that are named in a message. */
const NAMED = 5;

const nodePath = (node: string): string => `/api/v1/nodes/${part(node)}`;
const podPath = ({ metadata: { namespace = '', name = '' } }: Found): string =>
  `/api/v1/namespaces/${part(namespace)}/pods/${part(name)}`;

/** Takes no new pods, or takes them again. */
export const cordon = (hands: Hands, { node }: { readonly node: string }, unschedulable = true): Promise<void> =>
  hands.amend(nodePath(node), `node ${node}`, (object) => ({
    type: 'merge',
    body: { metadata: signed(object, hands.deps.key), spec: { unschedulable } },
  }));

const controllerOf = ({ metadata: { ownerReferences: owners = [] } }: Found) =>
  owners.find(({ controller }) => controller === true);

/** Pods of the node that a drain has to move. */
function moving(pods: readonly Found[]): readonly Found[] {
  return pods.filter((pod) => {
    const phase = field(pod, 'status', 'phase');
    if (phase === 'Succeeded' || phase === 'Failed') return false;
    return pod.metadata.annotations?.[MIRROR] === undefined && controllerOf(pod)?.kind !== 'DaemonSet';
  });
}

const hasScratch = (pod: Found): boolean => {
  const volumes = field(pod, 'spec', 'volumes');
  return Array.isArray(volumes) && volumes.some((volume) => field(volume, 'emptyDir') !== undefined);
};

const named = (pods: readonly Found[]): string => {
  const more = pods.length > NAMED ? ` +${pods.length - NAMED}` : '';
  return `${pods.slice(0, NAMED).map(placeOf).join(', ')}${more}`;
};

function mayGo(pods: readonly Found[], args: Pick<ArgumentsOf<'drain'>, 'force' | 'deleteEmptyDir'>): void {
  const lost = pods.filter((pod) => controllerOf(pod) === undefined);
  if (lost.length > 0 && args.force !== true) {
    throw new Refusal('EXECUTOR_WOULD_LOSE', { what: named(lost), argument: 'force' });
  }
  const scratch = pods.filter(hasScratch);
  if (scratch.length > 0 && args.deleteEmptyDir !== true) {
    throw new Refusal('EXECUTOR_WOULD_LOSE', { what: named(scratch), argument: 'deleteEmptyDir' });
  }
}

type Evicted = 'gone' | 'going' | 'kept';

/** Asks for one pod; `kept` when a disruption budget does not let it go now. */
async function evict(hands: Hands, pod: Found, grace: number | undefined): Promise<Evicted> {
  const { key, dryRun, say } = hands.deps;
  const { namespace, name, uid } = pod.metadata;
  const { status, body } = await hands.ask({
    method: 'POST',
    path: `${podPath(pod)}/eviction`,
    query: dryRun ? { dryRun: 'All' } : {},
    body: {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace, annotations: { 'vigia/run': key } },
      deleteOptions: { preconditions: { uid }, ...(grace !== undefined && { gracePeriodSeconds: grace }) },
    },
  });
  if (status === 429) return 'kept';
  // Gone, or another one under the same name.
  if (status === 404 || status === 409) return 'gone';
  if (status < 200 || status > 299) throw refusalOf({ status, body }, `pod ${placeOf(pod)}`, say);
  say(`pod ${placeOf(pod)} ${dryRun ? 'would be' : 'is being'} evicted`);
  return 'going';
}

async function isGone(hands: Hands, pod: Found): Promise<boolean> {
  const { status, body } = await hands.ask({ path: podPath(pod) });
  return status === 404 || (status === 200 && field(body, 'metadata', 'uid') !== pod.metadata.uid);
}

/** Evicts in rounds until all are gone; what a budget keeps is asked for again, as long as there is time. */
async function evictAll(hands: Hands, pods: readonly Found[], grace: number | undefined): Promise<void> {
  let waiting = pods;
  let going: readonly Found[] = [];
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LAST_PAUSE_MS, pause * 2)) {
    const kept: Found[] = [];
    const asked = [...going];
    for (const pod of waiting) {
      const became = await evict(hands, pod, grace);
      if (became === 'kept') kept.push(pod);
      if (became === 'going') asked.push(pod);
    }
    if (hands.deps.dryRun) {
      for (const pod of kept) hands.deps.say(`pod ${placeOf(pod)} is kept by a disruption budget now`);
      return;
    }
    const still: Found[] = [];
    for (const pod of asked) if (!(await isGone(hands, pod))) still.push(pod);
    [waiting, going] = [kept, still];
    if (waiting.length + going.length === 0) return;
    await hands.pause(pause).catch((thrown: unknown) => {
      throw waiting.length > 0 ? new Refusal('EXECUTOR_BUDGET', { pods: named(waiting) }) : thrown;
    });
  }
}

export async function drain(hands: Hands, args: ArgumentsOf<'drain'>): Promise<void> {
  const query = { fieldSelector: `spec.nodeName=${part(args.node)}` };
  const what = `node ${args.node}`;
  const listed = async () => moving(await hands.list('/api/v1/pods', query, what));
  // Refused before anything is done.
  mayGo(await listed(), args);
  await cordon(hands, args);
  const pods = await listed();
  mayGo(pods, args);
  await evictAll(hands, pods, args.graceSeconds);
  hands.deps.say(`${what}: ${pods.length} pods`);
}

export async function deletePod(hands: Hands, args: ArgumentsOf<'deletePod'>): Promise<void> {
  const { namespace, name, graceSeconds, force } = args;
  const { dryRun, say } = hands.deps;
  const path = `/api/v1/namespaces/${part(namespace)}/pods/${part(name)}`;
  const what = `pod ${namespace}/${name}`;
  const pod = await hands.get(path, what);
  mayGo([pod], { ...(force !== undefined && { force }), deleteEmptyDir: true });
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: { uid: pod.metadata.uid },
    ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
    ...(dryRun && { dryRun: ['All'] }),
  };
  await hands.must({ method: 'DELETE', path, body }, what);
  say(`${what} ${dryRun ? 'would be' : 'is being'} deleted`);
}
