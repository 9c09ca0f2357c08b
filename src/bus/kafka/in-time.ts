import type { Clock } from '../../runtime/clock.ts';

/** The client has ways to lose an answer for ever; what takes longer than this is given up, and the client replaced. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** The result of `work`, or an `OutOfTime` after `ms`. */
export async function inTime<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = clock.sleep(ms, over.signal).then((): never => {
    throw new OutOfTime(`no answer within ${ms} ms`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
