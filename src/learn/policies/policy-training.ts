import type { Model } from '../../model/failure.ts';
import {
  type Policy,
  POLICY_MODEL,
  POLICY_SCOPE,
  type PolicyEpisode,
  type PolicyEvaluation,
  type PolicyFactory,
  policyVersion,
} from '../../model/policy.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { every } from '../../runtime/every.ts';
import { type Ids, stableId } from '../../runtime/ids.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { Store } from '../../store/store.ts';
import { episodesOf } from './episodes.ts';
import { evaluatePolicy } from './evaluate.ts';
import { figuresOf } from './policy-figures.ts';
import type { PolicyLifecycle } from './policy-lifecycle.ts';

export interface PolicyTrainingDeps {
  readonly store: Pick<Store, 'decisions' | 'models' | 'leases'>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly lifecycle: PolicyLifecycle;
  /** The first one needs no model; it decides until another has proven to be better. */
  readonly factories: readonly PolicyFactory[];
  readonly options: {
    readonly windowMs: number;
    readonly retrainMs: number;
    readonly exploration: number;
    readonly promote: boolean;
  };
}

const ROUND_MS = 60_000;
const MAX_CASES = 10_000;
/** With fewer incidents acted upon nothing can be said of a policy. */
const LEAST_EPISODES = 40;
/** The newest share of incidents is what policies are judged by; they learn from those before. */
export const JUDGED_SHARE = 1 / 3;
const SEED = 1;
const LEASE = 'policy-training';
/** Longer than a training takes; it is prolonged between its parts. */
const LAPSE_MS = 120_000;

/** A policy that was trained on the older part and judged by the newer. */
interface Judged {
  readonly factory: PolicyFactory;
  readonly policy: Policy;
  readonly evaluation: PolicyEvaluation;
}

/**
 * Trains every kind of policy on what was tried, judges it off-policy by incidents newer than those, and puts it in force
 * only where the lower bound of what it saves against the policy in force is above 0. The kind in force is trained anew on
 * everything as its next epoch, unless it has become worse. One process of several does it.
 */
export class PolicyTraining implements Service {
  readonly name = 'policy-training';
  readonly #deps: PolicyTrainingDeps;
  readonly #holder: string;
  readonly #end = new AbortController();
  #working: Promise<void> = Promise.resolve();
  #wanted = false;
  #trainedAt = Number.NEGATIVE_INFINITY;
  #known = 0;

  constructor(deps: PolicyTrainingDeps) {
    this.#deps = deps;
    this.#holder = deps.ids.next('holder');
  }

  async start(): Promise<void> {
    const { clock, log } = this.#deps;
    this.#working = every(ROUND_MS, () => this.round(), {
      clock,
      signal: this.#end.signal,
      failed: ({ message }) => log.warn({ error: message }, 'policies could not be trained; tried again'),
    });
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#working;
  }

  /** Trains in the next round, whatever the schedule says. */
  want(): void {
    this.#wanted = true;
  }

  /** Trains when it is time and something new is known; how many versions were made. */
  async round(): Promise<number> {
    const { clock, store, options } = this.#deps;
    const now = clock.now();
    if (!this.#wanted && now - this.#trainedAt < options.retrainMs) return 0;
    const lease = await store.leases.acquire({ name: LEASE, holder: this.#holder, lapseMs: LAPSE_MS });
    if (lease === null) return 0;
    try {
      const rows = await store.decisions.cases(now - options.windowMs, MAX_CASES);
      const news = rows.length !== this.#known || this.#wanted;
      this.#trainedAt = now;
      this.#wanted = false;
      if (!news) return 0;
      const made = await this.#train(episodesOf(rows), async () => {
        if (!(await store.leases.renew(lease, LAPSE_MS))) throw new Error('another process trains policies now');
      });
      this.#known = rows.length;
      return made;
    } finally {
      await store.leases.release(lease);
    }
  }

  async #train(episodes: readonly PolicyEpisode[], stillOurs: () => Promise<void>): Promise<number> {
    if (episodes.length < LEAST_EPISODES) return 0;
    const { factories, lifecycle, log } = this.#deps;
    const cut = Math.ceil(episodes.length * (1 - JUDGED_SHARE));
    const [older, newer] = [episodes.slice(0, cut), episodes.slice(cut)];
    let made = 0;
    for (const factory of factories) {
      if (this.#end.signal.aborted) break;
      const inForce = await lifecycle.inForce();
      if (factory.kind === inForce.kind && inForce.model === null) continue;
      try {
        const policy = await factory.fit(older, this.#fit());
        if (policy === null) continue;
        const evaluation = await evaluatePolicy(newer, policy, inForce.policy);
        await stillOurs();
        made += await this.#enter({ factory, policy, evaluation }, inForce.kind, episodes);
      } catch (thrown) {
        if (!this.#end.signal.aborted)
          log.warn({ kind: factory.kind, err: toError(thrown).message }, 'learn: a policy could not be trained');
      }
    }
    return made;
  }

  #fit() {
    return { seed: SEED, exploration: this.#deps.options.exploration, signal: this.#end.signal };
  }

  /** The kind in force goes on with what is newer; another kind has to have earned it. */
  async #enter(
    { factory, policy, evaluation }: Judged,
    inForce: string,
    all: readonly PolicyEpisode[],
  ): Promise<number> {
    const { lifecycle, options, log, metrics } = this.#deps;
    const { verdict, saved } = evaluation;
    const epoch = factory.kind === inForce;
    if (epoch && verdict === 'worse') return 0;
    const whole = epoch ? await factory.fit(all, this.#fit()) : policy;
    if (whole === null) return 0;
    const model = this.#model(factory.kind, { evaluation, incidents: all.length, reason: epoch ? 'epoch' : verdict });
    await lifecycle.enter(model, whole.toBytes());
    metrics
      .counter('vigia_learn_policies_total', 'Policies that were trained, by what the log says of them.', [
        'kind',
        'verdict',
      ])
      .inc({ kind: factory.kind, verdict });
    log.info(
      { model: model.id, kind: factory.kind, verdict, saved: saved.value, low: saved.low },
      'learn: a policy was trained',
    );
    if (epoch || (verdict === 'better' && options.promote))
      await lifecycle.promote(model.id, 'vigia', epoch ? 'epoch' : 'proven');
    return 1;
  }

  #model(
    kind: string,
    known: { readonly evaluation: PolicyEvaluation; readonly incidents: number; readonly reason: string },
  ): Model {
    const now = this.#deps.clock.now();
    return {
      id: stableId('model', POLICY_MODEL, kind, now),
      kind: POLICY_MODEL,
      version: policyVersion(kind, new Date(now).toISOString()),
      scope: POLICY_SCOPE,
      state: 'challenger',
      trainedFrom: null,
      trainedTo: now,
      metrics: figuresOf(known.evaluation, known.incidents),
      reason: [known.reason, ...known.evaluation.faults].join(' '),
      createdAt: now,
    };
  }
}
