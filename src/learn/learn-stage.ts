import type { Bus, Delivery, Subscription } from '../bus/bus.ts';
import type { Outcome } from '../model/action.ts';
import type { Prediction } from '../model/prediction.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import type { Clock } from '../runtime/clock.ts';
import { every } from '../runtime/every.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Store } from '../store/store.ts';
import { failureOf } from './failure-of.ts';
import { ModelTraining, type TrainingDeps } from './model-training.ts';
import { SequenceTraining, type SequenceTrainingDeps } from './sequence-training.ts';

export interface LearnDeps {
  readonly bus: Bus;
  readonly store: Pick<Store, 'maintenance'> & TrainingDeps['store'];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Whether it is for this process to do what only one of several may; by default it is. */
  readonly mine?: (duty: string) => Promise<boolean>;
  /** How often the store is tidied: hours rolled up, what is too old or too much dropped. Default one minute. */
  readonly tidyEveryMs?: number;
  /** What is trained, and how; without it nothing is. Whether it is time is asked every minute. */
  readonly training?: Pick<TrainingDeps, 'trainer' | 'options' | 'onTrained'> & { readonly everyMs?: number };
  /** How the order of log lines is learnt; asked as often. */
  readonly sequences?: Pick<SequenceTrainingDeps, 'store' | 'trainer' | 'options' | 'onTrained'>;
}

const TIDY_EVERY_MS = 60_000;
const TRAIN_EVERY_MS = 60_000;
/** What only one of several processes may do. */
export const MODELS_DUTY = 'joint models';
const TIDYING_DUTY = 'tidying';

/**
 * What is learnt from what happened: predictions that came true become failures on record, the labels of later
 * training; outcomes are counted for the ranking of actions (which reads them from the store). Models are trained
 * when it is time. And the store is kept within its time and disk budget.
 */
class LearnStage implements Service {
  readonly name = 'learn';
  readonly #deps: LearnDeps & { readonly mine: (duty: string) => Promise<boolean> };
  readonly #end = new AbortController();
  #subscriptions: readonly Subscription[] = [];
  #tidying: Promise<void> = Promise.resolve();
  #training: Promise<void> = Promise.resolve();

  constructor(deps: LearnDeps) {
    this.#deps = { mine: async () => true, ...deps };
  }

  async start(): Promise<void> {
    const { bus } = this.#deps;
    this.#subscriptions = await Promise.all([
      bus.subscribe(topics.predictions, 'learn', (batch) => this.#predictions(batch)),
      bus.subscribe(topics.outcomes, 'learn', (batch) => this.#outcomes(batch)),
    ]);
    this.#tidying = this.#tidyForever();
    this.#training = this.#trainForever();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#subscriptions.map((subscription) => subscription.stop()));
    this.#end.abort();
    await this.#deps.training?.trainer.close();
    await this.#deps.sequences?.trainer.close();
    await Promise.all([this.#tidying, this.#training]);
  }

  async #predictions(batch: readonly Delivery<Prediction>[]): Promise<void> {
    const failures = batch.flatMap(({ value }) => failureOf(value) ?? []);
    if (failures.length === 0) return;
    await this.#deps.store.failures.upsert(failures);
    this.#deps.metrics.counter('vigia_learn_failures_total', 'Failures put on record').inc(failures.length);
  }

  async #outcomes(batch: readonly Delivery<Outcome>[]): Promise<void> {
    const { log, metrics } = this.#deps;
    for (const { value } of batch) {
      const { action, verdict } = value;
      metrics
        .counter('vigia_learn_outcomes_total', 'Outcomes of actions', ['action', 'verdict'])
        .inc({ action, verdict });
      log.info({ run: value.run, action, entity: value.entity, verdict }, 'an action has its outcome');
    }
  }

  async #trainForever(): Promise<void> {
    const { clock, log, training, sequences, mine } = this.#deps;
    const trainings = [
      ...(training === undefined ? [] : [new ModelTraining({ ...this.#deps, ...training })]),
      ...(sequences === undefined ? [] : [new SequenceTraining({ ...this.#deps, ...sequences })]),
    ];
    if (trainings.length === 0) return;
    const { signal } = this.#end;
    const round = async (): Promise<void> => {
      if (!(await mine(MODELS_DUTY))) return;
      for (const one of trainings) await one.round(signal);
    };
    await every(training?.everyMs ?? TRAIN_EVERY_MS, round, {
      clock,
      signal,
      failed: ({ message }) => log.warn({ error: message }, 'models could not be trained; tried again'),
    });
  }

  async #tidyForever(): Promise<void> {
    const { clock, log, tidyEveryMs = TIDY_EVERY_MS } = this.#deps;
    await every(tidyEveryMs, () => this.#tidy(), {
      clock,
      signal: this.#end.signal,
      failed: ({ message }) => log.warn({ error: message }, 'the store could not be tidied; tried again'),
    });
  }

  async #tidy(): Promise<void> {
    const { store, clock, log, metrics, mine } = this.#deps;
    if (!(await mine(TIDYING_DUTY))) return;
    await store.maintenance.rollHours(clock.now());
    const { bytes, budgetBytes, dropped } = await store.maintenance.retain(clock.now());
    metrics.gauge('vigia_store_bytes', 'Disk that the store takes').set(bytes);
    metrics.gauge('vigia_store_budget_bytes', 'Disk that it may take').set(budgetBytes);
    for (const { table, why, from, to } of dropped) {
      metrics
        .counter('vigia_store_dropped_partitions_total', 'Stretches of old data dropped', ['table', 'why'])
        .inc({ table, why });
      log.info(
        { table, why, from: new Date(from).toISOString(), to: new Date(to).toISOString() },
        'old data was dropped',
      );
    }
  }
}

export const createLearnStage = (deps: LearnDeps): Service => new LearnStage(deps);
