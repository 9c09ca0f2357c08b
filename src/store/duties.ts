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

class LeasedDuties implements DutyService<FencedStores> {
  readonly name = 'duties';
  readonly #deps: DutyDeps;
  readonly #lapseMs: number;
  readonly #held = new Map<string, Held>();
  /** Duties that others have, and when that was seen. */
  readonly #elsewhere = new Map<string, number>();
  #end = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: DutyDeps) {
    this.#deps = deps;
    this.#lapseMs = deps.lapseMs ?? LAPSE_MS;
  }

  async start(): Promise<void> {
    const { clock, log } = this.#deps;
    this.#end = new AbortController();
    const failed = ({ message }: Error): void => log.warn({ error: message }, 'duties could not be kept; tried again');
    this.#loop = every(this.#lapseMs / RENEWALS, () => this.#renew(), { clock, signal: this.#end.signal, failed });
  }

  /** Gives everything back, so that others need not wait. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#loop;
    const leases = [...this.#held.values()];
    this.#held.clear();
    for (const { lease } of leases) await this.#deps.store.leases.release(lease);
  }

  async mine(name: string): Promise<boolean> {
    const { store, clock, log, holder } = this.#deps;
    if (this.#end.signal.aborted) return false;
    const now = clock.monotonic();
    if (now - (this.#held.get(name)?.renewedAt ?? Number.NEGATIVE_INFINITY) < SURE * this.#lapseMs) return true;
    if (now - (this.#elsewhere.get(name) ?? Number.NEGATIVE_INFINITY) < ASK_MS) return false;
    const lease = await store.leases.acquire({ name, holder, lapseMs: this.#lapseMs });
    if (lease === null) {
      this.#held.delete(name);
      this.#elsewhere.set(name, now);
      return false;
    }
    if (!this.#held.has(name)) log.info({ duty: name, lease: lease.token }, 'this process has taken on a duty');
    this.#held.set(name, { lease, renewedAt: now });
    return true;
  }

  fenced<T>(name: string, work: (stores: FencedStores) => Promise<T>): Promise<T> {
    const lease = this.#held.get(name)?.lease;
    if (lease === undefined) return Promise.reject(new VigiaError('LEASE_LOST', { name }));
    return this.#deps.store.leases.fenced(lease, work);
  }

  async #renew(): Promise<void> {
    const { store, clock, log } = this.#deps;
    for (const [name, one] of this.#held) {
      const at = clock.monotonic();
      if (await store.leases.renew(one.lease, this.#lapseMs)) {
        one.renewedAt = at;
        continue;
      }
      if (this.#held.get(name) === one) this.#held.delete(name);
      log.warn({ duty: name }, 'another process has taken over a duty');
    }
  }
}

/** Duties of one process among several, kept by leases in the store. */
export const createDuties = (deps: DutyDeps): DutyService<FencedStores> => new LeasedDuties(deps);

/** A process that is alone has every duty. */
export const allDuties = (stores: FencedStores): DutyService<FencedStores> => ({
  name: 'duties',
  start: async () => undefined,
  stop: async () => undefined,
  mine: async () => true,
  fenced: (_name, work) => work(stores),
});
