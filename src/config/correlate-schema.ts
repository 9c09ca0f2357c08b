import { Type } from 'typebox';
import { EDGE_KINDS } from '../model/topology.ts';
import { Duration } from './units.ts';

const closed = { additionalProperties: false } as const;

export const CorrelateSection = Type.Object(
  {
    window: Duration({ default: '5m', description: 'Anomalies this close together belong to one incident.' }),
    quiet: Duration({ default: '5m', description: 'An incident ends when it has been quiet for so long.' }),
    near: Duration({
      default: '2m',
      description: 'Trouble of neighbours in the topology that began this close together is one incident.',
    }),
    distance: Type.Integer({
      default: 2,
      minimum: 0,
      maximum: 4,
      description: 'Edges between entities that still count as neighbours; 0 leaves the topology out.',
    }),
    reopen: Duration({
      default: '1h',
      most: '7d',
      description: 'For so long after its end the same trouble opens an incident again instead of a new one.',
    }),
    forgetEdges: Duration({
      default: '1d',
      least: '10m',
      description: 'What labels and calls showed of the topology is forgotten when not seen for so long.',
    }),
    deployGrace: Type.Object(
      {
        events: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
          default: [],
          maxItems: 100,
          description: 'Names of events, with `*` for anything, that open a maintenance window on their entity.',
        }),
        duration: Duration({ default: '10m', least: '1s', most: '1d', description: 'How long that window lasts.' }),
      },
      { ...closed, default: {}, description: 'Quiet after a change that is known to stir things up.' },
    ),
  },
  { ...closed, default: {}, description: 'How anomalies become incidents.' },
);

/** An entity id in which any part may be a pattern. */
const EntityPattern = (description: string) =>
  Type.String({ maxLength: 512, pattern: '^[a-z*?][a-z0-9_*?-]*/.+$', expects: 'entity', description });

export const TopologyEdge = Type.Object(
  {
    from: EntityPattern('Entity id, with `*` for anything: who calls, what runs, the part.'),
    to: EntityPattern('Entity id, with `*` for anything: who is called, the machine, the whole.'),
    kind: Type.Enum([...EDGE_KINDS], { default: 'calls', description: '`calls`, `runs_on` or `part_of`.' }),
  },
  closed,
);
