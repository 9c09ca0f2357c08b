import type { Anomaly, AnomalyKind, Ending } from '../model/anomaly.ts';
import type { Detector, DetectorFactory, DetectorScore, Json } from '../model/detector.ts';
import type { EntityId } from '../model/entity.ts';
import type { Frame, FrameLayout } from '../model/frame.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import { VigiaError } from '../runtime/errors.ts';
import type { FailureBound } from './failure-bounds.ts';
import { stateNumber, stateObject, stateText } from './float-columns.ts';
import { GroupBoard } from './group-board.ts';
import { HabitWatch } from './habit/habit-watch.ts';
import { JointPart, type JointSource } from './joint-part.ts';
import { MissingFeatures } from './missing-features.ts';
import { NewPatterns } from './new-patterns.ts';
import { SequenceWatch, withoutSessions } from './sequence-watch.ts';
import type { SeverityThresholds } from './severity.ts';
import { localTime, type LocalTime } from './seasonal/local-time.ts';
import { SilenceWatch } from './silence-watch.ts';

/** What holds for one entity. */
export interface WatchSettings {
  /** Frames to learn from before anything is judged. */
  readonly warmUp: number;
  readonly minimumDurationMs: number;
  /** What a second of trouble counts as when it is decided whom to tell; default 1. */
  readonly pace?: number;
}

export interface WatchOptions {
  readonly stepMs: number;
  readonly detector: DetectorFactory;
  readonly seed: number;
  readonly settings: WatchSettings;
  /** An anomaly that lasts longer becomes the new normal. */
  readonly adoptMs: number;
  /** The joint models in force, asked with each frame; null while there are none. */
  readonly joint?: () => JointSource | null;
  /** What the owner calls a failure of the entity; default nothing. */
  readonly failures?: readonly FailureBound[];
  /** Where people live, by the clock; default UTC. */
  readonly zone?: LocalTime;
}

/** How far an entity has been learnt. */
export interface LearningState {
  readonly ready: boolean;
  /** At most `needed`. */
  readonly frames: number;
  readonly needed: number;
  /** Unix ms; null when it is ready. */
  readonly readyAt: number | null;
}

/** The features of an entity as they are now, index-aligned with `layout.features`, `NaN` where unknown. */
export interface CurrentFeatures {
  readonly time: number;
  readonly layout: FrameLayout;
  readonly values: Float32Array;
  readonly expected: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** 0 to 1. */
  readonly scores: Float32Array;
}

/** What a frame brought: changes to tell, and the score for the expected band. */
export interface Verdict {
  readonly changes: readonly Anomaly[];
  readonly score: DetectorScore;
}

const VERSION = 2;
const WHAT = 'detection';

/** A feature's score of so much shows as one half. */
const HALF_SCORE = 8;
/** What a change that people make stirs up is over after so long: until then small things are not said of it. */
const CHANGE_MS = 600_000;
const SILENT: Ending = { by: 'silence', reason: phrase('detect.endSilence') };

/** Everything that detect knows of one entity: its detector, its part of the joint members, and the life of its anomalies. */
export class EntityWatch {
  readonly entity: EntityId;
  readonly silence: SilenceWatch;
  readonly #options: WatchOptions;
  #detector: Detector;
  readonly #joint: JointPart;
  readonly #habit: HabitWatch;
  #board: GroupBoard;
  readonly #missing = new MissingFeatures();
  readonly #patterns = new NewPatterns();
  readonly #vanished = new MissingFeatures('vanished_log_pattern');
  readonly #sequences: SequenceWatch;
  #frames = 0;
  #latest: { readonly frame: Frame; readonly score: DetectorScore } | null = null;
  /** Start of the newest frame taken. */
  position = Number.NEGATIVE_INFINITY;

  constructor(entity: EntityId, options: WatchOptions) {
    this.entity = entity;
    this.#options = options;
    this.#detector = options.detector.create({ stepMs: options.stepMs, seed: options.seed });
    this.silence = new SilenceWatch(entity, options.stepMs);
    this.#joint = new JointPart(options.stepMs);
    this.#habit = new HabitWatch(options.stepMs, options.zone ?? localTime('UTC'));
    this.#board = new GroupBoard(options.stepMs);
    this.#sequences = new SequenceWatch(options.stepMs);
  }

  /** Scores and learns a frame newer than all before; thresholds are asked for by kind of anomaly. */
  take(whole: Frame, thresholds: (kind: AnomalyKind) => SeverityThresholds): Verdict {
    const { settings, adoptMs, joint } = this.#options;
    const frame = withoutSessions(whole);
    this.position = frame.time;
    this.#frames += 1;
    const score = this.#detector.score(frame);
    const look = this.#joint.take(frame, joint?.() ?? null);
    this.#latest = { frame: whole, score };
    const rules = {
      minimumDurationMs: settings.minimumDurationMs,
      pace: settings.pace ?? 1,
      failures: this.#options.failures ?? [],
      thresholds,
      detector: this.#detector.kind,
      adoptMs,
      adopted: (lastedMs: number) => adoption('detect.endAdopted', { seconds: Math.round(lastedMs / 1000) }),
    };
    const { changes, weight } = this.#board.track({ frame, score, look, habit: this.#habit.take(frame) }, rules);
    this.#detector.learn(frame, weight);
    this.#joint.learn(weight);
    this.#habit.learn(weight);
    for (const change of changes) if (change.ending?.by === 'adopted') this.#learnAdopted(change);
    const told = [
      this.silence.heard(frame),
      this.#missing.take(frame, adoptMs),
      this.#patterns.take(frame),
      this.#vanished.take(frame, adoptMs),
      this.#sequences.take(whole, rules),
    ];
    return { changes: [...told.filter((change) => change !== null), ...changes], score };
  }

  /** Whether frames are judged, by the detector or by what its kind has taught. */
  get #ready(): boolean {
    return this.#frames >= this.#options.settings.warmUp || this.#joint.ready;
  }

  /** A person says that an open anomaly is the new normal: it ends, and is learnt. Null when it is not open here. */
  adopt(anomaly: string, by: string): Anomaly | null {
    const at = this.position + this.#options.stepMs;
    const ending = adoption('detect.endAdoptedBy', { by });
    const adopted = this.#board.adopt(anomaly, at, ending);
    if (adopted !== null) this.#learnAdopted(adopted);
    return adopted ?? this.#sequences.adopt(anomaly, at, ending);
  }

  #learnAdopted({ contributions }: Anomaly): void {
    const features = this.#latest?.frame.layout.features ?? [];
    const drivers = new Set(contributions.map(({ feature }) => feature));
    this.#detector.adopt?.(features.flatMap(({ name }, f) => (drivers.has(name) ? [f] : [])));
    this.#joint.adopt();
    this.#habit.adopt();
  }

  /** People changed the entity at that time. What stands out plainly is said all the same. */
  changed(time: number): void {
    if (time + CHANGE_MS > this.position) this.#habit.quiet(time + CHANGE_MS);
  }

  /** Time from one frame to the next, ms. */
  get stepMs(): number {
    return this.#options.stepMs;
  }

  /** How many groups have an open anomaly. */
  get openAnomalies(): number {
    return this.#board.openAnomalies;
  }

  /** What is found without a score. */
  get #plain(): readonly { readonly open: Anomaly | null }[] {
    return [this.silence, this.#missing, this.#patterns, this.#vanished, this.#sequences];
  }

  /** Ids of what is open. */
  *openIds(): Iterable<string> {
    yield* this.#board.openIds();
    for (const { open } of this.#plain) if (open !== null) yield open.id;
  }

  /** What is open, as it was last told. */
  *opened(): Iterable<Anomaly> {
    yield* this.#board.opened();
    for (const { open } of this.#plain) if (open !== null) yield open;
  }

  /** The entity is silent: what was abnormal of it is no longer known, and is closed. */
  abandon(at: number): readonly Anomaly[] {
    const rest = [
      this.#missing.end(at, at, SILENT),
      this.#patterns.end(at, at),
      this.#vanished.end(at, at, SILENT),
      this.#sequences.end(at, SILENT),
    ];
    return [...this.#board.end(at, SILENT), ...rest.filter((change) => change !== null)];
  }

  learning(now: number): LearningState {
    const needed = this.#options.settings.warmUp;
    const frames = Math.min(this.#frames, needed);
    const ready = this.#ready;
    return { ready, frames, needed, readyAt: ready ? null : now + (needed - frames) * this.silence.usualMs };
  }

  /** Null until a frame has come since the start. */
  current(): CurrentFeatures | null {
    if (this.#latest === null) return null;
    const { frame, score } = this.#latest;
    const scores = score.features.map((one) => one / (one + HALF_SCORE));
    const { expected, low, high } = score;
    return { time: frame.time, layout: frame.layout, values: frame.values, expected, low, high, scores };
  }

  toJSON(): Json {
    return {
      version: VERSION,
      frames: this.#frames,
      kind: this.#detector.kind,
      detector: this.#detector.toJSON(),
      joint: this.#joint.toJSON(),
      habit: this.#habit.toJSON(),
      silence: this.silence.toJSON(),
      missing: this.#missing.toJSON(),
      patterns: this.#patterns.toJSON(),
      vanished: this.#vanished.toJSON(),
      sequences: this.#sequences.toJSON(),
      board: this.#board.toJSON(),
    };
  }

  /** Throws `STATE_INVALID` when the state is damaged, of another version or of another detector. */
  static fromJSON(entity: EntityId, state: Json, options: WatchOptions): EntityWatch {
    const saved = stateObject(state, WHAT, VERSION);
    const watch = new EntityWatch(entity, options);
    watch.#frames = stateNumber(saved, 'frames', WHAT);
    if (stateText(saved, 'kind', WHAT) !== options.detector.kind) throw new VigiaError('STATE_INVALID', { what: WHAT });
    watch.#detector = options.detector.fromJSON(saved['detector'] ?? null, {
      stepMs: options.stepMs,
      seed: options.seed,
    });
    watch.#joint.restore(saved['joint'] ?? null);
    // States of earlier versions have none: it is learnt anew.
    if (saved['habit'] !== undefined) watch.#habit.restore(saved['habit']);
    watch.silence.restore(saved['silence'] ?? null);
    watch.#missing.restore(saved['missing'] ?? null);
    watch.#patterns.restore(saved['patterns'] ?? null);
    if (saved['vanished'] !== undefined) watch.#vanished.restore(saved['vanished']);
    if (saved['sequences'] !== undefined) watch.#sequences.restore(saved['sequences']);
    watch.#board = GroupBoard.fromJSON(saved['board'] ?? null, options.stepMs);
    return watch;
  }
}

const adoption = (key: string, values: Phrase['values']): Ending => ({ by: 'adopted', reason: phrase(key, values) });
