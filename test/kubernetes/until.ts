import { setTimeout as delay } from 'node:timers/promises';

/** Waits until something holds; a slow machine is given its time. */
export async function until(holds: () => boolean, what = 'it'): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (holds()) return;
    await delay(10);
  }
  throw new Error(`${what} did not come about`);
}
