import type { Anomaly } from '../model/anomaly.ts';
import type { Json } from '../model/detector.ts';
import type { Feature, Frame } from '../model/frame.ts';
import { phrase } from '../model/phrase.ts';
import { isLogPattern } from './event-features.ts';
import { stateNumber, stateObject } from './float-columns.ts';
import { kindReason } from './kind-reason.ts';
import { plainAnomaly } from './plain-anomaly.ts';

const VERSION = 1;
const WHAT = 'new log patterns';

/** Before this much of an entity's log is known every pattern is new, and none is news. */
const SETTLED_MS = 3_600_000;
/** A pattern is news for so long. */
const NEWS_MS = 600_000;
const MOST = 10;
/** A new pattern of this level is worth a warning. */
const GRAVE = /^(?:error|fatal|critical|alert|emerg)/i;

/** Log patterns that an entity has never shown before: one anomaly for those that come together. */
export class NewPatterns {
  /** Features known of the layout, how long there have been patterns, and the time of the newest news. */
  #known = 0;
  #seenMs = 0;
  #newest = 0;
  #told: Anomaly | null = null;

  get open(): Anomaly | null {
    return this.#told;
  }

  /** Takes a frame; returns what there is to tell. */
  take(frame: Frame): Anomaly | null {
    const { layout, time, stepMs } = frame;
    const fresh = layout.features.slice(this.#known).filter(isLogPattern);
    this.#known = Math.max(this.#known, layout.features.length);
    // Counted from the first pattern on: an entity without a log has none that could be new.
    if (this.#seenMs > 0 || fresh.length > 0) this.#seenMs += stepMs;
    if (fresh.length > 0 && this.#seenMs >= SETTLED_MS) return this.#tell(frame, fresh);
    if (this.#told !== null && time - this.#newest >= NEWS_MS) return this.end(time, frame.closedAt);
    return null;
  }

  end(to: number, at: number): Anomaly | null {
    const told = this.#told;
    this.#told = null;
    const ending = { by: 'calm', reason: phrase('detect.endKnown') } as const;
    return told && { ...told, end: Math.max(to, told.start), ending, updatedAt: Math.max(at, told.updatedAt) };
  }

  #tell(frame: Frame, fresh: readonly Feature[]): Anomaly {
    const told = this.#told;
    this.#newest = frame.time;
    const known = told?.contributions ?? [];
    const start = told?.start ?? frame.time;
    const features = [
      ...known.map(({ feature, unit }) => ({ name: feature, unit })),
      ...fresh.map(({ name, unit }) => ({ name, unit })),
    ].slice(0, MOST);
    const grave = told?.severity === 'warning' || fresh.some(({ labels }) => GRAVE.test(labels['level'] ?? ''));
    const valueOf = (name: string): number | null => {
      const value = frame.values[frame.layout.features.findIndex((feature) => feature.name === name)];
      return value === undefined || Number.isNaN(value) ? null : value;
    };
    const said = {
      start,
      kind: 'new_log_pattern',
      kindReason: kindReason('new_log_pattern', features[0]!.name, 0),
      severity: grave ? 'warning' : 'info',
      severityReason: phrase('detect.newLogPattern'),
      contributions: features.map(({ name, unit }) => ({
        feature: name,
        share: 1 / features.length,
        value: valueOf(name),
        expected: 0,
        low: null,
        high: null,
        unit,
        detector: 'log_patterns',
      })),
      // Once in all the frames so far.
      pValue: frame.stepMs / this.#seenMs,
    } as const;
    this.#told = plainAnomaly(frame, 'new-patterns', said, told);
    return this.#told;
  }

  toJSON(): Json {
    return {
      version: VERSION,
      known: this.#known,
      seenMs: this.#seenMs,
      newest: this.#newest,
      told: this.#told as Json,
    };
  }

  /** Throws `STATE_INVALID`. */
  restore(state: Json): void {
    const saved = stateObject(state, WHAT, VERSION);
    this.#known = stateNumber(saved, 'known', WHAT);
    this.#seenMs = stateNumber(saved, 'seenMs', WHAT);
    this.#newest = stateNumber(saved, 'newest', WHAT);
    this.#told = (saved['told'] ?? null) as Anomaly | null;
  }
}
