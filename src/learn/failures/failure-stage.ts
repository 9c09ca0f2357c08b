import type { Bus, Delivery, Owns, SubscribeOptions, Subscription } from '../../bus/bus.ts';
import type { EntityId } from '../../model/entity.ts';
import type { Event } from '../../model/event.ts';
import type { FailureDefinition } from '../../model/failure-definition.ts';
import type { Failure } from '../../model/failure.ts';
import type { Frame, FrameLayout } from '../../model/frame.ts';
import type { Service } from '../../model/service.ts';
import { topics } from '../../model/topics.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { stableId } from '../../runtime/ids.ts';
import { createFirst } from '../../runtime/first.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { createTurns } from '../../runtime/turns.ts';
import type { Store } from '../../store/store.ts';
import { DEFINITION_SOURCE, FailureJudge } from './failure-judge.ts';
import { judgeHistory } from './judge-history.ts';

export interface FailureDeps {
  readonly bus: Bus;
  readonly store: Pick<Store, 'frames' | 'events' | 'failures' | 'settings'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly definitions: readonly FailureDefinition[];
  /** Whether it is for this process to search history. */
  readonly mine?: () => Promise<boolean>;
  readonly options: { readonly stepMs: number; readonly stepsMs: number; readonly windowMs: number };
}

/** Which definitions have been looked for in history. */
const LOOKED_FOR = 'failures.definitions';
const PAGE = 1000;

/** Finds failures as they come, by the definitions of the owner; a new definition is looked for in history once. */
class FailureStage implements Service {
  readonly name = 'failures';
  readonly #deps: FailureDeps;
  readonly #end = new AbortController();
  readonly #turns = createTurns();
  readonly #names = new WeakMap<FrameLayout, readonly string[]>();
  #judge: FailureJudge;
  #subscriptions: readonly Subscription[] = [];
  #past: Promise<void> = Promise.resolve();

  constructor(deps: FailureDeps) {
    this.#deps = deps;
    this.#judge = new FailureJudge(deps.definitions);
  }

  async start(): Promise<void> {
    const { bus, definitions, store, clock, options } = this.#deps;
    if (definitions.length === 0) return;
    const newest = await store.frames.newest();
    const latest = Math.max(...newest.values(), Number.NEGATIVE_INFINITY) + options.stepMs;
    this.#judge = new FailureJudge(definitions, latest);
    this.#past = this.#lookBack([...newest.keys()]);
    const ready = createFirst();
    // Both topics go by entity, so their partitions come and go together.
    const entities: SubscribeOptions = {
      onAssigned: (owns) => this.#turns(() => this.#takeOver(owns)).then(ready.done),
      onRevoked: (owns) => this.#turns(async () => this.#judge.drop(owns)),
    };
    this.#subscriptions = await Promise.all([
      bus.subscribe(topics.frames, 'failures', (batch) => this.#turns(() => this.#frames(batch)), entities),
      bus.subscribe(topics.events, 'failures', (batch) => this.#turns(() => this.#events(batch))),
    ]);
    await ready.soon(clock);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#subscriptions.map((subscription) => subscription.stop()));
    this.#subscriptions = [];
    this.#end.abort();
    await this.#past;
  }

  /** How long the entities that have come here have been heard of, and their failures that are not over. */
  async #takeOver(owns: Owns): Promise<void> {
    const { store, options } = this.#deps;
    const newest = await store.frames.newest();
    const { items } = await store.failures.list({ limit: PAGE, cursor: null, open: true });
    const open = new Map<EntityId, Failure[]>();
    for (const failure of items.filter(({ source }) => source.startsWith(DEFINITION_SOURCE)))
      open.set(failure.entity, [...(open.get(failure.entity) ?? []), failure]);
    for (const [entity, time] of newest)
      if (owns(entity)) this.#judge.resume(entity, time + options.stepMs, open.get(entity) ?? []);
  }

  async #frames(batch: readonly Delivery<Frame>[]): Promise<void> {
    const frames = batch.map(({ value }) => value).sort((a, b) => a.time - b.time);
    const changed = frames.flatMap(({ entity, time, stepMs, layout, values }) =>
      this.#judge.row({ entity, time, stepMs, values, features: this.#namesOf(layout) }),
    );
    // While others wait to be heard, nobody can be called silent.
    const waiting = this.#subscriptions[0]?.lag() ?? 0;
    await this.#record(waiting > batch.length ? changed : [...changed, ...this.#judge.silences()]);
  }

  async #events(batch: readonly Delivery<Event>[]): Promise<void> {
    await this.#record(batch.flatMap(({ value }) => this.#judge.event(value)));
  }

  #namesOf(layout: FrameLayout): readonly string[] {
    let names = this.#names.get(layout);
    if (names === undefined) this.#names.set(layout, (names = layout.features.map(({ name }) => name)));
    return names;
  }

  async #record(changed: readonly Failure[]): Promise<void> {
    if (changed.length === 0) return;
    const { store, log, metrics } = this.#deps;
    await store.failures.upsert(changed);
    for (const { id, kind, entity, start, end } of changed) {
      metrics.counter('vigia_failures_seen_total', 'Failures that definitions found, by kind', ['kind']).inc({ kind });
      log.info({ failure: id, kind, entity, start, end }, 'a failure by definition');
    }
  }

  /** A definition that is new finds its failures of the past too, beside what comes live. */
  async #lookBack(entities: readonly EntityId[]): Promise<void> {
    const { store, definitions, clock, log, options, mine = async () => true } = this.#deps;
    try {
      if (!(await mine())) return;
      const known = new Set((await store.settings.get(LOOKED_FOR)) as readonly string[] | null);
      const hashes = definitions.map((definition) => stableId('definition', JSON.stringify(definition)));
      const fresh = definitions.filter((_, d) => !known.has(hashes[d]!));
      const now = clock.now();
      if (fresh.length > 0 && entities.length > 0) {
        const { stepMs, stepsMs, windowMs } = options;
        const history = { entities, range: { from: now - windowMs, to: now }, stepsFrom: now - stepsMs, stepMs };
        const found = await judgeHistory(store, fresh, { history, signal: this.#end.signal });
        log.info({ definitions: fresh.length, found }, 'history was searched for failures');
      }
      if (!this.#end.signal.aborted) await store.settings.set(LOOKED_FOR, hashes, 'vigia', now);
    } catch (thrown) {
      log.warn({ err: toError(thrown) }, 'history could not be searched for failures; tried again at the next start');
    }
  }
}

export const createFailureStage = (deps: FailureDeps): Service => new FailureStage(deps);
