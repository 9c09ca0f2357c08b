import type { Json } from '../../model/detector.ts';
import type { EntityId } from '../../model/entity.ts';
import { canonicalKey } from '../../model/labels.ts';
import { ODD_LEVELS, ODD_SESSIONS_METRIC, SESSIONS_METRIC } from '../../model/log-sequence.ts';
import type { Series } from '../../model/series.ts';
import { OpenSessions, type SessionRules, type SessionsPart } from './open-sessions.ts';
import type { KeptTally } from './session-judge.ts';

/** How sessions begin and end, and how often they are told of. */
export interface SessionTiming extends SessionRules {
  readonly stepMs: number;
}

/** How many sessions were judged, and how many of them were as odd as each level says. */
type Tally = number[];

/** What there is to say of an entity's sessions: values of series at a time. */
export interface SessionSamples {
  readonly time: number;
  readonly series: readonly Series[];
  readonly values: readonly number[];
}

const none = (): Tally => [0, ...ODD_LEVELS.map(() => 0)];

/**
 * The sessions of one entity and the numbers that are made of them: how many ended, and how many of these were odd. They
 * are told once a step at most, so that a frame has them as they are, and told again when they may not have been heard.
 */
export class EntitySessions {
  readonly open: OpenSessions;
  readonly #series: readonly Series[];
  readonly #stepMs: number;
  readonly kept: KeptTally = { hour: 0, seen: 0, minute: 0, evidence: 0 };
  #counted: Tally = none();
  #told: { readonly time: number; readonly values: Tally } | null = null;
  #unheard = false;

  constructor(entity: EntityId, { stepMs, ...rules }: SessionTiming, open?: OpenSessions) {
    this.open = open ?? new OpenSessions(rules);
    this.#stepMs = stepMs;
    this.#series = seriesOf(entity);
  }

  /** Counts a session that ended and was judged. */
  count(pValue: number): void {
    this.#counted[0] = this.#counted[0]! + 1;
    ODD_LEVELS.forEach((level, at) => {
      if (pValue <= level) this.#counted[at + 1] = this.#counted[at + 1]! + 1;
    });
  }

  /** Whether there is something to tell at `now`. */
  owes(now: number): boolean {
    return this.#unheard || (this.#counted[0]! > 0 && this.#isNext(Math.min(now, this.open.timeAt(now))));
  }

  #isNext(time: number): boolean {
    const stepOf = (at: number): number => Math.floor(at / this.#stepMs);
    return this.#told === null || stepOf(time) > stepOf(this.#told.time);
  }

  /** What there is to tell at a time; null when there is nothing, or something was told in the same step. */
  samples(time: number): SessionSamples | null {
    if (!this.#unheard && this.#counted[0]! > 0 && this.#isNext(time)) {
      this.#told = { time, values: this.#counted };
      this.#counted = none();
      this.#unheard = true;
    }
    if (!this.#unheard || this.#told === null) return null;
    return { time: this.#told.time, series: this.#series, values: this.#told.values };
  }

  /** What was told last is heard for good. */
  committed(): void {
    this.#unheard = false;
    this.open.committed();
  }

  toJSON(): Json {
    return {
      open: this.open.toJSON(),
      counted: this.#counted,
      kept: { ...this.kept },
      told: this.#told && [this.#told.time, ...this.#told.values],
    };
  }

  /** Goes on from what was kept; what is damaged is as none. */
  static from(
    entity: EntityId,
    saved: { readonly state: Readonly<Record<string, Json | undefined>>; readonly parts: readonly SessionsPart[] },
    rules: SessionTiming,
    now: number,
  ): EntitySessions {
    const { state, parts } = saved;
    const sessions = new EntitySessions(entity, rules, OpenSessions.from(state['open'] ?? null, parts, rules, now));
    const { counted, told, kept } = state;
    if (typeof kept === 'object' && kept !== null) restoreTally(sessions.kept, kept as Readonly<Record<string, Json>>);
    if (isTally(counted, none().length)) sessions.#counted = [...counted];
    if (isTally(told, 1 + none().length)) {
      sessions.#told = { time: told[0]!, values: told.slice(1) };
      // It may not have been: what was heard is known by its time.
      sessions.#unheard = true;
    }
    return sessions;
  }
}

function restoreTally(tally: KeptTally, saved: Readonly<Record<string, Json>>): void {
  for (const name of ['hour', 'seen', 'minute', 'evidence'] as const) {
    const value = saved[name];
    if (typeof value === 'number') tally[name] = value;
  }
}

const isTally = (value: Json | undefined, length: number): value is readonly number[] =>
  Array.isArray(value) && value.length === length && value.every((one) => typeof one === 'number');

function seriesOf(entity: EntityId): readonly Series[] {
  const gauge = (name: string, labels: Readonly<Record<string, string>>): Series => ({
    key: canonicalKey(name, labels),
    name,
    labels,
    type: 'gauge',
    unit: '',
    entity,
  });
  return [
    gauge(SESSIONS_METRIC, { entity }),
    ...ODD_LEVELS.map((level) => gauge(ODD_SESSIONS_METRIC, { p: String(level), entity })),
  ];
}
