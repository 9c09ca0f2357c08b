import { Type } from 'typebox';
import { Duration } from './units.ts';

const closed = { additionalProperties: false } as const;

/** Where events come from, each switched on by being there. */
export const eventSources = {
  kubernetes: Type.Optional(
    Type.Object(
      {
        namespaces: Type.Array(Type.String({ pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', expects: 'name' }), {
          default: [],
          maxItems: 100,
          description: 'Watched; all of them when empty.',
        }),
        watch: Type.Array(Type.Enum(['pods', 'workloads', 'nodes', 'events', 'configMaps']), {
          default: ['pods', 'workloads', 'nodes', 'events', 'configMaps'],
          minItems: 1,
          description: 'What is watched; each needs the right to list and watch it.',
        }),
      },
      { ...closed, description: 'Events of the cluster under `kubernetes`; `{}` takes the defaults.' },
    ),
  ),
  docker: Type.Optional(
    Type.Object(
      {
        socket: Type.String({ default: '/var/run/docker.sock', minLength: 1, description: 'Of the container engine.' }),
      },
      { ...closed, description: 'Events of containers of this machine; `{}` takes the defaults.' },
    ),
  ),
  systemd: Type.Optional(
    Type.Object(
      {
        units: Type.Array(Type.String({ pattern: '^[A-Za-z0-9:_.*?@\\\\-]{1,255}$' }), {
          default: ['*.service'],
          minItems: 1,
          maxItems: 100,
          description: 'Names of units, with `*` and `?`.',
        }),
        interval: Duration({ default: '15s', least: '1s', description: 'Time between two looks.' }),
      },
      { ...closed, description: 'Units of systemd on this machine; `{}` takes the defaults.' },
    ),
  ),
} as const;
