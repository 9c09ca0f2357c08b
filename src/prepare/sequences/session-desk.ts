import type { LogRecord } from '../../model/log-record.ts';
import { eventOf, type LogSequence } from '../../model/log-sequence.ts';
import type { EntityLog } from '../entity-log.ts';
import { EntitySessions, type SessionTiming } from './entity-sessions.ts';
import type { SessionLosses } from './open-sessions.ts';
import { type Joined, type SequencesOf, SessionJudge } from './session-judge.ts';

/** How lines are sessions, and what these are judged by. */
export interface SequenceParts {
  readonly timing: SessionTiming;
  readonly keyOf: (record: LogRecord) => string | null;
  readonly modelOf: SequencesOf;
}

/** What became of sessions so far. */
export interface SessionTotals extends SessionLosses {
  judged: number;
  /** Ended before there was a model, or began before there was anybody to see it. */
  unjudged: number;
}

/** Lines of open sessions of all entities together: 32 MB. */
const MAX_OPEN_LINES = 2_000_000;

/** Sessions in the lines of all entities: found, ended, judged and counted. */
export class SessionDesk {
  readonly totals: SessionTotals = { judged: 0, unjudged: 0, late: 0, evicted: 0 };
  readonly #parts: SequenceParts;
  readonly #judge: SessionJudge;
  /** Sessions that ended and are to be kept, since the last commit. */
  readonly #ended = new Map<string, LogSequence>();
  #lines = 0;

  constructor(parts: SequenceParts, patterns: Joined) {
    this.#parts = parts;
    this.#judge = new SessionJudge(parts.modelOf, patterns);
  }

  /** Takes a line of an entity, at `now`. */
  follow(log: EntityLog, record: LogRecord, template: string, now: number): void {
    const key = this.#parts.keyOf(record);
    if (key !== null) log.sessions ??= new EntitySessions(log.entity, this.#parts.timing);
    const open = log.sessions?.open;
    open?.heard(record.time, now);
    if (key === null || open === undefined) return;
    const before = open.lines;
    open.add(key, record.time, eventOf(template));
    // Who brings more than there is room for pays with its own.
    if (this.#lines + open.lines - before > MAX_OPEN_LINES) open.evict();
    this.#lines += open.lines - before;
  }

  /** Ends the sessions of an entity that are over, with a yield after each. */
  *end({ entity, fleet, sessions }: EntityLog, now: number): Generator<void, void> {
    if (sessions === null) return;
    const { open, kept } = sessions;
    this.totals.late += open.losses.late;
    this.totals.evicted += open.losses.evicted;
    open.losses.late = open.losses.evicted = 0;
    if (!open.pass(now)) return;
    for (const ended of open.ended()) {
      const { pValue, sequences } = this.#judge.judge({ entity, fleet, since: open.since, kept }, ended);
      if (pValue !== null) sessions.count(pValue);
      this.totals[pValue === null ? 'unjudged' : 'judged'] += 1;
      for (const sequence of sequences) this.#ended.set(sequence.id, sequence);
      yield;
    }
  }

  /** What is to be kept since the last commit. */
  get ended(): readonly LogSequence[] {
    return [...this.#ended.values()];
  }

  /** What was to be kept is; `all` is who is held from now on. */
  committed(all: Iterable<EntityLog>): void {
    this.#ended.clear();
    this.#lines = 0;
    for (const { sessions } of all) this.#lines += sessions?.open.lines ?? 0;
  }
}
