import type { EntityId } from './entity.ts';
import type { Labels } from './labels.ts';

/** From least to most severe, as in OpenTelemetry. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A line of log of an entity. It is the message of the topic `logs`; nothing private is in it any more. */
export interface LogRecord {
  /** Made of source and position, so that a line that is read again has the same id. */
  readonly id: string;
  readonly entity: EntityId;
  readonly fleet: string;
  /** Unix ms: what the line says, else when it was read. */
  readonly time: number;
  readonly level: LogLevel;
  /** What it says, without time, level and names; at most 8,192 characters. */
  readonly text: string;
  /** Logger, trace, status and the like, at most 16. */
  readonly attributes: Labels;
  /** Which source it came from. */
  readonly source: string;
}
