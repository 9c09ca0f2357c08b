import type { Anomaly, Ending } from '../model/anomaly.ts';
import type { Json } from '../model/detector.ts';
import type { EntityId } from '../model/entity.ts';
import type { Frame } from '../model/frame.ts';
import { phrase } from '../model/phrase.ts';
import { stableId } from '../runtime/ids.ts';
import { kindReason } from './kind-reason.ts';
import { stateNumber, stateObject, stateText } from './float-columns.ts';

const VERSION = 1;
const WHAT = 'silence watch';

/** An entity is silent after so many of its usual intervals without a frame, and no sooner than this. */
const INTERVALS = 5;
const LEAST_MS = 30_000;
/** Frames before the usual interval is known. */
const LEAST_FRAMES = 5;
/** Who has been here so long is missed. */
const SETTLED_MS = 3_600_000;
/** Weight of the newest interval; one gap is clipped to so many usual ones. */
const WEIGHT = 0.05;
const CLIP = 3;

/**
 * Knows how often an entity is heard of, and says so when it no longer is. A silence starts where the next frame would
 * have, so those of one source have the same `start` (a step apart at most), kind `missing` and no contributions: by
 * that they are grouped into one incident.
 */
export class SilenceWatch {
  readonly #entity: EntityId;
  readonly #stepMs: number;
  #usual: number;
  #frames = 0;
  #lastTime = Number.NaN;
  #fleet = '';
  #told: Anomaly | null = null;

  constructor(entity: EntityId, stepMs: number) {
    this.#entity = entity;
    this.#stepMs = stepMs;
    this.#usual = stepMs;
  }

  /** Ms between frames, as usual. */
  get usualMs(): number {
    return this.#usual;
  }

  get open(): Anomaly | null {
    return this.#told;
  }

  /** Takes a frame; returns the silence that it ends, if there was one. */
  heard({ time, fleet, closedAt }: Frame): Anomaly | null {
    if (this.#frames > 0) {
      const interval = Math.min(time - this.#lastTime, CLIP * this.#usual);
      this.#usual += Math.max(1 / this.#frames, WEIGHT) * (interval - this.#usual);
    }
    this.#frames += 1;
    this.#lastTime = time;
    this.#fleet = fleet;
    if (this.#told === null) return null;
    const end = Math.max(time, this.#told.start);
    const ending: Ending = { by: 'calm', reason: phrase('detect.endBack') };
    const ended: Anomaly = { ...this.#told, end, ending, updatedAt: closedAt };
    this.#told = null;
    return ended;
  }

  /** Called as time passes; `silentMs` is how long nothing has come. Returns a silence that has just become one. */
  passed(silentMs: number, now: number): Anomaly | null {
    if (this.#told !== null || this.#frames < LEAST_FRAMES) return null;
    if (silentMs < Math.max(INTERVALS * this.#usual, LEAST_MS)) return null;
    const start = this.#lastTime + this.#stepMs;
    this.#told = {
      id: stableId('anomaly', this.#entity, 'missing', start),
      entity: this.#entity,
      fleet: this.#fleet,
      start,
      end: null,
      openedAt: now,
      kind: 'missing',
      kindReason: kindReason('missing', '', silentMs),
      // What has hardly been here may well have been meant to go.
      severity: this.#frames * this.#usual < SETTLED_MS ? 'info' : 'warning',
      severityReason: phrase('detect.silent', {
        seconds: Math.round(silentMs / 1000),
        usual: Math.round(this.#usual / 100) / 10,
      }),
      score: 1,
      pValue: 0,
      frames: 0,
      contributions: [],
      members: null,
      ending: null,
      provisional: false,
      heldBack: null,
      updatedAt: now,
    };
    return this.#told;
  }

  toJSON(): Json {
    return {
      version: VERSION,
      usual: this.#usual,
      frames: this.#frames,
      lastTime: this.#frames > 0 ? this.#lastTime : 0,
      fleet: this.#fleet,
      told: this.#told as Json,
    };
  }

  /** Throws `STATE_INVALID`. */
  restore(state: Json): void {
    const saved = stateObject(state, WHAT, VERSION);
    this.#usual = stateNumber(saved, 'usual', WHAT);
    this.#frames = stateNumber(saved, 'frames', WHAT);
    this.#lastTime = stateNumber(saved, 'lastTime', WHAT);
    this.#fleet = stateText(saved, 'fleet', WHAT);
    this.#told = saved['told'] as Anomaly | null;
  }
}
