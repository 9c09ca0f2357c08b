import type { Outcome, Recommendation } from './action.ts';
import type { Anomaly } from './anomaly.ts';
import type { Event } from './event.ts';
import type { Frame } from './frame.ts';
import type { Incident } from './incident.ts';
import type { LogRecord } from './log-record.ts';
import type { Prediction } from './prediction.ts';
import type { SampleBatch } from './series.ts';

/** A stream of messages of one type. `key` says what the messages are keyed, and so ordered, by. */
export interface Topic<T> {
  readonly name: string;
  readonly key: 'entity' | 'fleet';
  /** Names the payload's type to the compiler; never set. */
  readonly _type?: T;
}

const topic = <T>(name: string, key: Topic<T>['key']): Topic<T> => ({ name, key });

/** Every arrow of the flow. Up to predictions by entity; from incidents on by fleet, so that neighbours meet. */
export const topics = {
  samples: topic<SampleBatch>('samples', 'entity'),
  logs: topic<LogRecord>('logs', 'entity'),
  events: topic<Event>('events', 'entity'),
  frames: topic<Frame>('frames', 'entity'),
  anomalies: topic<Anomaly>('anomalies', 'fleet'),
  predictions: topic<Prediction>('predictions', 'fleet'),
  incidents: topic<Incident>('incidents', 'fleet'),
  recommendations: topic<Recommendation>('recommendations', 'fleet'),
  outcomes: topic<Outcome>('outcomes', 'fleet'),
} as const;

/** What could not be processed, with the reason and where it came from. */
export interface DeadLetter {
  readonly id: string;
  readonly topic: string;
  readonly group: string;
  readonly key: string;
  readonly reason: string;
  readonly attempts: number;
  readonly time: number;
  /** The payload as JSON, cut at 64 KiB. */
  readonly payload: string;
  /** When it was last sent again, and by whom; null while it waits. */
  readonly replayedAt?: number | null;
  readonly replayedBy?: string | null;
}
