import type { Event } from './event.ts';

/** An event as its source tells of it, before it is known which entity its labels mean. */
export interface ToldEvent {
  /** What makes it the same event when it is told again. */
  readonly identity: readonly (string | number)[];
  /** Unix ms. */
  readonly time: number;
  readonly name: string;
  readonly source: string;
  readonly severity: Event['severity'];
  readonly text: string;
  readonly labels: Readonly<Record<string, string>>;
}
