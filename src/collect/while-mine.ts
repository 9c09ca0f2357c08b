import type { Clock } from '../runtime/clock.ts';

const LOOK_MS = 5_000;

/**
 * Runs something that goes on until its signal is aborted, for as long as it is this process's, and again when it is once more.
 * `run` never rejects. Until `signal` is aborted.
 */
export async function whileMine(
  mine: () => boolean,
  run: (signal: AbortSignal) => Promise<void>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const look = (): Promise<void> => clock.sleep(LOOK_MS, signal).catch(() => undefined);
  while (!signal.aborted) {
    if (mine()) {
      const end = new AbortController();
      const running = run(AbortSignal.any([signal, end.signal]));
      while (!signal.aborted && mine()) await look();
      end.abort();
      await running;
    }
    await look();
  }
}
