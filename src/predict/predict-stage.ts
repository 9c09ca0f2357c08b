import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bus, Delivery, Owns, Subscription } from '../bus/bus.ts';
import type { EntityId } from '../model/entity.ts';
import type { Frame } from '../model/frame.ts';
import { phrase } from '../model/phrase.ts';
import type { Prediction } from '../model/prediction.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import type { Clock } from '../runtime/clock.ts';
import { every } from '../runtime/every.ts';
import { createFirst } from '../runtime/first.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { createTurns } from '../runtime/turns.ts';
import type { Store } from '../store/store.ts';
import { CapacityWatch, RISK_THRESHOLDS, type RiskThresholds } from './capacity-watch.ts';
import { type LimitedFeature, limitedFeatures } from './limited-features.ts';
import { restorePast } from './restore-past.ts';

export interface PredictOptions {
  readonly stepMs: number;
  /** Seconds. */
  readonly horizons: readonly number[];
  readonly thresholds?: RiskThresholds;
  /** Most limited features that are followed, over all entities; a history takes 4 KB. */
  readonly maxWatched?: number;
}

export interface PredictDeps {
  readonly bus: Bus;
  readonly store: Pick<Store, 'frames' | 'predictions'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly options: PredictOptions;
}

const DEFAULT_MAX_WATCHED = 20_000;
const MAX_OPEN = 10_000;
const TURN_MS = 15;
const SWEEP_MS = 10_000;
/** What has not been reported for so many steps, and at least a minute, is gone. */
const SILENT = { steps: 24, leastMs: 60_000 } as const;

interface Followed {
  /** Time of the newest frame that was taken. */
  position: number;
  readonly watches: Map<string, CapacityWatch>;
}

class PredictStage implements Service {
  readonly name = 'predict';
  readonly #deps: PredictDeps;
  readonly #entities = new Map<EntityId, Followed>();
  readonly #open = new Map<string, Prediction>();
  readonly #end = new AbortController();
  readonly #turns = createTurns();
  #watched = 0;
  #subscription: Subscription | null = null;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(deps: PredictDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { bus, clock } = this.#deps;
    this.#countWatched(0);
    const ready = createFirst();
    this.#subscription = await bus.subscribe(
      topics.frames,
      'predict',
      (batch) => this.#turns(() => this.#take(batch)),
      {
        onAssigned: (owns) => this.#turns(() => this.#takeOver(owns)).then(ready.done),
        onRevoked: (owns) => this.#turns(async () => this.#handOver(owns)),
      },
    );
    this.#sweeping = this.#sweep();
    await ready.soon(clock);
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop();
    this.#subscription = null;
    this.#end.abort();
    await this.#sweeping;
  }

  /** What was said of the entities that have come here goes on; their past is read when their first frame comes. */
  async #takeOver(owns: Owns): Promise<void> {
    for (const open of await this.#deps.store.predictions.open(MAX_OPEN))
      if (open.kind === 'capacity' && owns(open.entity)) this.#open.set(`${open.entity} ${open.feature}`, open);
  }

  #handOver(owns: Owns): void {
    for (const [entity, { watches }] of this.#entities) {
      if (!owns(entity)) continue;
      this.#entities.delete(entity);
      this.#countWatched(this.#watched - watches.size);
    }
    for (const [key, { entity }] of this.#open) if (owns(entity)) this.#open.delete(key);
  }

  #countWatched(watched: number): void {
    this.#watched = watched;
    this.#deps.metrics.gauge('vigia_predict_watched_features', 'Limited features that are followed').set(watched);
  }

  async #take(batch: readonly Delivery<Frame>[]): Promise<void> {
    const { clock } = this.#deps;
    const changed: Prediction[] = [];
    let turn = clock.monotonic();
    for (const { value: frame } of batch) {
      const followed = this.#follow(frame.entity);
      if (frame.time <= followed.position) continue;
      for (const limited of limitedFeatures(frame.layout)) {
        const watch = await this.#watch(followed, frame, limited);
        const said = watch?.take(frame, limited);
        if (said) changed.push(said);
        if (clock.monotonic() - turn < TURN_MS) continue;
        await nextTurn();
        turn = clock.monotonic();
      }
      followed.position = frame.time;
    }
    await this.#say(changed);
  }

  #follow(entity: EntityId): Followed {
    let followed = this.#entities.get(entity);
    if (followed === undefined) {
      followed = { position: Number.NEGATIVE_INFINITY, watches: new Map() };
      this.#entities.set(entity, followed);
    }
    return followed;
  }

  /** The watch of a feature; a new one begins with what the store knows of its past. */
  async #watch({ watches }: Followed, frame: Frame, limited: LimitedFeature): Promise<CapacityWatch | undefined> {
    const { store, metrics, options } = this.#deps;
    const known = watches.get(limited.feature.name);
    if (known) return known;
    if (this.#watched >= (options.maxWatched ?? DEFAULT_MAX_WATCHED)) {
      metrics
        .counter('vigia_predict_unwatched_total', 'Frames of limited features beyond the most that are followed')
        .inc();
      return undefined;
    }
    const { stepMs, horizons, thresholds = RISK_THRESHOLDS } = options;
    const key = `${frame.entity} ${limited.feature.name}`;
    const watch = new CapacityWatch({ stepMs, horizons, thresholds }, this.#open.get(key) ?? null);
    await restorePast(store.frames, watch.history, frame, limited);
    this.#open.delete(key);
    watches.set(limited.feature.name, watch);
    this.#countWatched(this.#watched + 1);
    return watch;
  }

  /** Stored first, then told: a redelivered frame finds the same ids. */
  async #say(changed: readonly Prediction[]): Promise<void> {
    if (changed.length === 0) return;
    const { bus, store, log, metrics } = this.#deps;
    await store.predictions.upsert(changed);
    await bus.publish(
      topics.predictions,
      changed.map((prediction) => ({ key: prediction.fleet, value: prediction })),
    );
    for (const { id, entity, feature, state, severity } of changed) {
      metrics.counter('vigia_predict_predictions_total', 'Predictions said, by state', ['state']).inc({ state });
      log.debug({ prediction: id, entity, feature, state, severity }, 'a prediction changed');
    }
  }

  /** Closes predictions of what has stopped reporting, those that a restart found without their feature included. */
  async #sweep(): Promise<void> {
    const { clock, log, options } = this.#deps;
    const after = Math.max(SILENT.leastMs, SILENT.steps * options.stepMs);
    await every(SWEEP_MS, () => this.#turns(() => this.#closeSilent(after)), {
      clock,
      signal: this.#end.signal,
      failed: ({ message }) => log.warn({ error: message }, 'silent features could not be closed; tried again'),
    });
  }

  async #closeSilent(after: number): Promise<void> {
    const now = this.#deps.clock.now();
    const closed: Prediction[] = [];
    for (const { watches } of this.#entities.values()) {
      for (const watch of watches.values()) {
        const said = watch.silence(now, after);
        if (said) closed.push(said);
      }
    }
    for (const [key, open] of this.#open) {
      if (now - open.madeAt < 10 * after) continue;
      const silent = Math.round((now - open.madeAt) / 1000);
      const reason = phrase('predict.gone', { feature: open.feature ?? '', silent });
      closed.push({ ...open, state: 'cleared', closedAt: now, madeAt: now, reason });
      this.#open.delete(key);
    }
    await this.#say(closed);
  }
}

/** Says what will run out, and when: capacity exhaustion of every feature that has a limit. */
export const createPredictStage = (deps: PredictDeps): Service => new PredictStage(deps);
