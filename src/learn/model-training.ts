import type { EntityId } from '../model/entity.ts';
import type { Model } from '../model/failure.ts';
import type { ModelTrainer, TrainingHistory } from '../model/trainer.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Store } from '../store/store.ts';
import { abnormalRanges, falseAlarms } from './abnormal-ranges.ts';
import { modelsByScope, registerModel } from './register-model.ts';
import { readHistory } from './training-history.ts';
import { type TrainingScope, trainingScopes } from './training-scopes.ts';

export interface TrainingOptions {
  /** Length of the history that is learnt from, ms. */
  readonly windowMs: number;
  /** A model is trained anew after so long, ms. */
  readonly retrainMs: number;
  readonly stepMs: number;
  /** How long frames of a step are kept, ms. */
  readonly stepsMs: number;
  /** Entities with a model of their own; the first 50 count. */
  readonly own: (entity: EntityId) => boolean;
}

export interface TrainingDeps {
  readonly store: Pick<Store, 'entities' | 'frames' | 'anomalies' | 'failures' | 'feedback' | 'models'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly trainer: ModelTrainer;
  readonly options: TrainingOptions;
  /** Called when a new model serves. */
  readonly onTrained: () => void;
}

/** A young model is trained anew when there is so many times the history that it knew. */
const GROWTH = 2;
/** After a training that brought nothing the next try waits so long. */
const RETRY_MS = 900_000;
const SEED = 1;

/**
 * Trains models on schedule: as soon as there is enough history, again whenever that has doubled, then at a fixed
 * interval. What it learns from leaves out what was abnormal and not called normal since.
 */
export class ModelTraining {
  readonly #deps: TrainingDeps;
  /** When a scope may be tried again, after a try that brought nothing. */
  readonly #retryAt = new Map<string, number>();

  constructor(deps: TrainingDeps) {
    this.#deps = deps;
  }

  /** Trains every scope whose time has come, one after the other; returns how many new models serve. */
  async round(signal: AbortSignal): Promise<number> {
    const { store, options, trainer, onTrained } = this.#deps;
    const scopes = await trainingScopes(store, options.own);
    if (scopes.length === 0) return 0;
    const models = await modelsByScope(store, trainer.kind);
    let served = 0;
    for (const scope of scopes) {
      if (signal.aborted) break;
      if (!this.#due(scope, models.get(scope.scope) ?? [])) continue;
      if (await this.#attempt(scope, models.get(scope.scope) ?? [], signal)) served += 1;
    }
    if (served > 0) onTrained();
    return served;
  }

  #due({ scope, entities }: TrainingScope, models: readonly Model[]): boolean {
    const { clock, trainer, options } = this.#deps;
    const now = clock.now();
    if ((this.#retryAt.get(scope) ?? 0) > now) return false;
    const longest = Math.max(...entities.map(({ from, to }) => Math.min(to - from, options.windowMs)));
    if (longest < trainer.leastRows * trainer.cadenceMs) return false;
    const [last] = models;
    if (last === undefined || now - last.createdAt >= options.retrainMs) return true;
    const learnt = (last.trainedTo ?? 0) - (last.trainedFrom ?? 0);
    return learnt > 0 && longest >= GROWTH * learnt;
  }

  /** A failure is told and tried again later; it never stops the other scopes. */
  async #attempt(scope: TrainingScope, models: readonly Model[], signal: AbortSignal): Promise<boolean> {
    const { clock, log, metrics, trainer } = this.#deps;
    const began = clock.monotonic();
    const counter = metrics.counter('vigia_learn_trainings_total', 'Trainings of models, by how they ended.', [
      'kind',
      'outcome',
    ]);
    let outcome: 'served' | 'refused' | 'too_little' | 'failed' = 'too_little';
    try {
      outcome = await this.#train(scope, models, signal);
    } catch (error) {
      if (signal.aborted) return false;
      outcome = 'failed';
      log.warn({ scope: scope.scope, err: toError(error) }, 'learn: a model could not be trained; tried again later');
    }
    counter.inc({ kind: trainer.kind, outcome });
    metrics
      .gauge('vigia_learn_training_seconds', 'How long the last training took.', ['kind'])
      .set({ kind: trainer.kind }, (clock.monotonic() - began) / 1000);
    if (outcome === 'failed' || outcome === 'too_little') this.#retryAt.set(scope.scope, clock.now() + RETRY_MS);
    return outcome === 'served';
  }

  async #train(scope: TrainingScope, models: readonly Model[], signal: AbortSignal) {
    const { trainer } = this.#deps;
    const histories = await this.#histories(scope, signal);
    const trained = histories.length === 0 ? null : await trainer.train(histories, { seed: SEED, signal });
    if (trained === null) return 'too_little';
    const times = histories.flatMap(({ stretches }) => stretches.flatMap((one) => [one.times[0]!, one.times.at(-1)!]));
    const window = { trainedFrom: Math.min(...times), trainedTo: Math.max(...times) };
    await registerModel(this.#deps, { kind: trainer.kind, scope: scope.scope, trained, models, ...window });
    return trained.refused === null ? 'served' : 'refused';
  }

  async #histories({ entities }: TrainingScope, signal: AbortSignal): Promise<readonly TrainingHistory[]> {
    const { store, clock, options, trainer } = this.#deps;
    const now = clock.now();
    const innocent = await falseAlarms(store);
    const histories: TrainingHistory[] = [];
    const mostRows = Math.floor(trainer.mostRows / entities.length);
    for (const [at, { id, from, to }] of entities.entries()) {
      if (signal.aborted) return [];
      const range = { from: Math.max(from, to - options.windowMs), to: to + 1 };
      const without = await abnormalRanges(store, id, { range, innocent, marginMs: trainer.cadenceMs });
      const history = await readHistory(store.frames, {
        entity: id,
        range,
        stepsFrom: now - options.stepsMs,
        stepMs: options.stepMs,
        cadenceMs: trainer.cadenceMs,
        mostRows,
        without,
        seed: SEED + at,
      });
      if (history !== null) histories.push(history);
    }
    return histories;
  }
}
