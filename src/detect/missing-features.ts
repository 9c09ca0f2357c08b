import type { Anomaly, Contribution, Ending } from '../model/anomaly.ts';
import type { Json } from '../model/detector.ts';
import type { Feature, Frame } from '../model/frame.ts';
import { phrase } from '../model/phrase.ts';
import { eventCounts, logPatterns } from './event-features.ts';
import { decodeFloats, encodeFloats, grown, stateNumber, stateObject } from './float-columns.ts';
import { kindReason } from './kind-reason.ts';
import { plainAnomaly } from './plain-anomaly.ts';

const VERSION = 1;
const WHAT = 'missing features';

/** Who has come for so long is missed. */
const SETTLED_MS = 3_600_000;
/** A feature is missed after so many of its usual intervals, after so many of its longest ones, and no sooner than this. */
const INTERVALS = 5;
const LONGEST = 2;
const LEAST_MS = 60_000;
/** Weight of the newest interval in the usual one, and what the longest loses with each value. */
const WEIGHT = 0.05;
const FADING = 0.002;
/** A metric that is gone altogether for so long is worth a warning; one disk or process of many may well be meant to go. */
const WARNING_MS = 300_000;
/** More features explain nothing to a person. */
const MOST = 10;

/** A log pattern came steadily when its longest interval was no more than so many usual ones; by chance alone it is about six. */
const STEADY = 8;
const LONGEST_PATTERN = 3;

/**
 * Features that no longer come while the rest of the entity does: one anomaly for all that went together. Of log patterns
 * only those are missed that came steadily, for of what nothing happens nothing comes.
 */
export class MissingFeatures {
  readonly #kind: 'missing' | 'vanished_log_pattern';
  /** Of each feature, in frames: since its last value, usual and longest interval, since its first value (0: never seen). */
  #gap = new Float32Array(0);
  #usual = new Float32Array(0);
  #longest = new Float32Array(0);
  #age = new Float32Array(0);
  #told: Anomaly | null = null;

  constructor(kind: 'missing' | 'vanished_log_pattern' = 'missing') {
    this.#kind = kind;
  }

  get open(): Anomaly | null {
    return this.#told;
  }

  /** Takes a frame; returns what there is to tell. `giveUpMs` is how long something is waited for. */
  take(frame: Frame, giveUpMs: number): Anomaly | null {
    const missing = this.#count(frame);
    const told = this.#told;
    if (told === null) return missing.length === 0 ? null : this.#tell(frame, missing);
    if (missing.length === 0) return this.end(frame.closedAt, frame.time, BACK);
    const lasted = frame.time - told.start;
    if (lasted < giveUpMs) return this.#tell(frame, missing);
    // Given up: they count as never seen, until they come again.
    for (const f of missing) this.#age[f] = 0;
    const seconds = Math.round(lasted / 1000);
    return this.end(frame.closedAt, frame.time, { by: 'gone', reason: phrase('detect.endGone', { seconds }) });
  }

  /** Ends what is open at `to`. */
  end(at: number, to: number, ending: Ending): Anomaly | null {
    const told = this.#told;
    this.#told = null;
    return told && { ...told, end: Math.max(to, told.start), ending, updatedAt: Math.max(at, told.updatedAt) };
  }

  /** Counts the frame in; which features are missed. */
  #count({ layout, values, stepMs }: Frame): number[] {
    const n = values.length;
    if (n > this.#gap.length) this.#grow(n);
    const settled = SETTLED_MS / stepMs;
    const least = LEAST_MS / stepMs;
    const missing: number[] = [];
    const patterns = this.#kind !== 'missing';
    const mine = patterns ? logPatterns(layout) : eventCounts(layout);
    for (let f = 0; f < n; f++) {
      if ((mine[f] === 1) !== patterns) continue;
      const here = patterns ? values[f]! > 0 : !Number.isNaN(values[f]!);
      if (here) this.#come(f);
      else this.#gap[f] = this.#gap[f]! + 1;
      if (here || this.#age[f]! > 0) this.#age[f] = this.#age[f]! + 1;
      const gap = this.#gap[f]!;
      if (gap <= least || this.#age[f]! - gap < settled) continue;
      if (this.#isMissed(f)) missing.push(f);
    }
    return missing;
  }

  #isMissed(f: number): boolean {
    const [gap, usual, longest] = [this.#gap[f]!, this.#usual[f]!, this.#longest[f]!];
    if (this.#kind === 'missing') return gap > Math.max(INTERVALS * usual, LONGEST * longest);
    return longest <= STEADY * usual && gap > Math.max(INTERVALS * usual, LONGEST_PATTERN * longest);
  }

  #come(f: number): void {
    const interval = this.#gap[f]! + 1;
    this.#gap[f] = 0;
    if (this.#age[f] === 0) return;
    this.#usual[f] = this.#usual[f]! + WEIGHT * (interval - this.#usual[f]!);
    this.#longest[f] = Math.max(interval, this.#longest[f]! * (1 - FADING));
  }

  #tell(frame: Frame, missing: readonly number[]): Anomaly | null {
    const { layout, stepMs, time } = frame;
    const told = this.#told;
    const start = told?.start ?? time - (Math.min(...missing.map((f) => this.#gap[f]!)) - 1) * stepMs;
    const features = missing.map((f) => layout.features[f]!);
    const severity = this.#severity(frame, features, start);
    const names = features.slice(0, MOST).map(({ name }) => name);
    const same = told !== null && names.join('\n') === told.contributions.map(({ feature }) => feature).join('\n');
    if (told !== null && same && told.severity === severity) return null;
    const lasted = time + stepMs - start;
    const usual = Math.round((this.#usual[missing[0]!]! * stepMs) / 100) / 10;
    const said = {
      start,
      kind: this.#kind,
      kindReason: kindReason(this.#kind, names[0]!, lasted),
      severity,
      severityReason: phrase('detect.missingFeature', { seconds: Math.round(lasted / 1000), usual }),
      contributions: features.slice(0, MOST).map((feature, _, all) => contribution(feature, all.length)),
      pValue: 0,
    } as const;
    const what = this.#kind === 'missing' ? 'missing-features' : 'vanished-patterns';
    this.#told = plainAnomaly(frame, what, said, told);
    return this.#told;
  }

  /** It only rises while it is open. */
  #severity(frame: Frame, missing: readonly Feature[], start: number): 'info' | 'warning' {
    if (this.#told?.severity === 'warning') return 'warning';
    if (this.#kind !== 'missing' || frame.time - start < WARNING_MS) return 'info';
    return wholeMetric(frame, missing) ? 'warning' : 'info';
  }

  #grow(n: number): void {
    this.#gap = grown(this.#gap, n, 0);
    this.#usual = grown(this.#usual, n, 1);
    this.#longest = grown(this.#longest, n, 1);
    this.#age = grown(this.#age, n, 0);
  }

  toJSON(): Json {
    return {
      version: VERSION,
      size: this.#gap.length,
      columns: [this.#gap, this.#usual, this.#longest, this.#age].map(encodeFloats),
      told: this.#told as Json,
    };
  }

  /** Throws `STATE_INVALID`. */
  restore(state: Json): void {
    const saved = stateObject(state, WHAT, VERSION);
    const size = stateNumber(saved, 'size', WHAT);
    const columns = Array.isArray(saved['columns']) ? (saved['columns'] as readonly Json[]) : [];
    const column = (place: number): Float32Array<ArrayBuffer> => decodeFloats(columns[place], size, WHAT);
    [this.#gap, this.#usual, this.#longest, this.#age] = [column(0), column(1), column(2), column(3)];
    this.#told = (saved['told'] ?? null) as Anomaly | null;
  }
}

const BACK: Ending = { by: 'calm', reason: phrase('detect.endBack') };

/** Whether of some missing feature's metric nothing comes any more. */
function wholeMetric({ layout, values }: Frame, missing: readonly Feature[]): boolean {
  const coming = new Set<string>();
  layout.features.forEach(({ metric }, f) => {
    if (!Number.isNaN(values[f] ?? Number.NaN)) coming.add(metric);
  });
  return missing.some(({ metric }) => !coming.has(metric));
}

const contribution = ({ name, unit }: Feature, of: number): Contribution => ({
  feature: name,
  share: 1 / of,
  value: null,
  expected: null,
  low: null,
  high: null,
  unit,
  detector: 'silence',
});
