import type { Clock } from './clock.ts';
import { toError } from './errors.ts';

/**
 * Does `work` again and again with a pause before each round, until the signal ends it; resolves then. A round that
 * fails is told to `failed` and the next one comes all the same.
 */
export async function every(
  pauseMs: number,
  work: () => Promise<unknown>,
  {
    clock,
    signal,
    failed,
  }: { readonly clock: Clock; readonly signal: AbortSignal; readonly failed: (error: Error) => void },
): Promise<void> {
  while (!signal.aborted) {
    try {
      await clock.sleep(pauseMs, signal);
      await work();
    } catch (thrown) {
      if (!signal.aborted) failed(toError(thrown));
    }
  }
}
