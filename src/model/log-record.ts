import { type Static, Type } from 'typebox';
import { EntityId } from './entity.ts';

/** From least to most severe, as in OpenTelemetry. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export const LogLevel = Type.Enum([...LOG_LEVELS]);
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Longest text of a record that is kept, in characters. */
export const LOG_TEXT = 8192;

/** A line of log of an entity. It is the message of the topic `logs`; nothing private is in it any more. */
export const LogRecord = Type.Object({
  id: Type.String({ description: 'Made of source and position, so that a line that is read again has the same id.' }),
  entity: EntityId,
  fleet: Type.String(),
  time: Type.Integer({ description: 'What the line says, else when it was read; Unix ms.' }),
  level: LogLevel,
  text: Type.String({ description: 'What it says, without time and level; at most 8,192 characters.' }),
  attributes: Type.Record(Type.String(), Type.String(), {
    description: 'Logger, trace, status and the like, at most 16.',
  }),
  source: Type.String({ description: 'Which source it came from.' }),
  place: Type.Optional(
    Type.Object(
      { stream: Type.String(), at: Type.Integer({ minimum: 0 }) },
      {
        description:
          'Where it stands in its stream, whose lines come in order: what is not further on was there before.',
      },
    ),
  ),
  sentAgain: Type.Optional(
    Type.Enum(['any', 'afterRestart'], {
      description:
        'Its sender may send it in another stream too; its id is then the same: at any time, or when it had no answer.',
    }),
  ),
});
export type LogRecord = Static<typeof LogRecord>;

const { place: _place, sentAgain: _sentAgain, ...lasting } = LogRecord.properties;

/** A line kept as evidence, with its pattern. */
export const LogExample = Type.Object({ ...lasting, template: Type.String() });
export type LogExample = Static<typeof LogExample>;

/** A pattern of log lines. */
export const LogPattern = Type.Object({
  id: Type.String({ description: 'Made of its text: the same in every process.' }),
  text: Type.String({ description: 'Words and marks, `<*>` for what differs.' }),
  level: LogLevel,
  firstSeen: Type.Integer(),
  lastSeen: Type.Integer(),
});
export type LogPattern = Static<typeof LogPattern>;
