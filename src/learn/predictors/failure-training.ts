import type { FailureFitter } from '../../model/failure-fitter.ts';
import type { LearningState } from '../../model/failure-model.ts';
import type { Model } from '../../model/failure.ts';
import type { OpenFleet } from '../../model/live-fleet.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { every } from '../../runtime/every.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { Store } from '../../store/store.ts';
import type { Contract } from '../evaluation/pages.ts';
import { hasDrifted } from './drift.ts';
import { kindsOf, scopeOf } from './fleet-scopes.ts';
import type { FleetReads } from './live-fleet.ts';
import type { Lifecycle } from './model-lifecycle.ts';
import { judgeShadows, type ShadowRules } from './shadow.ts';
import { type ScopeTraining, type TrainedScope, trainScope } from './train-scope.ts';

export interface FailureTrainingDeps {
  readonly store: FleetReads & Pick<Store, 'models' | 'forecasts'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly fitter: FailureFitter;
  readonly openFleet: OpenFleet;
  readonly options: {
    /** Seconds, rising. */
    readonly horizons: readonly number[];
    readonly quietMs: number;
    readonly windowMs: number;
    readonly retrainMs: number;
    readonly budgetMs: number;
    readonly contract: Contract;
    readonly shadow: ShadowRules;
  };
}

const ROUND_MS = 60_000;
const DAY_MS = 86_400_000;
/** Whether features have drifted is asked so often. */
const DRIFT_EVERY_MS = 3_600_000;
/** After too little evidence, or a failure, the next try on schedule waits so long. */
const RETRY_MS = 900_000;
/** A training that takes so many times its budget is ended. */
const OVERDUE = 3;
/** What models said is kept for so long. */
const FORECASTS_MS = 30 * DAY_MS;

/** Trains failure models on schedule, on drift and on demand, and lets challengers and champions earn their state. */
export class FailureTraining implements Service {
  readonly name = 'failure-training';
  readonly #deps: FailureTrainingDeps;
  readonly #states = new Map<string, LearningState>();
  readonly #wanted = new Set<string>();
  readonly #askedDrift = new Map<string, number>();
  readonly #end = new AbortController();
  #working: Promise<void> = Promise.resolve();

  constructor(deps: FailureTrainingDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { clock, log } = this.#deps;
    this.#working = every(ROUND_MS, () => this.round(), {
      clock,
      signal: this.#end.signal,
      failed: ({ message }) => log.warn({ error: message }, 'failure models could not be trained; tried again'),
    });
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#deps.fitter.close();
    await this.#working;
  }

  get states(): readonly LearningState[] {
    return [...this.#states.values()];
  }

  /** Trains the scope in the next round, whatever the schedule says. */
  want(scope: string): void {
    this.#wanted.add(scope);
  }

  async round(): Promise<void> {
    const { store, lifecycle, clock, options } = this.#deps;
    await store.forecasts.forget(clock.now() - FORECASTS_MS);
    for (const kind of await kindsOf(store)) {
      if (this.#end.signal.aborted) return;
      const models = await lifecycle.of(kind);
      await judgeShadows(this.#deps, models, options);
      const why = await this.#why(kind, models);
      if (why !== null)
        await this.#train(kind, { why, parent: models.find(({ state }) => state === 'champion') ?? null });
    }
  }

  /** Why a scope is to be trained now; null when it is not. */
  async #why(kind: string, models: readonly Model[]): Promise<string | null> {
    const { clock, options } = this.#deps;
    if (this.#wanted.delete(kind)) return 'demand';
    const last = this.#states.get(kind);
    const now = clock.now();
    if (last !== undefined && last.state !== 'trained' && now - (last.endedAt ?? now) < RETRY_MS) return null;
    const newest = models[0];
    if (newest === undefined) return 'first';
    if (now - newest.createdAt >= options.retrainMs) return 'schedule';
    return (await this.#drifted(kind, models)) ? 'drift' : null;
  }

  async #drifted(kind: string, models: readonly Model[]): Promise<boolean> {
    const { clock, openFleet } = this.#deps;
    const now = clock.now();
    const champion = models.find(({ state }) => state === 'champion');
    // One answer to a drift is enough until the next schedule.
    if (!champion?.detail || models[0]?.reason === 'drift' || now - champion.createdAt < DRIFT_EVERY_MS) return false;
    if (now - (this.#askedDrift.get(kind) ?? 0) < DRIFT_EVERY_MS) return false;
    this.#askedDrift.set(kind, now);
    const { columns, cadenceMs, bins } = champion.detail;
    const fleet = openFleet({ kind, from: now - DAY_MS, cadenceMs, columns });
    await fleet.advance(now);
    return hasDrifted(fleet.fleet(), columns, { bins, since: (now - DAY_MS) / 1000 });
  }

  async #train(kind: string, { why, parent }: { readonly why: string; readonly parent: Model | null }): Promise<void> {
    const { store, clock, log, metrics, lifecycle } = this.#deps;
    const now = clock.now();
    const began = clock.monotonic();
    const state = (over: Partial<LearningState>): void => {
      this.#states.set(kind, { ...(this.#states.get(kind) ?? begin), ...over });
    };
    const begin: LearningState = {
      scope: kind,
      state: 'training',
      why,
      missing: null,
      progress: 0,
      step: '',
      startedAt: now,
      endedAt: null,
    };
    state(begin);
    const end = (over: Partial<LearningState>): void => state({ endedAt: clock.now(), progress: 1, ...over });
    try {
      const trained = await this.#fit(kind, {
        why,
        parent,
        onProgress: ({ done, step }) => state({ progress: done, step }),
      });
      if (trained === null) return end({ state: 'waiting' });
      if (!trained.ready) return end({ state: 'missing', missing: trained.missing });
      await lifecycle.enter(trained.model, trained.bytes);
      await store.forecasts.save(trained.forecasts);
      end({ state: 'trained' });
      log.info(
        { scope: kind, model: trained.model.id, why, bytes: trained.bytes.length },
        'learn: a failure model was trained',
      );
    } catch (thrown) {
      end({ state: 'failed' });
      if (!this.#end.signal.aborted)
        log.warn(
          { scope: kind, err: toError(thrown) },
          'learn: a failure model could not be trained; tried again later',
        );
    } finally {
      const seconds = (clock.monotonic() - began) / 1000;
      metrics
        .gauge('vigia_learn_training_seconds', 'How long the last training took.', ['kind'])
        .set({ kind: `failure/${kind}` }, seconds);
    }
  }

  async #fit(kind: string, given: Pick<ScopeTraining, 'why' | 'parent' | 'onProgress'>): Promise<TrainedScope | null> {
    const { store, clock, fitter, openFleet, options } = this.#deps;
    const { horizons, quietMs, windowMs, budgetMs, contract } = options;
    const now = clock.now();
    const scope = await scopeOf(store, kind, { from: now - windowMs, to: now });
    if (scope === null) return null;
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(OVERDUE * budgetMs)]);
    const quiet = quietMs / 1000;
    return trainScope({ ...given, fleet: openFleet(scope), fitter, now, horizons, quiet, budgetMs, contract, signal });
  }
}
