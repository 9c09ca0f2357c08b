import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;

/** A name as Kubernetes takes it, or a placeholder or reference that becomes one. */
const Name = (description: string) => Type.String({ minLength: 1, maxLength: 512, description });
const Replicas = (description: string) => Type.Integer({ minimum: 0, maximum: 100_000, description });
const DryRun = Type.Optional(
  Type.Boolean({ description: 'The API server checks it, rights and admission included, and changes nothing.' }),
);
const Grace = Type.Optional(
  Type.Integer({ minimum: 0, maximum: 86_400, description: 'Seconds to end; its own if left out.' }),
);
const Force = Type.Optional(Type.Boolean({ description: 'Also pods that nothing makes anew.' }));

const workload = { namespace: Name('Its namespace.'), name: Name('Its name.'), dryRun: DryRun } as const;
const node = { node: Name('Name of the node.'), dryRun: DryRun } as const;

/** What the executor `kubernetes` can do, by `do`. */
const operations = {
  restart: Type.Object(
    { do: Type.Literal('restart'), kind: Type.Enum(['deployment', 'statefulset', 'daemonset']), ...workload },
    { ...closed, description: 'Replaces its pods one after the other, as `kubectl rollout restart` does.' },
  ),
  scale: Type.Object(
    {
      do: Type.Literal('scale'),
      kind: Type.Enum(['deployment', 'statefulset']),
      ...workload,
      replicas: Type.Optional(Replicas('So many; or `by`.')),
      by: Type.Optional(Type.Integer({ minimum: -1000, maximum: 1000, description: 'So many more, or fewer.' })),
      least: Type.Optional(Replicas('Never fewer, with `by`; 1 if left out.')),
      most: Type.Optional(Replicas('Never more, with `by`; 10 if left out.')),
    },
    closed,
  ),
  rollback: Type.Object(
    { do: Type.Literal('rollback'), ...workload, revision: Type.Optional(Type.Integer({ minimum: 1 })) },
    { ...closed, description: 'A deployment goes back to the template before, or to that of a revision.' },
  ),
  cordon: Type.Object({ do: Type.Literal('cordon'), ...node }, closed),
  uncordon: Type.Object({ do: Type.Literal('uncordon'), ...node }, closed),
  drain: Type.Object(
    {
      do: Type.Literal('drain'),
      ...node,
      graceSeconds: Grace,
      force: Force,
      deleteEmptyDir: Type.Optional(Type.Boolean({ description: 'Also pods with scratch data on the node.' })),
    },
    { ...closed, description: 'Cordons the node and evicts its pods, as far as disruption budgets allow.' },
  ),
  deletePod: Type.Object({ do: Type.Literal('deletePod'), ...workload, graceSeconds: Grace, force: Force }, closed),
} as const;

export const KUBERNETES_OPERATIONS = Object.keys(operations) as readonly (keyof typeof operations)[];
export const kubernetesArguments = operations;

export type KubernetesArguments = {
  [K in keyof typeof operations]: Static<(typeof operations)[K]>;
}[keyof typeof operations];
export type ArgumentsOf<K extends keyof typeof operations> = Static<(typeof operations)[K]>;
