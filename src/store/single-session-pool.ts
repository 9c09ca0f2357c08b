import { VigiaError } from '../runtime/errors.ts';
import type { Session, SessionPool } from './session-dialect.ts';

/** More waiters than this mean that the database cannot keep up: refusing is kinder than growing without bound. */
const MAX_WAITING = 10_000;

/**
 * A pool of exactly one session: callers take it in the order in which they came. `current` gives the session that is
 * alive now and may open it anew; whoever holds an old one gets errors from it, never another's transaction.
 */
export function singleSessionPool(current: () => Promise<Session>, close: () => Promise<void>): SessionPool {
  const waiting: (() => void)[] = [];
  let taken = false;
  let closing: Promise<void> | null = null;

  const takeTurn = async (): Promise<void> => {
    if (!taken) taken = true;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const endTurn = (): void => {
    const next = waiting.shift();
    if (next) next();
    else taken = false;
  };

  const acquire = async (): Promise<Session> => {
    if (closing) throw new VigiaError('STORE_UNAVAILABLE', { detail: 'it has been closed' });
    if (waiting.length >= MAX_WAITING) {
      throw new VigiaError('STORE_UNAVAILABLE', { detail: `${MAX_WAITING} statements are waiting` });
    }
    await takeTurn();
    try {
      return await current();
    } catch (error) {
      endTurn();
      throw error;
    }
  };

  /** Lets everybody who waits have the session first. */
  const drainAndClose = async (): Promise<void> => {
    await takeTurn();
    await close();
  };

  return { acquire, release: endTurn, close: () => (closing ??= drainAndClose()) };
}
