import { betaCdf } from '../ml/beta-distribution.ts';
import type { Anomaly, Ending } from '../model/anomaly.ts';
import type { DetectorScore, Json } from '../model/detector.ts';
import type { Frame, FrameLayout } from '../model/frame.ts';
import { ODD_LEVELS, ODD_SESSIONS_METRIC, SESSIONS_METRIC } from '../model/log-sequence.ts';
import { phrase } from '../model/phrase.ts';
import { ABNORMAL_P, AnomalyTracker } from './anomaly-tracker.ts';
import { stateNumber, stateNumbers, stateObject } from './float-columns.ts';
import { weightOf } from './found.ts';
import type { Circumstances } from './sighting.ts';

const VERSION = 1;
const WHAT = 'sequences of logs';
/** Name of the look at sessions; no metric is called so. */
const NAME = '~sequences';
const DETECTOR = 'log_sequences';

const MINUTE_MS = 60_000;
/** Stretches over which odd sessions are counted, in minutes; the longest is what is remembered. */
const SPANS = [1, 10, 60] as const;
const MINUTES = 60;
/** Odd sessions go on while there was one within so many minutes. */
const RECENT = 10;
/** Fewer odd sessions are no anomaly, however rare they are. */
const LEAST_ODD = 3;
/** Before this much is known of an entity's sessions nothing is said of them; less than a day is provisional. */
const SETTLED_MS = 3_600_000;
const SETTLED_SESSIONS = 100;
const DAY_MS = 86_400_000;
/** Sessions that the model's word on how many are odd stands for, beside the entity's own; and those that are remembered. */
const PRIOR = 200;
const MOST_USUAL = 50_000;
/** What was adopted counts as so many sessions at least. */
const ADOPTED = 2000;
const COLUMNS = 1 + ODD_LEVELS.length;
/** Odd sessions come in clusters more often than chance has it, as one client may make several: what is said is so much less sure. */
const CLUSTERED = 10;
const CHANCES = SPANS.length * ODD_LEVELS.length * CLUSTERED;
/** The usual share may be so many standard errors higher than it is known to be. */
const MARGIN = 2;

interface Places {
  /** Index of the number of sessions, then of the odd ones by level; -1 where there is none. */
  readonly features: readonly number[];
}

const known = new WeakMap<FrameLayout, Places | null>();

/** Where a layout has the numbers of sessions; null when it has none. */
function placesOf(layout: FrameLayout): Places | null {
  let found = known.get(layout);
  if (found === undefined) {
    const at = (metric: string, p?: string): number =>
      layout.features.findIndex((feature) => feature.metric === metric && feature.labels['p'] === p);
    const features = [at(SESSIONS_METRIC), ...ODD_LEVELS.map((level) => at(ODD_SESSIONS_METRIC, String(level)))];
    found = features[0] === -1 ? null : { features };
    known.set(layout, found);
  }
  return found;
}

/** A frame without the numbers of sessions, which are judged by themselves; the same where there are none. */
export function withoutSessions(frame: Frame): Frame {
  const places = placesOf(frame.layout);
  if (places === null) return frame;
  const values = frame.values.slice();
  for (const f of places.features) if (f >= 0) values[f] = Number.NaN;
  return { ...frame, values };
}

/** What is found over one stretch at one level. */
interface Finding {
  readonly p: number;
  readonly odd: number;
  readonly sessions: number;
  readonly usual: number;
}

const CALM: Finding = { p: 1, odd: 0, sessions: 0, usual: 0 };

type Rules = Pick<Circumstances, 'minimumDurationMs' | 'pace' | 'thresholds'> & {
  readonly adoptMs: number;
  readonly adopted: (lastedMs: number) => Ending;
};

/**
 * How many of an entity's sessions were odd, over a minute, ten and an hour, against how many usually are: the binomial tail
 * with the model's own word on it as prior. So one odd session says nothing, and one in ten thousand never does, while a
 * handful of one in a thousand is an anomaly of kind `log_sequence`. Exact for independent sessions; clients that retry
 * make them dependent, which the entity's own usual share takes in.
 */
export class SequenceWatch {
  readonly #stepMs: number;
  #tracker = new AnomalyTracker(NAME, 'sequences');
  /** Minutes × columns, a ring; `#minute` is the newest. */
  #ring = new Float64Array(MINUTES * COLUMNS);
  #minute = 0;
  /** Sessions of the usual kind of time, and the odd among them. */
  #usual = new Float64Array(COLUMNS);
  /** Time of the first frame with sessions; 0 before it. */
  #since = 0;
  #seen = 0;

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  get open(): Anomaly | null {
    return this.#tracker.latest;
  }

  /** Takes a frame; returns what there is to tell. */
  take(frame: Frame, rules: Rules): Anomaly | null {
    const places = placesOf(frame.layout);
    if (places === null) return null;
    // By the clock: an entity that writes now and then has few frames.
    if (this.#since === 0) this.#since = frame.time;
    const counts = places.features.map((f) => {
      const value = frame.values[f] ?? Number.NaN;
      return Number.isNaN(value) ? 0 : value;
    });
    this.#add(frame.time, counts);
    const settled = frame.time - this.#since >= SETTLED_MS && this.#seen >= SETTLED_SESSIONS;
    const found = settled ? this.#worst() : CALM;
    let change = found.p <= ABNORMAL_P || this.#tracker.active ? this.#track(frame, found, { rules, places }) : null;
    this.#learn(counts, found.p <= ABNORMAL_P ? weightOf(this.#tracker) : 1);
    const start = this.#tracker.open?.start ?? frame.time;
    if (frame.time - start >= rules.adoptMs) change = this.#adoptAt(frame.time, rules.adopted(frame.time - start));
    return change;
  }

  /** What is open becomes the new normal; null when it is not this anomaly. */
  adopt(anomaly: string, at: number, ending: Ending): Anomaly | null {
    return this.#tracker.open?.id === anomaly ? this.#adoptAt(at, ending) : null;
  }

  end(at: number, ending: Ending): Anomaly | null {
    return this.#tracker.end(at, this.#stepMs, ending);
  }

  #adoptAt(at: number, ending: Ending): Anomaly | null {
    const hour = this.#sum(MINUTES);
    const shares = hour.map((count) => count / Math.max(1, hour[0]!));
    this.#usual = shares.map((share, column) =>
      column === 0 ? ADOPTED : Math.max(0, share * (PRIOR + ADOPTED) - PRIOR * ODD_LEVELS[column - 1]!),
    );
    return this.#tracker.end(at, this.#stepMs, ending);
  }

  #add(time: number, counts: readonly number[]): void {
    const minute = Math.floor(time / MINUTE_MS);
    const passed = Math.min(MINUTES, minute - this.#minute);
    for (let step = 1; step <= passed; step++) {
      const at = ((minute - passed + step) % MINUTES) * COLUMNS;
      this.#ring.fill(0, at, at + COLUMNS);
    }
    this.#minute = minute;
    counts.forEach((count, column) => {
      const at = (minute % MINUTES) * COLUMNS + column;
      this.#ring[at] = this.#ring[at]! + count;
    });
    this.#seen += counts[0]!;
  }

  /** Columns over the newest minutes. */
  #sum(minutes: number): Float64Array {
    const sum = new Float64Array(COLUMNS);
    for (let back = 0; back < minutes; back++) {
      const at = (((this.#minute - back) % MINUTES) + MINUTES) % MINUTES;
      for (let column = 0; column < COLUMNS; column++) sum[column] = sum[column]! + this.#ring[at * COLUMNS + column]!;
    }
    return sum;
  }

  /** How many of so many sessions are usually odd at a level, as a share. */
  #share(column: number): number {
    const prior = ODD_LEVELS[column - 1]! * PRIOR;
    return (prior + this.#usual[column]!) / (PRIOR + this.#usual[0]!);
  }

  /** As many as it may be, for what is not known of it. */
  #mostUsual(column: number): number {
    const share = this.#share(column);
    return Math.min(1, share + MARGIN * Math.sqrt((share * (1 - share)) / (PRIOR + this.#usual[0]!)));
  }

  #worst(): Finding {
    const recent = this.#sum(RECENT);
    let worst = CALM;
    for (const span of SPANS) {
      const counts = this.#sum(span);
      const sessions = counts[0]!;
      for (let column = 1; column < COLUMNS; column++) {
        const odd = counts[column]!;
        const share = this.#mostUsual(column);
        if (odd < LEAST_ODD || odd > sessions || recent[column] === 0 || odd <= share * sessions) continue;
        // So many of so many or more (binomial tail), times the places where it was looked for.
        const p = Math.min(1, CHANCES * betaCdf(share, odd, sessions - odd + 1));
        if (p < worst.p)
          worst = { p: Math.max(p, Number.MIN_VALUE), odd, sessions, usual: this.#share(column) * sessions };
      }
    }
    return worst;
  }

  #track(frame: Frame, found: Finding, { rules, places }: { readonly rules: Rules; readonly places: Places }) {
    const recent = this.#sum(RECENT);
    const oddPlaces = new Set(places.features.filter((_, column) => column > 0 && recent[column]! > 0));
    const { p, odd, sessions, usual } = found;
    const reason = phrase('detect.kindLogSequence', { odd, sessions, usual: Math.round(10 * usual) / 10 });
    return this.#tracker.take(
      {
        frame,
        score: this.#scoreOf(frame, places),
        p,
        strengths: (f) => (oddPlaces.has(f) ? 1 : 0),
        opinions: [{ kind: DETECTOR, p }],
        reason,
      },
      {
        ...rules,
        failures: [],
        provisional: frame.time - this.#since < DAY_MS,
        groups: 1,
        allGroups: 1,
        detector: DETECTOR,
        held: false,
      },
    );
  }

  /** What is expected of the numbers themselves. */
  #scoreOf(frame: Frame, places: Places): DetectorScore {
    const unknown = (): Float32Array => new Float32Array(frame.values.length).fill(Number.NaN);
    const expected = unknown();
    const sessions = frame.values[places.features[0]!] ?? Number.NaN;
    for (let column = 1; column < COLUMNS; column++) {
      const f = places.features[column]!;
      if (f >= 0) expected[f] = this.#share(column) * sessions;
    }
    const features = new Float32Array(frame.values.length);
    return { ready: true, score: 0, features, expected, low: unknown(), high: unknown() };
  }

  #learn(counts: readonly number[], weight: number): void {
    for (let column = 0; column < COLUMNS; column++) {
      this.#usual[column] = this.#usual[column]! + weight * counts[column]!;
    }
    if (this.#usual[0]! > MOST_USUAL) this.#usual = this.#usual.map((count) => count / 2);
  }

  /** Null while there were no sessions. */
  toJSON(): Json {
    if (this.#since === 0) return null;
    return {
      version: VERSION,
      ring: [...this.#ring],
      minute: this.#minute,
      usual: [...this.#usual],
      since: this.#since,
      seen: this.#seen,
      tracker: this.#tracker.toJSON(),
    };
  }

  /** Throws `STATE_INVALID`. */
  restore(state: Json): void {
    if (state === null) return;
    const saved = stateObject(state, WHAT, VERSION);
    this.#ring.set(stateNumbers(saved, 'ring', WHAT).slice(0, this.#ring.length));
    this.#minute = stateNumber(saved, 'minute', WHAT);
    this.#usual.set(stateNumbers(saved, 'usual', WHAT).slice(0, COLUMNS));
    this.#since = stateNumber(saved, 'since', WHAT);
    this.#seen = stateNumber(saved, 'seen', WHAT);
    this.#tracker = AnomalyTracker.fromJSON(NAME, saved['tracker'] ?? null, 'sequences');
  }
}
