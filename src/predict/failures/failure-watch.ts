import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bus } from '../../bus/bus.ts';
import { FAILURE_MODEL, type FailureModelDetail } from '../../model/failure-model.ts';
import type { Failure, Model } from '../../model/failure.ts';
import type { LiveFleet, OpenFleet } from '../../model/live-fleet.ts';
import type { Prediction } from '../../model/prediction.ts';
import type { EntityHistory, FailurePredictor, FailurePredictorFactory, PredictedRows } from '../../model/predictor.ts';
import type { Service } from '../../model/service.ts';
import { topics } from '../../model/topics.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { every } from '../../runtime/every.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { Page, Store } from '../../store/store.ts';
import { Outlook, type Risk } from './outlook.ts';
import { areSound, soundly, Unsound } from './soundly.ts';

export interface FailureWatchDeps {
  readonly bus: Bus;
  readonly store: Pick<Store, 'models' | 'forecasts' | 'predictions' | 'failures'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly openFleet: OpenFleet;
  readonly factories: readonly FailurePredictorFactory[];
  readonly everyMs: number;
  /** Whether it is for this process to ask; asked before each look. */
  readonly mine: () => Promise<boolean>;
  /** A model that cannot be read is taken out of service; the one before serves again. */
  readonly quarantine: (model: Model, why: string) => Promise<void>;
}

interface Serving {
  readonly model: Model & { readonly detail: FailureModelDetail };
  readonly predictor: FailurePredictor;
  readonly fleet: LiveFleet;
  /** Time of the rows last asked about, in seconds. */
  asked: number;
  /** CPU of the last look, ms an entity. */
  cost: number | null;
}

/** What was asked and answered in one go. */
interface Answered {
  readonly some: readonly EntityHistory[];
  readonly columns: readonly string[];
  readonly said: PredictedRows;
}

const PAGE = 500;
/** Of failures, in one look. */
const MOST_PAGES = 20;
const MOST_OPEN = 10_000;
/** Entities asked about in one go; others have their turn between. */
const AT_ONCE = 16;
/** An entity whose newest row is older than so many rows says nothing of now. */
const STALE_ROWS = 3;
/** Models before a damaged one that are tried in the same look. */
const MOST_TRIES = 5;

/** Asks every champion and challenger about every entity, keeps what they said, and tells what champions said. */
export class FailureWatch implements Service {
  readonly name = 'failure-watch';
  readonly #deps: FailureWatchDeps;
  readonly #serving = new Map<string, Serving>();
  readonly #end = new AbortController();
  #outlook = new Outlook([]);
  /** Whether the outlook goes on from what was said so far. */
  #took = false;
  #watching: Promise<void> = Promise.resolve();

  constructor(deps: FailureWatchDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { clock, log, everyMs } = this.#deps;
    this.#watching = every(everyMs, () => this.look(), {
      clock,
      signal: this.#end.signal,
      failed: ({ message }) => log.warn({ error: message }, 'the risk of failures could not be looked at; tried again'),
    });
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#watching;
  }

  /** One look at everything, while it is this process's. What was said so far is read when it becomes that. */
  async look(): Promise<void> {
    const { clock, metrics, store, mine } = this.#deps;
    if (!(await mine())) {
      this.#took = false;
      return;
    }
    if (!this.#took) {
      const open = await store.predictions.open(MOST_OPEN);
      this.#outlook = new Outlook(open.filter(({ kind }) => kind === 'failure'));
      this.#took = true;
    }
    const began = clock.monotonic();
    const changed: Prediction[] = [...(await this.#happened())];
    // Where a damaged one was set aside the one before serves now, before anything is taken back for want of a model.
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const sound = (await this.#refresh()) && (await this.#askAll(changed));
      if (this.#end.signal.aborted) return;
      if (sound) break;
    }
    changed.push(...this.#orphans());
    await this.#say(changed);
    metrics
      .gauge('vigia_predict_failure_look_seconds', 'How long the last look at all risks took')
      .set((clock.monotonic() - began) / 1000);
  }

  /** CPU of the last look by a model, ms an entity; null when it was not asked here. */
  costOf(model: string): number | null {
    return this.#serving.get(model)?.cost ?? null;
  }

  /** Asks all that serve; false when one of them was set aside. */
  async #askAll(changed: Prediction[]): Promise<boolean> {
    let sound = true;
    for (const serving of this.#serving.values()) {
      if (this.#end.signal.aborted) return sound;
      try {
        changed.push(...(await this.#ask(serving)));
      } catch (thrown) {
        if (!(thrown instanceof Unsound)) throw thrown;
        sound = false;
        this.#serving.delete(serving.model.id);
        await this.#setAside(serving.model, thrown);
      }
    }
    return sound;
  }

  /** Models in service are those that the registry says; false when one of them was set aside. */
  async #refresh(): Promise<boolean> {
    const { items } = await this.#deps.store.models.list({ limit: PAGE, cursor: null, kind: FAILURE_MODEL });
    const wanted = new Map(items.filter(({ state }) => state !== 'retired').map((model) => [model.id, model]));
    for (const id of this.#serving.keys()) if (!wanted.has(id)) this.#serving.delete(id);
    let sound = true;
    for (const model of wanted.values()) {
      const known = this.#serving.get(model.id);
      if (known !== undefined)
        this.#serving.set(model.id, { ...known, model: { ...model, detail: model.detail ?? known.model.detail } });
      else if (!(await this.#load(model))) sound = false;
    }
    return sound;
  }

  async #load(model: Model): Promise<boolean> {
    const { store, factories, openFleet } = this.#deps;
    const { detail } = model;
    try {
      const factory = factories.find(({ kind }) => kind === detail?.factory);
      const bytes = await store.models.artefact(model.id);
      if (!detail || factory === undefined || bytes === null) throw new Error('no artefact, or nobody who reads it');
      const predictor = factory.load(bytes);
      const scope = {
        kind: model.scope,
        from: model.trainedFrom ?? 0,
        cadenceMs: detail.cadenceMs,
        columns: detail.columns,
      };
      this.#serving.set(model.id, {
        model: { ...model, detail },
        predictor,
        fleet: openFleet(scope),
        asked: 0,
        cost: null,
      });
      return true;
    } catch (thrown) {
      await this.#setAside(model, toError(thrown));
      return false;
    }
  }

  async #setAside(model: Model, err: Error): Promise<void> {
    const { log, quarantine } = this.#deps;
    log.warn({ model: model.id, scope: model.scope, err }, 'a failure model is damaged and was set aside');
    await quarantine(model, `damaged: ${err.message}`);
  }

  async #ask(serving: Serving): Promise<readonly Prediction[]> {
    const { clock, store } = this.#deps;
    const { fleet, predictor, model } = serving;
    await fleet.advance(clock.now());
    const { columns, entities } = fleet.fleet();
    const newest = entities.reduce((most, { times }) => Math.max(most, times.at(-1)!), 0);
    if (newest <= serving.asked) return [];
    serving.asked = newest;
    const fresh = entities.filter(({ times }) => times.at(-1)! > newest - (STALE_ROWS * model.detail.cadenceMs) / 1000);
    const width = predictor.horizons.length;
    const all = new Float32Array(fresh.length * width);
    const changed: Prediction[] = [];
    let busy = 0;
    for (let from = 0; from < fresh.length; from += AT_ONCE) {
      const began = clock.monotonic();
      const some = fresh.slice(from, from + AT_ONCE);
      const queries = some.map((history) => ({ history, from: history.times.length - 1, to: history.times.length }));
      const said = soundly(() => predictor.predict(queries, columns), areSound);
      all.set(said.probabilities, from * width);
      if (model.state === 'champion') changed.push(...this.#told(serving, { some, columns, said }));
      busy += clock.monotonic() - began;
      await nextTurn();
    }
    serving.cost = fresh.length > 0 ? busy / fresh.length : null;
    const time = Math.round(newest * 1000);
    await store.forecasts.save([
      { model: model.id, time, entities: fresh.map(({ entity }) => entity), probabilities: all },
    ]);
    return changed;
  }

  /** What a champion's answers change for those who listen. */
  #told({ fleet, predictor, model }: Serving, { some, columns, said }: Answered): readonly Prediction[] {
    const width = predictor.horizons.length;
    return some.flatMap((history, i) => {
      const last = history.times.length - 1;
      const risk: Risk = {
        entity: history.entity,
        fleet: fleet.fleetOf(history.entity),
        madeAt: Math.round(history.times[last]! * 1000),
        probabilities: [...said.probabilities.subarray(i * width, (i + 1) * width)],
        expected: said.expected[i]!,
        low: said.low[i]!,
        high: said.high[i]!,
      };
      return this.#outlook?.take(model, risk, () => soundly(() => predictor.explain(history, last, columns))) ?? [];
    });
  }

  /** Open predictions whose entity has failed since. */
  async #happened(): Promise<readonly Prediction[]> {
    const open = this.#outlook.open;
    if (open.length === 0) return [];
    const items = await this.#failuresSince(Math.min(...open.map(({ openedAt }) => openedAt)));
    return open.flatMap(({ entity, openedAt }) => {
      const failure = items.findLast((one) => one.entity === entity && one.start > openedAt);
      if (failure === undefined) return [];
      return this.#outlook.end(entity, { how: 'failed', at: failure.start, kind: failure.kind }) ?? [];
    });
  }

  /** Newest first. */
  async #failuresSince(from: number): Promise<readonly Failure[]> {
    const { store, clock } = this.#deps;
    const all: Failure[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < MOST_PAGES; page++) {
      const range = { from, to: clock.now() + 1 };
      const found: Page<Failure> = await store.failures.list({ limit: PAGE, cursor, range });
      all.push(...found.items);
      if ((cursor = found.next) === null) break;
    }
    return all;
  }

  /** Nobody says any more what no champion stands for; that is no all-clear. */
  #orphans(): readonly Prediction[] {
    const kinds = new Set(
      [...this.#serving.values()].filter(({ model }) => model.state === 'champion').map(({ model }) => model.scope),
    );
    return this.#outlook.open
      .filter(({ entity }) => !kinds.has(entity.split('/', 1)[0] ?? ''))
      .flatMap(({ entity }) => this.#outlook.end(entity, { how: 'unwatched', at: this.#deps.clock.now() }) ?? []);
  }

  async #say(changed: readonly Prediction[]): Promise<void> {
    if (changed.length === 0) return;
    const { bus, store, metrics } = this.#deps;
    await store.predictions.upsert(changed);
    await bus.publish(
      topics.predictions,
      changed.map((prediction) => ({ key: prediction.fleet, value: prediction })),
    );
    for (const { state } of changed)
      metrics.counter('vigia_predict_predictions_total', 'Predictions said, by state', ['state']).inc({ state });
  }
}
