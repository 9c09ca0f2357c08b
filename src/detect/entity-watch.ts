import type { Anomaly } from '../model/anomaly.ts';
import type { Detector, DetectorFactory, DetectorScore, Json } from '../model/detector.ts';
import type { EntityId } from '../model/entity.ts';
import type { Frame, FrameLayout } from '../model/frame.ts';
import { VigiaError } from '../runtime/errors.ts';
import { ABNORMAL_P, type AnomalyTracker } from './anomaly-tracker.ts';
import { featureGroups, groupScores } from './feature-groups.ts';
import { stateNumber, stateObject, stateText } from './float-columns.ts';
import { GroupWatch } from './group-watch.ts';
import type { SeverityThresholds } from './severity.ts';
import { SilenceWatch } from './silence-watch.ts';

/** What holds for one entity. */
export interface WatchSettings {
  /** Frames to learn from before anything is judged. */
  readonly warmUp: number;
  readonly minimumDurationMs: number;
}

export interface WatchOptions {
  readonly stepMs: number;
  readonly detector: DetectorFactory;
  readonly seed: number;
  readonly settings: WatchSettings;
  /** An anomaly that lasts longer becomes the new normal. */
  readonly adoptMs: number;
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

const VERSION = 1;
const WHAT = 'detection';

/** How much a frame teaches: fully, when it looks odd, when it is part of an anomaly. */
const WEIGHT = { calm: 1, odd: 0.2, abnormal: 0.05 } as const;
/** A feature's score of so much shows as one half. */
const HALF_SCORE = 8;
/** Everything that detect knows of one entity: its detector, and for each group of features calibration and tracker. */
export class EntityWatch {
  readonly entity: EntityId;
  readonly silence: SilenceWatch;
  readonly #options: WatchOptions;
  #detector: Detector;
  readonly #groups = new Map<string, GroupWatch>();
  #frames = 0;
  #latest: { readonly frame: Frame; readonly score: DetectorScore } | null = null;
  /** Start of the newest frame taken. */
  position = Number.NEGATIVE_INFINITY;

  constructor(entity: EntityId, options: WatchOptions) {
    this.entity = entity;
    this.#options = options;
    this.#detector = options.detector.create({ stepMs: options.stepMs, seed: options.seed });
    this.silence = new SilenceWatch(entity, options.stepMs);
  }

  /** Scores and learns a frame newer than all before. */
  take(frame: Frame, thresholds: SeverityThresholds): Verdict {
    this.position = frame.time;
    this.#frames += 1;
    const score = this.#detector.score(frame);
    this.#latest = { frame, score };
    const back = this.silence.heard(frame);
    const { changes, weight } = score.ready ? this.#track(frame, score, thresholds) : { changes: [], weight: 1 };
    this.#detector.learn(frame, weight);
    return { changes: back === null ? changes : [back, ...changes], score };
  }

  #track(
    frame: Frame,
    score: DetectorScore,
    thresholds: SeverityThresholds,
  ): { readonly changes: readonly Anomaly[]; readonly weight: number } {
    const groups = featureGroups(frame.layout);
    const scores = groupScores(groups, score.features);
    const changes: Anomaly[] = [];
    let weight: number = WEIGHT.calm;
    const active = this.openAnomalies;
    for (let g = 0; g < groups.names.length; g++) {
      const group = this.#group(groups.names[g]!, groups.sizes[g]!);
      const { tracker } = group;
      const p = group.probability(scores[g]!);
      if (p > ABNORMAL_P && !tracker.active) {
        group.learn(scores[g]!);
        continue;
      }
      const change = tracker.take(
        { frame, score, p, inGroup: (feature) => groups.of[feature] === g },
        {
          minimumDurationMs: this.#options.settings.minimumDurationMs,
          thresholds,
          provisional: group.provisional,
          groups: Math.max(1, active),
          detector: this.#detector.kind,
        },
      );
      if (change !== null) changes.push(change);
      group.settle(scores[g]!, change !== null && change.end !== null);
      weight = Math.min(weight, this.#adopts(tracker, frame) ? 1 : weightOf(tracker));
    }
    return { changes, weight };
  }

  /** A shift that has lasted longer than anybody needs to hear of it is learnt like any other frame. */
  #adopts({ open }: AnomalyTracker, { time }: Frame): boolean {
    return open !== null && time - open.start >= this.#options.adoptMs;
  }

  #group(name: string, features: number): GroupWatch {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = GroupWatch.create(name, this.#options.stepMs, features);
      this.#groups.set(name, group);
    }
    return group;
  }

  /** How many groups have an open anomaly. */
  get openAnomalies(): number {
    let open = 0;
    for (const { tracker } of this.#groups.values()) if (tracker.open !== null) open += 1;
    return open;
  }

  /** Ids of what is open. */
  *openIds(): Iterable<string> {
    for (const { tracker } of this.#groups.values()) if (tracker.open !== null) yield tracker.open.id;
    if (this.silence.open !== null) yield this.silence.open.id;
  }

  /** The entity is silent: what was abnormal of it is no longer known, and is closed. */
  abandon(at: number): readonly Anomaly[] {
    return [...this.#groups.values()]
      .map(({ tracker }) => tracker.abandon(at, this.#options.stepMs))
      .filter((anomaly) => anomaly !== null);
  }

  learning(now: number): LearningState {
    const needed = this.#options.settings.warmUp;
    const frames = Math.min(this.#frames, needed);
    const ready = frames >= needed;
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
      silence: this.silence.toJSON(),
      groups: [...this.#groups.values()].map((group) => group.toJSON()),
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
    watch.silence.restore(saved['silence'] ?? null);
    const groups = Array.isArray(saved['groups']) ? (saved['groups'] as readonly Json[]) : [];
    for (const one of groups) {
      const group = GroupWatch.fromJSON(one, options.stepMs);
      watch.#groups.set(group.name, group);
    }
    return watch;
  }
}

function weightOf(tracker: AnomalyTracker): number {
  if (tracker.open !== null) return WEIGHT.abnormal;
  return tracker.active ? WEIGHT.odd : WEIGHT.calm;
}
