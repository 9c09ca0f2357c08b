import type { Service } from './service.ts';

/**
 * What only one process may do at a time: retraining, tidying, the schedule. A process that has a duty keeps it until it
 * stops or is not heard of. `Stores` are those that may be written with the proof of still having it.
 */
export interface Duties<Stores> {
  /** True while this process has the duty, which it takes when nobody has it. Rejects when the store does. */
  mine(name: string): Promise<boolean>;
  /**
   * Commits what `work` writes through the stores that it is given, all or nothing, and only while no other process has
   * taken the duty over: throws `LEASE_LOST` otherwise. Other stores must not be used within.
   */
  fenced<T>(name: string, work: (stores: Stores) => Promise<T>): Promise<T>;
}

export interface DutyService<Stores> extends Duties<Stores>, Service {}
