import type { Service } from '../model/service.ts';
import type { Clock } from './clock.ts';
import { every } from './every.ts';

export interface LoopOptions {
  readonly name: string;
  readonly everyMs: number;
  readonly work: () => Promise<unknown>;
  readonly clock: Clock;
  readonly failed: (error: Error) => void;
}

/** A service that does its work when it starts, and then again and again. A start whose work fails goes on all the same. */
export function createLoop({ name, everyMs, work, clock, failed }: LoopOptions): Service {
  let end = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  return {
    name,
    start: async () => {
      end = new AbortController();
      await work().catch(failed);
      loop = every(everyMs, work, { clock, signal: end.signal, failed });
    },
    stop: async () => {
      end.abort();
      await loop;
    },
  };
}
