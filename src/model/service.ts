/**
 * What the composition root starts in order and stops in reverse. `start` resolves when the service does its work;
 * `stop` resolves when nothing of it is left running and may be called more than once.
 */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}
