import type { FailureFitter } from '../../model/failure-fitter.ts';
import type { LearningState } from '../../model/failure-model.ts';
import type { Model } from '../../model/failure.ts';
import type { OpenFleet } from '../../model/live-fleet.ts';
import type { PredictorProgress } from '../../model/predictor.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { every } from '../../runtime/every.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { Store } from '../../store/store.ts';
import type { Contract } from '../evaluation/pages.ts';
import { checkModel } from './check-models.ts';
import { guardPages } from './guard-pages.ts';
import { kindsOf, scopeOf } from './fleet-scopes.ts';
import type { FleetReads } from './live-fleet.ts';
import type { Lifecycle } from './model-lifecycle.ts';
import { horizonsOf, judgeShadows, type ShadowRules } from './shadow.ts';
import { type ScopeTraining, type TrainedScope, trainScope } from './train-scope.ts';

export interface FailureTrainingDeps {
  readonly store: FleetReads & Pick<Store, 'models' | 'forecasts' | 'modelChecks'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly fitter: FailureFitter;
  readonly openFleet: OpenFleet;
  /** Whether it is for this process to train; asked before each round. */
  readonly mine: () => Promise<boolean>;
  /** Addresses of packages whose predictors are trained beside the one of Vigía. */
  readonly predictors: readonly string[];
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
  readonly #checked = new Map<string, number>();
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
    const { store, lifecycle, clock, options, mine } = this.#deps;
    if (!(await mine())) return;
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
    if (horizonsOf(newest, options).join() !== options.horizons.join()) return 'horizons';
    if (now - newest.createdAt >= options.retrainMs) return 'schedule';
    return (await this.#drifted(kind, models)) ? 'drift' : null;
  }

  async #drifted(kind: string, models: readonly Model[]): Promise<boolean> {
    const { clock } = this.#deps;
    const now = clock.now();
    const champion = models.find(({ state }) => state === 'champion');
    if (!champion?.detail || now - (this.#checked.get(kind) ?? 0) < DRIFT_EVERY_MS) return false;
    this.#checked.set(kind, now);
    const { measures } = await checkModel(this.#deps, champion, champion.detail);
    await guardPages(this.#deps, champion, champion.detail);
    // One answer to a drift is enough until the next schedule, and what is new has had no time to drift.
    if (models[0]?.reason === 'drift' || now - champion.createdAt < DRIFT_EVERY_MS) return false;
    return measures.some(({ drifted }) => drifted);
  }

  async #train(kind: string, { why, parent }: { readonly why: string; readonly parent: Model | null }): Promise<void> {
    const { clock, log, metrics } = this.#deps;
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
      step: 'read',
      budgetMs: this.#deps.options.budgetMs,
      startedAt: now,
      endedAt: null,
    };
    state(begin);
    const end = (over: Partial<LearningState>): void => state({ endedAt: clock.now(), progress: 1, ...over });
    try {
      const trained = await this.#fit(kind, {
        why,
        parent,
        onProgress: ({ done, step, tried }) => state({ progress: done, step, ...(tried !== undefined && { tried }) }),
      });
      if (trained === null) return end({ state: 'waiting' });
      for (const one of trained) if (one.ready) await this.#enter(one);
      const [first] = trained;
      if (first?.ready === false) return end({ state: 'missing', missing: first.missing });
      end({ state: 'trained' });
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

  async #enter({ model, bytes, forecasts }: Extract<TrainedScope, { ready: true }>): Promise<void> {
    const { lifecycle, store, log } = this.#deps;
    await lifecycle.enter(model, bytes);
    await store.forecasts.save(forecasts);
    const { id, scope, reason } = model;
    log.info({ scope, model: id, why: reason, bytes: bytes.length }, 'learn: a failure model was trained');
  }

  /** One model of each predictor on the same history; null when there is nobody to learn of. */
  async #fit(
    kind: string,
    { onProgress, ...given }: Pick<ScopeTraining, 'why' | 'parent' | 'onProgress'>,
  ): Promise<readonly TrainedScope[] | null> {
    const { store, clock, fitter, openFleet, options, predictors } = this.#deps;
    const { horizons, quietMs, windowMs, budgetMs, contract } = options;
    const now = clock.now();
    const scope = await scopeOf(store, kind, { from: now - windowMs, to: now });
    if (scope === null) return null;
    const fleet = openFleet(scope);
    await fleet.advance(now);
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(OVERDUE * budgetMs)]);
    const all = [null, ...predictors];
    const trained: TrainedScope[] = [];
    for (const [i, predictor] of all.entries()) {
      const training = {
        ...given,
        fleet,
        fitter,
        predictor,
        now,
        elapsedMs: () => clock.monotonic(),
        horizons,
        quiet: quietMs / 1000,
        budgetMs: budgetMs / all.length,
        contract,
        signal,
        onProgress: (progress: PredictorProgress) =>
          onProgress({ ...progress, done: (i + progress.done) / all.length }),
      };
      trained.push(await trainScope(training));
    }
    return trained;
  }
}
