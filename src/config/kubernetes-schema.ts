import { Type } from 'typebox';

/** One cluster for everything that has to do with Kubernetes: what is watched, what is scraped, what is acted upon. */
export const KubernetesSection = Type.Object(
  {
    kubeconfig: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4096,
        description: 'A kubeconfig. Without it: that of `KUBECONFIG`, the account of the pod, or `~/.kube/config`.',
      }),
    ),
    context: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'A context of it; the current one when left out.' }),
    ),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'Where the cluster is; nothing is asked unless something needs it.',
  },
);
