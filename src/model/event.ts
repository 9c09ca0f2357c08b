import { type Static, Type } from 'typebox';
import { EntityId } from './entity.ts';

/** Something that happened: a deploy, a restart, an OOM kill. It is the message of the topic `events`. */
export const Event = Type.Object({
  id: Type.String(),
  time: Type.Integer({ description: 'Unix time in milliseconds.' }),
  entity: EntityId,
  fleet: Type.String(),
  name: Type.String({ maxLength: 200, description: 'deploy, restart, oom_kill, config_change, …' }),
  source: Type.String(),
  severity: Type.Enum(['info', 'warning', 'critical']),
  text: Type.String({ maxLength: 4000 }),
  labels: Type.Record(Type.String(), Type.String()),
});
export type Event = Static<typeof Event>;
