import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Makes this thread, and not its process, give way to others. Linux numbers threads like processes; elsewhere a thread has no
 * priority of its own and this does nothing.
 */
export function giveWay(niceness: number): void {
  if (process.platform !== 'linux' || niceness <= 0) return;
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), niceness);
  } catch {
    // No /proc, or not allowed: training is then as urgent as the rest.
  }
}
