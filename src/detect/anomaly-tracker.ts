import type { Anomaly, AnomalyKind, Contribution, Ending, Needs } from '../model/anomaly.ts';
import type { Json } from '../model/detector.ts';
import type { Frame } from '../model/frame.ts';
import { phrase } from '../model/phrase.ts';
import { stableId } from '../runtime/ids.ts';
import { AnomalyCourse, COURSE } from './anomaly-course.ts';
import { contributionsOf, nearestBound, notable, strongest } from './contributions.ts';
import { decodeFloats, encodeFloats, stateNumber, stateNumbers, stateObject } from './float-columns.ts';
import { kindReason } from './kind-reason.ts';
import { type LookKind, LOOKS } from './looks.ts';
import { MemberOpinions } from './member-opinions.ts';
import { easier, type JudgedSeverity, judgeSeverity, thresholdsNeeded } from './severity.ts';
import type { Circumstances, Sighting } from './sighting.ts';

const VERSION = 1;
const WHAT = 'anomaly tracker';

/** A frame this improbable is abnormal. */
export const ABNORMAL_P = 0.01;
/** An anomaly needs a frame this improbable among them. */
const OPENING_P = 1e-3;
/** Of the frames since the start so many must be abnormal, and no fewer than these. */
const ABNORMAL_SHARE = 0.6;
const LEAST_FRAMES = 3;
/** Calm that ends what has not become an anomaly, and what has: shares of the minimum duration, in frames at least. */
const PENDING_CALM = { share: 0.3, frames: 2 } as const;
const OPEN_CALM = { share: 1, frames: 5 } as const;
/** How often the kind is told anew, in frames. */
const KIND_FRAMES = 5;
/** Weight of the newest abnormal frame in the strength by which severity goes. */
const STRENGTH_WEIGHT = 0.1;

/** What is to be said of an open anomaly, apart from what it has been all along. */
interface Finding {
  readonly kind: AnomalyKind;
  readonly contributions: readonly Contribution[];
  readonly judged: JudgedSeverity;
}

/**
 * The life of the anomalies of one group of features of one entity: it begins with an abnormal frame, opens when it has
 * lasted, is held over short calms, and closes. Ids are made of entity, group and start, so that a replay of the same
 * frames makes the same anomalies.
 */
export class AnomalyTracker {
  readonly #group: string;
  readonly #look: (typeof LOOKS)[LookKind];
  #start = Number.NaN;
  #last = Number.NaN;
  #frames = 0;
  #since = 0;
  #minP = 1;
  /** Running mean of -ln p over abnormal frames, or the most of it. */
  #strength = 0;
  #needs: Needs | null = null;
  #weights = new Float64Array(0);
  readonly #course = new AnomalyCourse();
  readonly #opinions = new MemberOpinions();
  #told: Anomaly | null = null;

  constructor(group: string, look: LookKind = 'group') {
    this.#group = group;
    this.#look = LOOKS[look];
  }

  /** The open anomaly as it was last told. */
  get open(): Anomaly | null {
    return this.#told;
  }

  /** The open anomaly with what has become of it since it was last told. */
  get latest(): Anomaly | null {
    const told = this.#told;
    if (told === null) return null;
    const [pValue, needs] = [this.#minP, this.#needs];
    return { ...told, frames: this.#frames, pValue, score: peakScore(pValue), needs };
  }

  /** True from the first abnormal frame until it is over. */
  get active(): boolean {
    return this.#frames > 0;
  }

  /** Takes the next frame; returns what there is to tell: that it opened, changed or closed. */
  take(sighting: Sighting, now: Circumstances): Anomaly | null {
    const { frame, p } = sighting;
    if (p <= ABNORMAL_P) {
      this.#note(sighting);
      return this.#told === null ? this.#tryOpen(sighting, now) : this.#update(sighting, now);
    }
    if (!this.active) return null;
    this.#since += 1;
    const calm = this.#told === null ? PENDING_CALM : OPEN_CALM;
    const allowed = Math.max(calm.frames * frame.stepMs, calm.share * now.minimumDurationMs);
    if (frame.time - this.#last <= allowed) return null;
    return this.#end(frame.time + frame.stepMs, frame.stepMs, CALM);
  }

  /** Closes what is open, for another reason than that it is calm: the entity is gone, or this is the new normal. */
  end(at: number, stepMs: number, ending: Ending): Anomaly | null {
    return this.active ? this.#end(at, stepMs, ending) : null;
  }

  /** How much each of `groups` groups has to do with what is abnormal; `of` has each feature's group. Adds up to 1, or all 0. */
  sharesBy(of: Uint8Array, groups: number): Float64Array {
    const shares = new Float64Array(groups);
    let total = 0;
    const n = Math.min(of.length, this.#weights.length);
    for (let f = 0; f < n; f++) {
      shares[of[f]!] = shares[of[f]!]! + this.#weights[f]!;
      total += this.#weights[f]!;
    }
    return total > 0 ? shares.map((share) => share / total) : shares;
  }

  #note({ frame, score, p, strengths, opinions }: Sighting): void {
    if (!this.active) this.#start = frame.time;
    this.#last = frame.time;
    this.#frames += 1;
    this.#since += 1;
    this.#minP = Math.min(this.#minP, p);
    const surprise = -Math.log(p);
    if (this.#look.sustained) this.#strength = Math.max(this.#strength, surprise);
    else this.#strength += Math.max(1 / this.#frames, STRENGTH_WEIGHT) * (surprise - this.#strength);
    if (this.#weights.length < frame.values.length) {
      const longer = new Float64Array(frame.values.length);
      longer.set(this.#weights);
      this.#weights = longer;
    }
    for (let f = 0; f < frame.values.length; f++)
      // Squared, so that what is only carried along does not add up to a driver.
      this.#weights[f] = 0.95 * this.#weights[f]! + strengths(f) ** 2;
    this.#course.push(frame, score);
    this.#opinions.note(opinions);
  }

  #tryOpen(sighting: Sighting, now: Circumstances): Anomaly | null {
    const { frame } = sighting;
    const lasted = frame.time + frame.stepMs - this.#start;
    const dense = this.#frames >= Math.max(LEAST_FRAMES, ABNORMAL_SHARE * this.#since);
    if (now.held || lasted < now.minimumDurationMs || !dense || this.#minP > OPENING_P) return null;
    const found = this.#find(sighting, now, this.#kind());
    this.#told = this.#describe(sighting, now, { ...found, openedAt: frame.closedAt });
    return this.#told;
  }

  #update(sighting: Sighting, now: Circumstances): Anomaly | null {
    const told = this.#told!;
    // After a restart the frames before it are not at hand; until there are enough again the kind stays.
    const seen = this.#course.length >= Math.min(this.#frames, COURSE / 2);
    const kind = seen && this.#frames % KIND_FRAMES === 0 ? this.#kind() : told.kind;
    const found = this.#find(sighting, now, kind);
    if (kind === told.kind && found.judged.severity === told.severity) return null;
    this.#told = this.#describe(sighting, now, { ...found, openedAt: told.openedAt });
    return this.#told;
  }

  #kind(): AnomalyKind {
    return this.#look.kind ?? this.#course.kind(strongest(this.#weights), this.#look.relational);
  }

  #find({ frame, score }: Sighting, now: Circumstances, kind: AnomalyKind): Finding {
    const contributions = contributionsOf(this.#weights, frame, score, now.detector);
    return { kind, contributions, judged: this.#judge(frame, { ...now, kind }, contributions) };
  }

  #describe(
    { frame, reason }: Sighting,
    now: Circumstances,
    { kind, contributions, judged, openedAt }: Finding & { readonly openedAt: number },
  ): Anomaly {
    return {
      id: stableId('anomaly', frame.entity, this.#group, this.#start),
      entity: frame.entity,
      fleet: frame.fleet,
      start: this.#start,
      end: null,
      openedAt,
      kind,
      kindReason: reason ?? kindReason(kind, contributions[0]?.feature ?? '', frame.time + frame.stepMs - this.#start),
      severity: judged.severity,
      severityReason: judged.reason,
      score: peakScore(this.#minP),
      pValue: this.#minP,
      frames: this.#frames,
      contributions: [...contributions],
      members: this.#opinions.list(),
      ending: null,
      needs: this.#needs,
      provisional: now.provisional,
      heldBack: null,
      updatedAt: frame.time + frame.stepMs,
    };
  }

  /** Severity only ever rises while it is open: what was strange enough to warn stays so until it is over. */
  #judge(
    frame: Frame,
    now: Circumstances & { readonly kind: AnomalyKind },
    contributions: readonly Contribution[],
  ): JudgedSeverity {
    const { used, failure } = nearestBound(contributions, frame, now.failures);
    const evidence = {
      pValue: Math.exp(-this.#strength),
      durationMs: now.pace * (frame.time + frame.stepMs - this.#start),
      features: notable(contributions),
      groups: now.groups,
      allGroups: now.allGroups,
      limitUsed: used,
      failure,
      provisional: now.provisional,
      chanceMs: this.#look.chanceMs,
    };
    this.#needs = easier(this.#needs, thresholdsNeeded(evidence));
    // Thresholds are chances in a time; where time counts for more, so does a chance.
    const { warning, critical } = now.thresholds(now.kind);
    const judged = judgeSeverity(evidence, { warning: now.pace * warning, critical: now.pace * critical });
    const told = this.#told;
    if (told === null || RANK[judged.severity] >= RANK[told.severity]) return judged;
    return { severity: told.severity, reason: told.severityReason };
  }

  #end(at: number, stepMs: number, ending: Ending): Anomaly | null {
    const told = this.#told;
    const closed: Anomaly | null =
      told === null
        ? null
        : {
            ...told,
            end: this.#last + stepMs,
            frames: this.#frames,
            pValue: this.#minP,
            score: peakScore(this.#minP),
            members: this.#opinions.list(),
            ending,
            needs: this.#needs,
            updatedAt: at,
          };
    this.#told = null;
    this.#frames = 0;
    this.#since = 0;
    this.#minP = 1;
    this.#strength = 0;
    this.#needs = null;
    this.#weights.fill(0);
    this.#course.clear();
    this.#opinions.clear();
    return closed;
  }

  toJSON(): Json {
    return {
      version: VERSION,
      times: [this.active ? this.#start : 0, this.active ? this.#last : 0],
      numbers: [this.#frames, this.#since, this.#minP, this.#strength],
      size: this.active ? this.#weights.length : 0,
      weights: encodeFloats(this.active ? Float32Array.from(this.#weights) : new Float32Array(0)),
      told: this.#told as Json,
      opinions: this.#opinions.toJSON(),
      needs: this.#needs,
    };
  }

  static fromJSON(group: string, state: Json, look: LookKind = 'group'): AnomalyTracker {
    const saved = stateObject(state, WHAT, VERSION);
    const tracker = new AnomalyTracker(group, look);
    const number = (key: 'times' | 'numbers', place: number): number => stateNumbers(saved, key, WHAT)[place] ?? 0;
    tracker.#start = number('times', 0);
    tracker.#last = number('times', 1);
    tracker.#frames = number('numbers', 0);
    tracker.#since = number('numbers', 1);
    tracker.#minP = number('numbers', 2);
    tracker.#strength = number('numbers', 3);
    tracker.#weights = Float64Array.from(decodeFloats(saved['weights'], stateNumber(saved, 'size', WHAT), WHAT));
    tracker.#needs = (saved['needs'] ?? null) as Needs | null;
    tracker.#opinions.restore(saved['opinions']);
    tracker.#told = (saved['told'] ?? null) as Anomaly | null;
    return tracker;
  }
}

const CALM: Ending = { by: 'calm', reason: phrase('detect.endCalm') };
const RANK = { info: 0, warning: 1, critical: 2 } as const;

/** -ln p, pressed into 0 to 1: .5 at p = .001. */
const peakScore = (p: number): number => {
  const surprise = -Math.log(p);
  return surprise / (surprise - Math.log(OPENING_P));
};
