import { type Policy, POLICY_MODEL, POLICY_SCOPE, type PolicyFactory } from '../model/policy.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';
import { tallyPolicy } from './policies/tally-policy.ts';

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

/** Which policy is in force, by the registry. One that cannot be read is passed over: counts decide instead. */
export class PolicyBook {
  readonly #deps: BookDeps;
  #inForce: InForce = WITHOUT_MODEL;
  #model: string | null = null;
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
    if ((champion?.id ?? null) === this.#model) return this.#inForce;
    this.#model = champion?.id ?? null;
    this.#inForce = champion === undefined ? WITHOUT_MODEL : await this.#load(champion.id, champion.version);
    return this.#inForce;
  }

  /** `version` begins with the kind of the factory that reads it. */
  async #load(id: string, version: string): Promise<InForce> {
    const { store, log, factories } = this.#deps;
    try {
      const factory = factories.find(({ kind }) => kind === version.split('@', 1)[0]);
      const bytes = await store.models.artefact(id);
      if (factory === undefined || bytes === null) throw new Error(`nobody here reads ${version}`);
      return { policy: factory.load(bytes), version };
    } catch (thrown) {
      log.warn({ model: id, err: toError(thrown).message }, 'a policy cannot be read; counts decide instead');
      return WITHOUT_MODEL;
    }
  }
}
