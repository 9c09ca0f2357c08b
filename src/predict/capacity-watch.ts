import type { Severity } from '../model/anomaly.ts';
import type { Frame } from '../model/frame.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import type { Prediction } from '../model/prediction.ts';
import { stableId } from '../runtime/ids.ts';
import { assessCapacity, type Exhaustion } from './capacity.ts';
import { HeadroomHistory } from './headroom-history.ts';
import { headroomOf, type LimitedFeature } from './limited-features.ts';

/** When a risk is worth a word, a warning, a page. */
export interface RiskThresholds {
  /** A page: this probable within so many seconds. */
  readonly critical: { readonly seconds: number; readonly probability: number };
  readonly warning: { readonly seconds: number; readonly probability: number };
  /** Within the largest horizon: said from `open`, taken back below `clear`. */
  readonly open: number;
  readonly clear: number;
}

/**
 * A page only when it is four to one within an hour: by then somebody has to act tonight. A warning when it is more
 * likely than not within a day.
 */
export const RISK_THRESHOLDS: RiskThresholds = {
  critical: { seconds: 3600, probability: 0.8 },
  warning: { seconds: 86_400, probability: 0.5 },
  open: 0.5,
  clear: 0.25,
};

/** Horizons in seconds that are always looked at, beside those of the owner: severity is judged by them. */
const alwaysAsked = (thresholds: RiskThresholds): readonly number[] => [
  thresholds.critical.seconds,
  thresholds.warning.seconds,
];

/** A verdict must hold for so many looks before it is said or taken back. */
const LOOKS = { worse: 2, better: 3 } as const;
/** Fewer values say nothing, neither that there is a trend nor that there is none. */
const LEAST_STEPS = 12;
/** What is left of the limit when we say that it has been reached, and when it is over: nothing is foretold in between. */
const REACHED = 0.005;
const OVER = 0.02;
/** Steps between two looks, where there is something to see and where there is not. */
const LOOK_STEPS = { restless: 1, calm: 2 } as const;
/** A prediction is sent again when its time moved by this share of what remains, or a probability by so much. */
const MATERIAL = { time: 0.05, probability: 0.05 } as const;
const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

export interface WatchOptions {
  readonly stepMs: number;
  /** Seconds, ascending. */
  readonly horizons: readonly number[];
  readonly thresholds: RiskThresholds;
}

/** A look's result, on its way to becoming a prediction. */
interface Judged {
  readonly found: Exhaustion;
  readonly limit: number;
  readonly severity: Severity;
}

/** Follows one limited feature of one entity: its past, what was said of it, and what to say now. */
export class CapacityWatch {
  readonly history: HeadroomHistory;
  readonly #options: WatchOptions;
  readonly #asked: readonly number[];
  #current: Prediction | null;
  #candidate: { severity: Severity | null; looks: number } = { severity: null, looks: 0 };
  #restless = false;
  #spent = false;
  #nextLook = 0;
  #lastValue = 0;

  constructor(options: WatchOptions, open: Prediction | null) {
    this.#options = options;
    this.#current = open;
    this.history = new HeadroomHistory(options.stepMs);
    this.#asked = [...new Set([...options.horizons, ...alwaysAsked(options.thresholds)])].sort((a, b) => a - b);
  }

  get open(): Prediction | null {
    return this.#current;
  }

  /** Takes a frame; returns what changed for those who listen, or null. Costs a fraction of a ms when it is time to look. */
  take(frame: Frame, limited: LimitedFeature): Prediction | null {
    const { left, size, limit } = headroomOf(limited, frame.values);
    if (!Number.isFinite(left)) return null;
    this.history.push(frame.time, left);
    const end = frame.time + frame.stepMs;
    this.#lastValue = end;
    if (this.#spent) this.#spent = left <= OVER * size;
    if (left <= REACHED * size) this.#spent = true;
    if (this.#spent && this.#current) {
      return this.#end(
        'happened',
        end,
        phrase('predict.reached', { feature: limited.feature.name, limit, unit: limited.feature.unit }),
      );
    }
    if (this.#spent || end < this.#nextLook || !this.history.holds(LEAST_STEPS)) return null;
    const found = assessCapacity(this.history, this.#asked, size);
    this.#restless = found !== null || this.#current !== null;
    this.#nextLook = end + this.#options.stepMs * LOOK_STEPS[this.#restless ? 'restless' : 'calm'];
    return this.#judge(frame, limited, found, limit);
  }

  /** Closes what is open when nothing has been heard for too long: no data is no danger, and no all-clear either. */
  silence(now: number, afterMs: number): Prediction | null {
    if (!this.#current || now - this.#lastValue < afterMs || this.#lastValue === 0) return null;
    const silent = Math.round((now - this.#lastValue) / 1000);
    return this.#end('cleared', now, phrase('predict.gone', { feature: this.#current.feature ?? '', silent }));
  }

  #severityOf(found: Exhaustion | null): Severity | null {
    const { thresholds } = this.#options;
    if (found === null) return null;
    const within = (seconds: number): number => found.probabilities[this.#asked.indexOf(seconds)] ?? 0;
    if (within(thresholds.critical.seconds) >= thresholds.critical.probability) return 'critical';
    if (within(thresholds.warning.seconds) >= thresholds.warning.probability) return 'warning';
    const most = found.probabilities.at(-1) ?? 0;
    if (most >= thresholds.open || (this.#current && most >= thresholds.clear)) return 'info';
    return null;
  }

  /** A new verdict has to hold for some looks, longer for the better than for the worse. */
  #settled(severity: Severity | null): boolean {
    const now = this.#current?.severity ?? null;
    if (severity === now) {
      this.#candidate = { severity: null, looks: 0 };
      return false;
    }
    if (this.#candidate.severity === severity && this.#candidate.looks > 0) this.#candidate.looks += 1;
    else this.#candidate = { severity, looks: 1 };
    const worse = severity !== null && (now === null || RANK[severity] > RANK[now]);
    return this.#candidate.looks >= (worse ? LOOKS.worse : LOOKS.better);
  }

  #judge(frame: Frame, limited: LimitedFeature, found: Exhaustion | null, limit: number): Prediction | null {
    const severity = this.#severityOf(found);
    const changed = this.#settled(severity);
    const end = frame.time + frame.stepMs;
    if (changed && severity === null) {
      return this.#end('cleared', end, phrase('predict.eased', { feature: limited.feature.name }));
    }
    const said = changed ? severity : (this.#current?.severity ?? null);
    if (found === null || said === null) return null;
    const made = this.#describe(frame, limited, { found, limit, severity: said });
    if (!changed && !isMaterial(this.#current, made)) return null;
    if (changed) this.#candidate = { severity: null, looks: 0 };
    this.#current = made;
    return made;
  }

  #end(state: 'cleared' | 'happened', at: number, reason: Phrase): Prediction | null {
    const ended = this.#current;
    this.#current = null;
    this.#candidate = { severity: null, looks: 0 };
    return ended && { ...ended, state, closedAt: at, madeAt: at, reason };
  }

  #describe(frame: Frame, limited: LimitedFeature, judged: Judged): Prediction {
    const { found, limit, severity } = judged;
    const { feature, index, side } = limited;
    const madeAt = frame.time + frame.stepMs;
    const openedAt = this.#current?.openedAt ?? madeAt;
    const at = (seconds: number | null): number | null =>
      seconds === null ? null : Math.round(madeAt + seconds * 1000);
    const unit = feature.unit;
    const told = { feature: feature.name, unit, drift: found.drift, lasted: Math.round(found.lasted), limit };
    return {
      id: this.#current?.id ?? stableId('prediction', 'capacity', frame.entity, feature.name, openedAt),
      entity: frame.entity,
      fleet: frame.fleet,
      kind: 'capacity',
      feature: feature.name,
      unit,
      madeAt,
      openedAt,
      closedAt: null,
      state: 'open',
      severity,
      horizons: this.#options.horizons.map((seconds) => ({
        seconds,
        probability: Math.min(1, found.probabilities[this.#asked.indexOf(seconds)] ?? 0),
      })),
      expectedAt: at(found.expected),
      earliest: at(found.earliest),
      latest: at(found.latest),
      current: frame.values[index] ?? null,
      limit,
      slope: side === 'above' ? found.drift : -found.drift,
      drivers: [{ feature: feature.name, share: 1, reason: phrase('predict.driver', told) }],
      reason:
        found.recoveries > 0
          ? phrase('predict.fillsBut', { ...told, count: found.recoveries })
          : phrase('predict.fills', told),
      model: { kind: 'capacity', version: '1' },
    };
  }
}

/** Whether a reader would want to know of the difference. */
function isMaterial(before: Prediction | null, after: Prediction): boolean {
  if (before === null || before.expectedAt === null || after.expectedAt === null) return true;
  const left = Math.max(1000, after.expectedAt - after.madeAt);
  if (Math.abs(after.expectedAt - before.expectedAt) > MATERIAL.time * left) return true;
  return after.horizons.some(
    ({ probability }, i) => Math.abs(probability - (before.horizons[i]?.probability ?? 0)) > MATERIAL.probability,
  );
}
