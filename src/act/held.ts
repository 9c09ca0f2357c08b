import type { Recommendation } from '../model/action.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import type { ActDeps } from './act-deps.ts';

/** Recommendations held until what stood in their way has passed; incidents beyond that are left to people. */
const MAX_HELD = 1000;
/** Between two looks at what is held: cooldowns are minutes long. */
const HELD_EVERY_MS = 5000;

const keys = (names: string): ReadonlySet<string> => new Set(names.split(' ').map((name) => `act.no_${name}`));

/** Objections that pass by themselves; for others a new recommendation is waited for. */
export const PASSING = keys(
  'cooldown cooldown_clock action_cooldown fleet_cooldown backoff relapse alone kill_switch blast near budget maintenance breaker_harm ' +
    'breaker_failures opposed needs',
);
/** Of these a person should know, though they may pass: until then nobody helps. */
export const CALLING = keys('opposed breaker_harm breaker_failures gone again_resolved');

/** Recommendations that are looked at again, the newest of each incident. */
export class Held {
  readonly #deps: ActDeps;
  readonly #byIncident = new Map<string, Recommendation>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: ActDeps) {
    this.#deps = deps;
  }

  add(recommendation: Recommendation): void {
    if (this.#byIncident.size < MAX_HELD) this.#byIncident.set(recommendation.incident, recommendation);
  }

  drop(incident: string): void {
    this.#byIncident.delete(incident);
  }

  /** What stands recommended for an incident. */
  async addNewest(incident: string): Promise<void> {
    const newest = await this.#deps.store.recommendations.forIncident(incident);
    if (newest !== null) this.add(newest);
  }

  /** What stands recommended for open incidents of fleets that have come here is looked at again; what was done is not done twice. */
  async restore(owns: (fleet: string) => boolean): Promise<void> {
    for (const { id, fleet } of await this.#deps.store.incidents.open(MAX_HELD))
      if (owns(fleet)) await this.addNewest(id);
  }

  /** Another process goes on with these fleets. */
  dropFleets(gone: (fleet: string) => boolean): void {
    for (const [incident, { fleet }] of this.#byIncident) if (gone(fleet)) this.#byIncident.delete(incident);
  }

  /** Gives what is held to `propose`, which adds again what is still held back. */
  async retry(propose: (recommendation: Recommendation) => Promise<void>): Promise<void> {
    const { clock, log } = this.#deps;
    const now = clock.monotonic();
    if (now - this.#lookedAt < HELD_EVERY_MS) return;
    this.#lookedAt = now;
    // A copy: what is still held back is put in again, which would be visited for ever.
    const held = [...this.#byIncident.values()];
    for (const recommendation of held) {
      try {
        await propose(recommendation);
      } catch (thrown) {
        if (thrown instanceof VigiaError && thrown.retryable) this.add(recommendation);
        const { incident } = recommendation;
        log.warn({ incident, err: toError(thrown).message }, 'what was held back could not be looked at');
      }
    }
  }
}
