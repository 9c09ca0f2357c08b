import { type Static, Type } from 'typebox';
import { EntityId } from './entity.ts';

/**
 * `calls`: `from` sends requests to `to`. `runs_on`: `from` is a process, container or pod on the machine `to`.
 * `part_of`: `from` is one of the parts that make up `to`.
 */
export const EDGE_KINDS = ['calls', 'runs_on', 'part_of'] as const;
export const EdgeKind = Type.Enum([...EDGE_KINDS]);
export type EdgeKind = (typeof EDGE_KINDS)[number];

/** Who said so: the configuration, labels of one entity's series, or metrics that name both ends of a call. */
export const EdgeSource = Type.Enum(['config', 'labels', 'calls']);

/** One line of the topology: two entities and how trouble may go from one to the other. */
export const Edge = Type.Object({
  from: EntityId,
  to: EntityId,
  kind: EdgeKind,
  source: EdgeSource,
  firstSeen: Type.Integer({ description: 'Unix time in milliseconds.' }),
  lastSeen: Type.Integer({ description: 'Unix time in milliseconds.' }),
});
export type Edge = Static<typeof Edge>;

/**
 * Which end of an edge depends on the other: a caller on what it calls, a pod on its machine, a whole on its parts.
 * Trouble goes from `cause` to `effect`.
 */
export const causeAndEffect = ({ from, to, kind }: Pick<Edge, 'from' | 'to' | 'kind'>) =>
  kind === 'part_of' ? { cause: from, effect: to } : { cause: to, effect: from };

/** An entity near another in the topology. */
export const Neighbour = Type.Object({
  entity: EntityId,
  distance: Type.Integer({ minimum: 1, description: 'Edges between the two, at the least.' }),
  relation: Type.Enum(['depends_on', 'used_by', 'sibling'], {
    description: 'What it is to the entity asked about: needed by it, in need of it, or both near to a third.',
  }),
});
export type Neighbour = Static<typeof Neighbour>;
