import type { DutyService } from '../model/duty.ts';
import type { Clock } from '../runtime/clock.ts';
import { VigiaError } from '../runtime/errors.ts';
import { every } from '../runtime/every.ts';
import type { Log } from '../runtime/log.ts';
import type { FencedStores, Lease, Store } from './store.ts';

export interface DutyDeps {
  readonly store: Pick<Store, 'leases'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Name of this process; no two processes may say the same. */
  readonly holder: string;
  readonly lapseMs?: number;
}

/** A process that was not heard of for so long has lost its duties. */
const LAPSE_MS = 15_000;
const RENEWALS = 3;
/** For this share of a lease it is not asked again whether it is still held. */
const SURE = 0.6;
/** A duty that another process has is not asked for more often. */
const ASK_MS = 500;

interface Held {
  readonly lease: Lease;
  /** Monotonic. */
  renewedAt: number;
}

/** Duties of one process among several, kept by leases in the store. */
export function createDuties({ store, clock, log, holder, lapseMs = LAPSE_MS }: DutyDeps): DutyService<FencedStores> {
  const held = new Map<string, Held>();
  /** Duties that others have, and when that was seen. */
  const elsewhere = new Map<string, number>();
  let end = new AbortController();
  let loop: Promise<void> = Promise.resolve();

  async function renew(): Promise<void> {
    for (const [name, one] of held) {
      const at = clock.monotonic();
      if (await store.leases.renew(one.lease, lapseMs)) {
        one.renewedAt = at;
        continue;
      }
      if (held.get(name) === one) held.delete(name);
      log.warn({ duty: name }, 'another process has taken over a duty');
    }
  }

  return {
    name: 'duties',
    start: async () => {
      end = new AbortController();
      const failed = ({ message }: Error): void =>
        log.warn({ error: message }, 'duties could not be kept; tried again');
      loop = every(lapseMs / RENEWALS, renew, { clock, signal: end.signal, failed });
    },
    stop: async () => {
      end.abort();
      await loop;
      const leases = [...held.values()];
      held.clear();
      for (const { lease } of leases) await store.leases.release(lease);
    },
    mine: async (name) => {
      if (end.signal.aborted) return false;
      const now = clock.monotonic();
      if (now - (held.get(name)?.renewedAt ?? Number.NEGATIVE_INFINITY) < SURE * lapseMs) return true;
      if (now - (elsewhere.get(name) ?? Number.NEGATIVE_INFINITY) < ASK_MS) return false;
      const lease = await store.leases.acquire({ name, holder, lapseMs });
      if (lease === null) {
        held.delete(name);
        elsewhere.set(name, now);
        return false;
      }
      if (!held.has(name)) log.info({ duty: name, lease: lease.token }, 'this process has taken on a duty');
      held.set(name, { lease, renewedAt: now });
      return true;
    },
    fenced: (name, work) => {
      const lease = held.get(name)?.lease;
      if (lease === undefined) throw new VigiaError('LEASE_LOST', { name });
      return store.leases.fenced(lease, work);
    },
  };
}

/** A process that is alone has every duty. */
export const allDuties = (stores: FencedStores): DutyService<FencedStores> => ({
  name: 'duties',
  start: async () => undefined,
  stop: async () => undefined,
  mine: async () => true,
  fenced: (_name, work) => work(stores),
});
