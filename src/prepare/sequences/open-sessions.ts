import type { Json } from '../../model/detector.ts';

/** How sessions begin and end. */
export interface SessionRules {
  /** A session is over when no line of it has come for so long, ms of the log's time. */
  readonly idleMs: number;
  /** Lines may come so much later than others of their entity, ms. */
  readonly latenessMs: number;
}

/** A session that is over: its lines' patterns in the order of time. */
export interface EndedSession {
  readonly key: string;
  readonly first: number;
  readonly last: number;
  /** Numbers of patterns. */
  readonly events: readonly number[];
  /** Whether it began before anybody looked, so that its beginning may be missing. */
  readonly partial: boolean;
}

/** A part of the open sessions as it is kept. */
export interface SessionsPart {
  /** 0 to 15. */
  readonly place: number;
  readonly state: Json;
}

/** What became of lines and sessions that could not be taken. */
export interface SessionLosses {
  /** Lines later than `latenessMs`, of no open session. */
  late: number;
  /** Sessions given up unjudged because there were too many. */
  evicted: number;
}

interface Run {
  readonly key: string;
  readonly times: number[];
  readonly events: number[];
  last: number;
}

/** Open sessions of an entity, and lines of a session that count; what follows is in none of them. */
const MAX_OPEN = 1000;
const MAX_EVENTS = 200;
/** Sessions are kept in so many parts, so that only what has changed is written. */
const PLACES = 16;
/** When an entity writes nothing any more its sessions end too, but a sender that stands still must not cut them short. */
const SILENCE_MS = 300_000;

const placeOf = (key: string): number => Number.parseInt(key.at(-1)!, 16) % PLACES;

/**
 * Sessions of one entity that are not over. Which lines are one session depends on their times alone and not on the order in
 * which they come, as long as none comes later than the lateness: a session is a run of lines of one key with no gap longer
 * than the idle time, and it is over when the newest line of the entity lies idle time and lateness behind it.
 */
export class OpenSessions {
  readonly losses: SessionLosses = { late: 0, evicted: 0 };
  readonly #rules: SessionRules;
  /** Runs by key, in the order of their times; nearly always one. */
  readonly #runs = new Map<string, Run[]>();
  readonly #changed = new Set<number>();
  #open = 0;
  #lines = 0;
  /** No session is over before the log's time lies this far behind; only ever too early. */
  #oldest = Number.POSITIVE_INFINITY;
  /** Newest time of a line, and how far the log's time has come: further, when the entity is silent. */
  #newest = Number.NEGATIVE_INFINITY;
  #mark = Number.NEGATIVE_INFINITY;
  /** Time from which on lines were seen. */
  #since = Number.POSITIVE_INFINITY;
  /** When the last line came, by the clock. */
  #heardAt = Number.POSITIVE_INFINITY;

  constructor(rules: SessionRules) {
    this.#rules = rules;
  }

  get size(): number {
    return this.#open;
  }

  /** Lines of open sessions. */
  get lines(): number {
    return this.#lines;
  }

  /** Time of the first line. */
  get since(): number {
    return this.#since;
  }

  /** Any line of the entity, of a session or not: the log's time goes on. */
  heard(time: number, now: number): void {
    if (time >= this.#newest - this.#rules.latenessMs) this.#since = Math.min(this.#since, time);
    this.#newest = Math.max(this.#newest, time);
    this.#mark = Math.max(this.#mark, time);
    this.#heardAt = now;
  }

  /** The log's time when it is `now`: it goes on as the clock does since the last line. */
  timeAt(now: number): number {
    return this.#newest + Math.max(0, now - this.#heardAt);
  }

  /** Says that it is `now`, for entities that are silent; whether a session is over. */
  pass(now: number): boolean {
    if (now - this.#heardAt > SILENCE_MS) this.#mark = Math.max(this.#mark, this.timeAt(now) - SILENCE_MS);
    if (!this.#isBehind(this.#oldest)) return false;
    this.#oldest = Number.POSITIVE_INFINITY;
    for (const runs of this.#runs.values()) for (const { last } of runs) this.#oldest = Math.min(this.#oldest, last);
    return this.#isBehind(this.#oldest);
  }

  /** Takes a line of a session, after `heard`. */
  add(key: string, time: number, event: number): void {
    const runs = this.#runs.get(key) ?? [];
    const { idleMs, latenessMs } = this.#rules;
    const near = runs.filter(
      (run) => !this.#isOver(run) && time >= run.times[0]! - idleMs && time <= run.last + idleMs,
    );
    if (near.length === 0 && time < this.#mark - latenessMs) {
      this.losses.late += 1;
      return;
    }
    const run = near[0] ?? { key, times: [], events: [], last: time };
    for (const one of near) this.#lines -= one.times.length;
    insert(run, time, event);
    // It may close the gap between two.
    for (const other of near.slice(1)) other.times.forEach((at, i) => insert(run, at, other.events[i]!));
    this.#lines += run.times.length;
    this.#oldest = Math.min(this.#oldest, run.last);
    const rest = runs.filter((other) => !near.includes(other));
    this.#runs.set(
      key,
      [...rest, run].sort((a, b) => a.times[0]! - b.times[0]!),
    );
    this.#open += rest.length + 1 - runs.length;
    this.#changed.add(placeOf(key));
    if (this.#open > MAX_OPEN) this.evict();
  }

  /** Lets go of what is over, in the order in which it ended, whatever came together. */
  *ended(): Generator<EndedSession, void> {
    const over = [...this.#runs.values()].flat().filter((run) => this.#isOver(run));
    for (const run of over.sort((a, b) => a.last - b.last || (a.key < b.key ? -1 : 1))) {
      this.#lines -= run.times.length;
      const runs = this.#runs.get(run.key) ?? [];
      this.#keep(
        run.key,
        runs.filter((other) => other !== run),
        runs.length,
      );
      yield this.#end(run);
    }
  }

  #isOver({ last }: Run): boolean {
    return this.#isBehind(last);
  }

  #isBehind(last: number): boolean {
    return this.#mark > last + this.#rules.idleMs + this.#rules.latenessMs;
  }

  #end({ key, times, events, last }: Run): EndedSession {
    const first = times[0]!;
    return { key, first, last, events, partial: first <= this.#since + this.#rules.idleMs };
  }

  #keep(key: string, runs: Run[], before: number): void {
    if (runs.length === 0) this.#runs.delete(key);
    else this.#runs.set(key, runs);
    this.#open += runs.length - before;
    this.#changed.add(placeOf(key));
  }

  /** Gives up the one that has waited for longest, unless it is over anyway and only waits for its end. */
  evict(): void {
    let oldest: Run | null = null;
    for (const runs of this.#runs.values())
      for (const run of runs) if (!this.#isOver(run) && (oldest === null || run.last < oldest.last)) oldest = run;
    if (oldest === null) return;
    this.#lines -= oldest.times.length;
    const runs = this.#runs.get(oldest.key)!;
    this.#keep(
      oldest.key,
      runs.filter((run) => run !== oldest),
      runs.length,
    );
    this.losses.evicted += 1;
  }

  /** Parts that are not written yet. */
  changed(): readonly SessionsPart[] {
    const parts = new Map([...this.#changed].map((place): [number, Json[]] => [place, []]));
    for (const [key, runs] of this.#runs) {
      const part = parts.get(placeOf(key));
      if (part !== undefined) for (const { times, events, last } of runs) part.push([key, times, events, last]);
    }
    return [...parts].map(([place, state]) => ({ place, state }));
  }

  committed(): void {
    this.#changed.clear();
  }

  /** All but the sessions themselves. */
  toJSON(): Json {
    return this.#since === Number.POSITIVE_INFINITY ? null : [this.#newest, this.#mark, this.#since];
  }

  static readonly places: readonly number[] = Array.from({ length: PLACES }, (_, place) => place);

  /** Goes on from what was kept at `now`; what is damaged is passed over. */
  static from(state: Json, parts: readonly SessionsPart[], rules: SessionRules, now: number): OpenSessions {
    const sessions = new OpenSessions(rules);
    if (!isNumbers(state) || state.length !== 3) return sessions;
    [sessions.#newest, sessions.#mark, sessions.#since] = state as [number, number, number];
    // Nothing could be heard while nobody was there.
    sessions.#heardAt = now;
    for (const part of parts)
      for (const saved of Array.isArray(part.state) ? (part.state as readonly Json[]) : []) sessions.#restore(saved);
    return sessions;
  }

  #restore(saved: Json): void {
    const [key, times, events, last] = Array.isArray(saved) ? (saved as readonly Json[]) : [];
    if (typeof key !== 'string' || typeof last !== 'number' || !isNumbers(times) || !isNumbers(events)) return;
    if (times.length === 0 || times.length !== events.length) return;
    this.#runs.set(key, [...(this.#runs.get(key) ?? []), { key, times: [...times], events: [...events], last }]);
    this.#oldest = Math.min(this.#oldest, last);
    this.#lines += times.length;
    this.#open += 1;
  }
}

const isNumbers = (value: Json | undefined): value is readonly number[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'number');

/** Puts a line where its time says, behind those of the same time. */
function insert(run: Run, time: number, event: number): void {
  run.last = Math.max(run.last, time);
  let at = run.times.length;
  while (at > 0 && run.times[at - 1]! > time) at -= 1;
  if (at >= MAX_EVENTS) return;
  run.times.splice(at, 0, time);
  run.events.splice(at, 0, event);
  if (run.times.length <= MAX_EVENTS) return;
  run.times.pop();
  run.events.pop();
}
