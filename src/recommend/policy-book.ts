import type { Model } from '../model/failure.ts';
import { type Policy, POLICY_MODEL, POLICY_SCOPE, type PolicyFactory, policyKindOf } from '../model/policy.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';
import { tallyPolicy } from './policies/tally-policy.ts';
import { withTurns } from './policies/turns.ts';

/** The policy that decides now. */
export interface InForce {
  readonly policy: Policy;
  readonly version: string;
}

const WITHOUT_MODEL: InForce = { policy: tallyPolicy, version: '1' };
/** Another process may have put another one in force; the one that did is asked as often. */
const FRESH_MS = 10_000;
const PAGE = 50;

interface BookDeps {
  readonly store: Pick<Store, 'models'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly factories: readonly PolicyFactory[];
}

/**
 * Which policy is in force, by the registry, with the challengers that have their turn beside it. One that cannot be read is passed
 * over: counts decide instead.
 */
export class PolicyBook {
  readonly #deps: BookDeps;
  #inForce: InForce = WITHOUT_MODEL;
  /** Ids of what was read, the one in force first. */
  #known = '';
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: BookDeps) {
    this.#deps = deps;
  }

  async current(): Promise<InForce> {
    const { clock, store } = this.#deps;
    const now = clock.monotonic();
    if (now - this.#lookedAt < FRESH_MS) return this.#inForce;
    this.#lookedAt = now;
    const { items } = await store.models.list({ kind: POLICY_MODEL, scope: POLICY_SCOPE, limit: PAGE, cursor: null });
    const champion = items.find(({ state }) => state === 'champion');
    const challengers = items.filter(({ state }) => state === 'challenger');
    const known = [champion?.id ?? '', ...challengers.map(({ id }) => id)].join(' ');
    if (known === this.#known) return this.#inForce;
    this.#known = known;
    const { policy, version } = (champion && (await this.#load(champion))) ?? WITHOUT_MODEL;
    const turns: Policy[] = [];
    for (const challenger of challengers) {
      if (policyKindOf(challenger) === policy.kind) continue;
      const found = await this.#load(challenger);
      if (found !== null) turns.push(found.policy);
    }
    this.#inForce = { policy: withTurns(policy, turns), version };
    return this.#inForce;
  }

  /** The version begins with the kind of the factory that reads it. */
  async #load({ id, version }: Pick<Model, 'id' | 'version'>): Promise<InForce | null> {
    const { store, log, factories } = this.#deps;
    try {
      const factory = factories.find(({ kind }) => kind === policyKindOf({ version }));
      const bytes = await store.models.artefact(id);
      if (factory === undefined || bytes === null) throw new Error(`nobody here reads ${version}`);
      return { policy: factory.load(bytes), version };
    } catch (thrown) {
      log.warn({ model: id, err: toError(thrown).message }, 'a policy cannot be read, and is passed over');
      return null;
    }
  }
}
