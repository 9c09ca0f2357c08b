import { type Static, Type } from 'typebox';
import { EntityId } from './entity.ts';

/** One measurement among those that a metric sums up, with the trace that it came from. */
export const Exemplar = Type.Object({
  id: Type.String(),
  entity: EntityId,
  metric: Type.String({ description: 'Without the ending of a bucket or a count.' }),
  labels: Type.Record(Type.String(), Type.String(), { description: 'Of its series; without the bound of a bucket.' }),
  time: Type.Integer({ description: 'When it was measured, Unix ms.' }),
  value: Type.Number(),
  trace: Type.Union([Type.String(), Type.Null()], { description: 'Id of its trace; null when it has none.' }),
  span: Type.Union([Type.String(), Type.Null()]),
  attributes: Type.Record(Type.String(), Type.String(), {
    description: 'What else its sender says of it, masked; at most 8.',
  }),
});
export type Exemplar = Static<typeof Exemplar>;
