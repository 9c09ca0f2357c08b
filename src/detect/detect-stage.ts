import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Delivery, Owns, Subscription } from '../bus/bus.ts';
import type { Anomaly, AnomalyKind } from '../model/anomaly.ts';
import type { EntityId } from '../model/entity.ts';
import type { Frame, RollupFrame } from '../model/frame.ts';
import { phrase } from '../model/phrase.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import { every } from '../runtime/every.ts';
import { createFirst } from '../runtime/first.ts';
import { createTurns } from '../runtime/turns.ts';
import { ChangeWatch } from './change-watch.ts';
import { Checkpoints, type KeptWatch } from './checkpoints.ts';
import { type CurrentFeatures, EntityWatch, type LearningState, type WatchOptions } from './entity-watch.ts';
import type { DetectDeps } from './detect-options.ts';
import { FleetModels } from './fleet-models.ts';
import { type SeverityThresholds, severityThresholds } from './severity.ts';
import { tellAnomalies } from './tell-anomalies.ts';
import { watchOptions } from './watch-options.ts';

/** The stage, with what the API asks of it. The first two answers are null for an entity that is not known here. */
export interface DetectStage extends Service {
  learning(entity: EntityId): LearningState | null;
  current(entity: EntityId): CurrentFeatures | null;
  /** Everybody that is watched here, with how far it has been learnt. */
  everybody(): Iterable<readonly [EntityId, LearningState]>;
  /** A person says that an open anomaly is the new normal: it ends and is learnt. Null when it is not open here. */
  adopt(anomaly: string, by: string): Promise<Anomaly | null>;
  /** An open anomaly as it is now, whatever was told of it; null when it is not open here. */
  latest(anomaly: string): Anomaly | null;
  /** Tells open anomalies once more, after what people said of the like has changed. */
  retell(concerns: (anomaly: Anomaly) => boolean): Promise<void>;
  /** New models were trained in this process: no need to wait until the registry is asked again. */
  modelsChanged(): void;
}

/** Longest stretch of work before other things get their turn. */
const TURN_MS = 15;
const TICK_MS = 1000;
/** The expected band is kept no more often than this. */
const EXPECTED_MS = 10_000;
/** An entity silent for so long is forgotten. */
const FORGET_MS = 86_400_000;
const MAX_OPEN = 10_000;

interface Watched extends KeptWatch {
  /** Monotonic ms when it was last heard of. */
  heardAt: number;
  /** Time of the frame whose expected band was last kept. */
  expectedAt: number;
}

class DetectStageImpl implements DetectStage {
  readonly name = 'detect';
  readonly #deps: DetectDeps;
  readonly #watched = new Map<EntityId, Watched>();
  readonly #turns = createTurns();
  readonly #checkpoints: Checkpoints;
  readonly #models: FleetModels | null;
  readonly #changes: ChangeWatch;
  /** Changes that are not told yet, in order. */
  #owed: readonly Anomaly[] = [];
  #end = new AbortController();
  #subscription: Subscription | null = null;
  #ticking: Promise<void> = Promise.resolve();

  constructor(deps: DetectDeps) {
    this.#deps = deps;
    this.#checkpoints = new Checkpoints({ ...deps, make: this.#make });
    this.#models = deps.options.joint === undefined ? null : new FleetModels({ ...deps, ...deps.options.joint });
    this.#changes = new ChangeWatch(deps);
  }

  async start(): Promise<void> {
    this.#end = new AbortController();
    const { bus, clock } = this.#deps;
    const ready = createFirst();
    this.#subscription = await bus.subscribe(topics.frames, 'detect', (batch) => this.#turns(() => this.#take(batch)), {
      // Frames wait until the store has been read, so that none falls between; those that were replayed are then old.
      onAssigned: (owns) => this.#turns(() => this.#takeOver(owns)).then(ready.done),
      onRevoked: (owns) => this.#turns(() => this.#handOver(owns)),
    });
    this.#ticking = this.#tick();
    await ready.soon(clock);
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop();
    this.#subscription = null;
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    await this.#ticking;
  }

  learning(entity: EntityId): LearningState | null {
    return this.#watched.get(entity)?.watch.learning(this.#deps.clock.now()) ?? null;
  }

  current(entity: EntityId): CurrentFeatures | null {
    return this.#watched.get(entity)?.watch.current() ?? null;
  }

  *everybody(): Iterable<readonly [EntityId, LearningState]> {
    const now = this.#deps.clock.now();
    for (const [entity, { watch }] of this.#watched) yield [entity, watch.learning(now)];
  }

  latest(anomaly: string): Anomaly | null {
    for (const { watch } of this.#watched.values())
      for (const open of watch.opened()) if (open.id === anomaly) return open;
    return null;
  }

  retell(concerns: (anomaly: Anomaly) => boolean): Promise<void> {
    return this.#turns(async () => {
      const again: Anomaly[] = [];
      for (const { watch } of this.#watched.values())
        for (const open of watch.opened())
          if (concerns(open)) again.push({ ...open, updatedAt: Math.max(this.#deps.clock.now(), open.updatedAt) });
      await this.#tell(again);
    });
  }

  adopt(anomaly: string, by: string): Promise<Anomaly | null> {
    return this.#turns(async () => {
      for (const { watch } of this.#watched.values()) {
        const adopted = watch.adopt(anomaly, by);
        if (adopted === null) continue;
        await this.#tell([adopted]);
        return adopted;
      }
      return null;
    });
  }

  modelsChanged(): void {
    this.#models?.expire();
  }

  readonly #make = (entity: EntityId): WatchOptions =>
    watchOptions(this.#deps, entity, () => this.#models?.of(entity) ?? null);

  /** By kind of anomaly: an override may give one a budget of its own. */
  #thresholds(entity: EntityId): (kind?: AnomalyKind) => SeverityThresholds {
    const { options } = this.#deps;
    // The budget is everybody's, whoever watches them.
    const entities = Math.max(this.#watched.size, options.population?.() ?? 0);
    return (kind) =>
      options.thresholds?.(entity, entities, kind) ?? severityThresholds(options.alertBudget(), entities);
  }

  #watch(entity: EntityId): Watched {
    let watched = this.#watched.get(entity);
    if (watched === undefined) {
      const now = this.#deps.clock.monotonic();
      watched = { watch: new EntityWatch(entity, this.#make(entity)), heardAt: now, expectedAt: 0, savedAt: now };
      this.#watched.set(entity, watched);
      this.#countWatched();
    }
    return watched;
  }

  async #take(batch: readonly Delivery<Frame>[]): Promise<void> {
    const changes: Anomaly[] = [];
    const expected: RollupFrame[] = [];
    await this.#through(
      batch.map(({ value }) => value),
      (frame) => {
        const watched = this.#watch(frame.entity);
        if (frame.time <= watched.watch.position) return;
        watched.heardAt = this.#deps.clock.monotonic();
        const { changes: found, score } = watched.watch.take(frame, this.#thresholds(frame.entity));
        changes.push(...found);
        if (!score.ready || frame.time - watched.expectedAt < EXPECTED_MS) return;
        watched.expectedAt = frame.time;
        const { entity, time, layout } = frame;
        // It stands until the next one, so that is the step it is written with.
        const stepMs = Math.max(EXPECTED_MS, frame.stepMs);
        expected.push({ entity, time, stepMs, layout, mean: score.expected, low: score.low, high: score.high });
      },
    );
    await this.#tell(changes);
    if (expected.length > 0) await this.#deps.store.frames.appendRollups('expected', expected);
  }

  /** Does the work for each, and lets others have their turn now and then. */
  async #through<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
    const { clock } = this.#deps;
    let turn = clock.monotonic();
    for (const item of items) {
      work(item);
      if (clock.monotonic() - turn < TURN_MS) continue;
      await nextTurn();
      turn = clock.monotonic();
    }
  }

  /** With what could not be told before: the frames that it came of are known by then, and say nothing of it again. */
  async #tell(changes: readonly Anomaly[]): Promise<void> {
    const owed = [...this.#owed, ...changes].slice(-MAX_OPEN);
    this.#owed = owed;
    await tellAnomalies(this.#deps, owed);
    this.#owed = [];
  }

  /** What has come to this process: checkpoints, then the frames stored since; of these only the outcome is told. */
  async #takeOver(owns: Owns): Promise<void> {
    const { store, clock, log } = this.#deps;
    const changes = new Map<string, Anomaly>();
    let frames = 0;
    await this.#models?.refresh();
    for await (const { watch, replay } of this.#checkpoints.load(owns)) {
      const now = clock.monotonic();
      this.#watched.set(watch.entity, { watch, heardAt: now, expectedAt: 0, savedAt: now });
      frames += replay.length;
      await this.#through(replay, (frame) => {
        for (const change of watch.take(frame, this.#thresholds(watch.entity)).changes) changes.set(change.id, change);
      });
    }
    const open = new Set<string>();
    for (const { watch } of this.#watched.values()) for (const id of watch.openIds()) open.add(id);
    for (const orphan of await store.anomalies.open(MAX_OPEN))
      if (owns(orphan.entity) && !open.has(orphan.id) && !changes.has(orphan.id))
        changes.set(orphan.id, {
          ...orphan,
          end: Math.max(orphan.start, orphan.updatedAt),
          ending: { by: 'lost', reason: phrase('detect.endLost') },
          updatedAt: Math.max(clock.now(), orphan.updatedAt),
        });
    await this.#tell([...changes.values()]);
    this.#countWatched();
    if (frames > 0) log.info({ entities: this.#watched.size, frames }, 'detect: went on from the store');
  }

  /** What leaves this process is kept as it is, and forgotten: whoever gets it goes on from there. */
  async #handOver(owns: Owns): Promise<void> {
    const leaving = [...this.#watched.values()].filter(({ watch }) => owns(watch.entity));
    try {
      await this.#checkpoints.save(leaving);
    } finally {
      for (const { watch } of leaving) this.#watched.delete(watch.entity);
      this.#countWatched();
    }
  }

  #countWatched(): void {
    this.#deps.metrics.gauge('vigia_detect_entities', 'Entities that are watched.').set(this.#watched.size);
  }

  async #tick(): Promise<void> {
    const { clock, log } = this.#deps;
    await every(TICK_MS, () => this.#turns(() => this.#passTime()), {
      clock,
      signal: this.#end.signal,
      failed: ({ message }) =>
        log.warn({ error: message }, 'silence waits, as the store or the bus fails; tried again'),
    });
  }

  /** Finds who has gone silent, forgets who has long been, and keeps the states whose turn it is. */
  async #passTime(): Promise<void> {
    const { clock } = this.#deps;
    // While frames wait in the queue nobody is silent.
    const behind = (this.#subscription?.lag() ?? 0) > 0;
    const changes: Anomaly[] = [];
    await this.#through(behind ? [] : this.#watched.values(), ({ watch, heardAt }) => {
      const silent = clock.monotonic() - heardAt;
      const found = watch.silence.passed(silent, clock.now());
      if (found !== null) changes.push(...watch.abandon(clock.now()), found);
      if (silent > FORGET_MS) changes.push(...this.#forget(watch));
    });
    await this.#tell(changes);
    await this.#models?.poll();
    await this.#changes.look((entity, time) => this.#watched.get(entity)?.watch.changed(time));
    await this.#checkpoints.saveSome(this.#watched.values());
  }

  #forget(watch: EntityWatch): readonly Anomaly[] {
    this.#watched.delete(watch.entity);
    const { open } = watch.silence;
    if (open === null) return [];
    const now = this.#deps.clock.now();
    const reason = phrase('detect.endGone', { seconds: Math.round((now - open.start) / 1000) });
    return [{ ...open, end: Math.max(open.start, now), ending: { by: 'gone', reason }, updatedAt: now }];
  }
}

/** Says what is abnormal: frames in, anomalies out, at their opening, each change of kind or severity, and their end. */
export const createDetectStage = (deps: DetectDeps): DetectStage => new DetectStageImpl(deps);
