import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bus, Delivery, Owns, Subscription } from '../bus/bus.ts';
import { createRandom } from '../ml/random.ts';
import type { EntityId } from '../model/entity.ts';
import { JOINED_PATTERNS, joinedPairs } from '../model/log-sequence.ts';
import type { LogLevel, LogPattern, LogRecord } from '../model/log-record.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import type { Clock } from '../runtime/clock.ts';
import { createFirst } from '../runtime/first.ts';
import type { Log } from '../runtime/log.ts';
import { createLoop } from '../runtime/loop.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { createTurns } from '../runtime/turns.ts';
import type { LogStore, Store } from '../store/store.ts';
import { LogCounts } from './log-counts.ts';
import type { SessionTiming } from './sequences/entity-sessions.ts';
import { createSessionKey, type SessionKeyOptions } from './sequences/session-key.ts';
import type { SequencesOf } from './sequences/session-judge.ts';
import { KeptLogs } from './kept-logs.ts';

type LineStore = Omit<LogStore, 'keepSequences' | 'listSequences' | 'sampledEntities'>;

export interface LogStageDeps {
  readonly bus: Bus;
  readonly store: Pick<Store, 'checkpoints'> & { readonly logs: LineStore };
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly seed?: number;
  /** How often it is looked whether patterns are one, and whether others call them otherwise. */
  readonly paces?: { readonly joinMs: number; readonly settleMs: number };
  /** How lines are sessions, and the models that these are judged by; without it they are not looked at. */
  readonly sequences?: {
    readonly timing: SessionTiming;
    readonly key: SessionKeyOptions;
    readonly keep: LogStore['keepSequences'];
    readonly models: { of: SequencesOf; poll(): Promise<void>; refresh(): Promise<void> };
  };
}

/** Lines of one commit: what is kept of an entity is written once for all of them. */
const MAX_BATCH = 2000;
/** With others it is settled at once what was joined, soon what is new, and now and then all. */
const PACES = { joinMs: 5000, settleMs: 60_000 };
const SELDOM = 10;
/** New patterns that are worth a round of joining. */
const MANY_NEW = 8;
/** Sessions end by the log's time; so often it is asked whether one ended by the clock's. */
const TICK_MS = 1000;
const MAX_KNOWN = 10_000;
const PAGE = 1000;
const TURN_MS = 15;
/** Pieces of work between two looks at the clock: far less than a turn. */
const A_LOOK = 8;

class LogStage implements Service {
  readonly name = 'logs';
  readonly #deps: LogStageDeps;
  readonly #counts: LogCounts;
  readonly #kept: KeptLogs;
  readonly #count: ReturnType<typeof stageMetrics>;
  readonly #joining: Service;
  readonly #ticking: Service;
  /** Lines, time and hand-overs in turn: what is not committed is everybody's. */
  readonly #turns = createTurns();
  #savedJoins = 0;
  /** When it was last settled with others which ids patterns have, monotonic ms, and how many patterns there were. */
  #settled = { at: Number.NEGATIVE_INFINITY, size: 0 };
  #subscription: Subscription | null = null;

  constructor(deps: LogStageDeps) {
    const { store, clock, log, metrics, sequences, seed = 1 } = deps;
    this.#deps = deps;
    const parts = sequences && {
      timing: sequences.timing,
      keyOf: createSessionKey(sequences.key),
      modelOf: (entity: EntityId) => sequences.models.of(entity),
    };
    this.#counts = new LogCounts(createRandom(seed), parts ?? null);
    this.#kept = new KeptLogs(store.checkpoints, clock, sequences?.timing ?? null);
    this.#count = stageMetrics(metrics);
    const { joinMs: everyMs } = deps.paces ?? PACES;
    const failed = ({ message }: Error): void => log.warn({ error: message }, 'log patterns could not be joined');
    this.#joining = createLoop({ name: 'joining', everyMs, work: () => this.#join(), clock, failed });
    const late = ({ message }: Error): void => log.warn({ error: message }, 'sessions of logs wait; tried again');
    const tick = (): Promise<void> => this.#turns(() => this.#passTime());
    this.#ticking = createLoop({ name: 'sessions', everyMs: TICK_MS, work: tick, clock, failed: late });
  }

  async start(): Promise<void> {
    const ready = createFirst();
    this.#subscription = await this.#deps.bus.subscribe(
      topics.logs,
      'logs',
      (batch) => this.#turns(() => this.#take(batch)),
      {
        maxBatch: MAX_BATCH,
        onAssigned: async (owns) => {
          await this.#turns(() => this.#goOn(owns));
          ready.done();
        },
        onRevoked: (owns) => this.#turns(async () => this.#counts.drop(owns)),
      },
    );
    await ready.soon(this.#deps.clock);
    await this.#joining.start();
    if (this.#deps.sequences !== undefined) await this.#ticking.start();
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop();
    this.#subscription = null;
    await this.#joining.stop();
    await this.#ticking.stop();
  }

  async #take(batch: readonly Delivery<LogRecord>[]): Promise<void> {
    const { clock } = this.#deps;
    await this.#admit(batch.map(({ value }) => value.entity));
    const now = clock.now();
    const levels = new Map<LogLevel, number>();
    await this.#through(batch, ({ value }) => {
      if (this.#counts.take(value, now)) levels.set(value.level, (levels.get(value.level) ?? 0) + 1);
      else this.#count.repeated.inc();
    });
    for (const [level, lines] of levels) this.#count.lines.inc({ level }, lines);
    this.#count.patterns.set(this.#counts.miner.size);
    await this.#handOn();
  }

  /** Does the work for each, and lets others have their turn now and then. */
  async #through<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
    const { clock } = this.#deps;
    let turn = clock.monotonic();
    let count = 0;
    for (const item of items) {
      work(item);
      count += 1;
      if (count % A_LOOK !== 0 || clock.monotonic() - turn < TURN_MS) continue;
      await nextTurn();
      turn = clock.monotonic();
    }
  }

  /** Ends sessions of entities that write nothing any more, and takes up models that were trained. */
  async #passTime(): Promise<void> {
    const { clock, sequences } = this.#deps;
    await sequences?.models.poll();
    // While lines wait in the queue nobody is silent.
    if ((this.#subscription?.lag() ?? 0) > 0) return;
    if (this.#counts.touchEnded(clock.now())) await this.#handOn();
  }

  /** Entities heard of for the first time go on from what was kept of them. */
  async #admit(entities: readonly EntityId[]): Promise<void> {
    const unknown = [...new Set(entities)].filter((entity) => !this.#counts.hold(entity));
    for (const log of await this.#kept.load(unknown)) this.#counts.admit(log);
  }

  /**
   * Evidence first, so that what is sent on has it; then the counts together with which lines are in them, from when on
   * they are counted for good; then the rest is told.
   */
  async #handOn(): Promise<void> {
    const { store, clock, bus, sequences } = this.#deps;
    await this.#through(this.#counts.endSessions(clock.now()), () => undefined);
    this.#countSessions();
    const { patterns, examples, sequences: ended, logs, samples } = this.#counts.harvest(clock.now());
    await store.logs.patterns(patterns);
    await store.logs.examples(examples);
    if (ended.length > 0) await sequences?.keep(ended);
    await this.#kept.save(logs);
    const messages = samples.map((value) => ({ key: value.entity, value }));
    // Whoever sent the lines is told when what became of them is committed.
    if (messages.length > 0) await bus.publish(topics.samples, messages, { durable: true });
    this.#counts.committed();
  }

  /** What another process has seen meanwhile is not new here; what was counted may not have been told when it died. */
  async #goOn(owns: Owns): Promise<void> {
    const { store, sequences } = this.#deps;
    this.#counts.restore(await knownPatterns(store));
    await this.#readJoins();
    await sequences?.models.refresh();
    await this.#admit((await this.#kept.untold()).filter(owns));
    await this.#handOn();
  }

  async #join(): Promise<void> {
    const { miner } = this.#counts;
    if (miner.unjoined >= MANY_NEW) for (const _ of miner.join()) await nextTurn();
    if (!this.#isDue()) return;
    await this.#settle();
    await this.#keepJoins();
  }

  #isDue(): boolean {
    const { miner } = this.#counts;
    const { settleMs } = this.#deps.paces ?? PACES;
    const waited = this.#deps.clock.monotonic() - this.#settled.at;
    if (miner.joined.size !== this.#savedJoins) return true;
    return waited >= (miner.size === this.#settled.size ? SELDOM * settleMs : settleMs);
  }

  /** Finds out what other processes call the patterns of this one; evidence and counts go on under the id that stays. */
  async #settle(): Promise<void> {
    const { store, clock } = this.#deps;
    const { miner } = this.#counts;
    const known = await knownPatterns(store);
    const before = miner.size;
    this.#counts.restore(known);
    if (miner.size > before) for (const _ of miner.join()) await nextTurn();
    await this.#turns(async () => {
      const pairs = this.#counts.settle(known);
      if (pairs.length === 0) return;
      await this.#handOn();
      await store.logs.mergePatterns(pairs);
      // What was saved may say the contrary, and as much of it.
      this.#savedJoins = -1;
    });
    this.#settled = { at: clock.monotonic(), size: miner.size };
  }

  async #readJoins(): Promise<void> {
    const { stage, key } = JOINED_PATTERNS;
    const state = (await this.#deps.store.checkpoints.load(stage, key))?.state;
    this.#counts.miner.restoreJoined(joinedPairs(state));
    this.#savedJoins = this.#counts.miner.joined.size;
  }

  /** With what others have joined meanwhile. */
  async #keepJoins(): Promise<void> {
    const { miner } = this.#counts;
    if (miner.joined.size === this.#savedJoins) return;
    await this.#readJoins();
    const { checkpoints } = this.#deps.store;
    await checkpoints.save([{ ...JOINED_PATTERNS, position: this.#deps.clock.now(), state: [...miner.joined] }]);
  }

  #countSessions(): void {
    const { sessions } = this.#counts;
    if (sessions === null) return;
    for (const outcome of ['judged', 'unjudged', 'late', 'evicted'] as const) {
      if (sessions[outcome] > 0) this.#count.sessions.inc({ outcome }, sessions[outcome]);
      sessions[outcome] = 0;
    }
  }
}

const stageMetrics = (metrics: Metrics) => ({
  lines: metrics.counter('vigia_prepare_log_lines_total', 'Lines of log counted, by level', ['level']),
  repeated: metrics.counter('vigia_prepare_log_lines_repeated_total', 'Lines that had been counted already'),
  sessions: metrics.counter(
    'vigia_prepare_log_sessions_total',
    'Sessions of log lines, by what became of them; of `late` it is lines',
    ['outcome'],
  ),
  patterns: metrics.gauge('vigia_prepare_log_patterns', 'Patterns of log lines told apart'),
});

/**
 * Makes numbers of lines: topic `logs` in, counters by level and pattern out to the topic `samples`, so that a log is
 * watched, charted and predicted from like any other feature. Patterns and some lines as evidence go to the store;
 * the lines themselves are not kept. A line that comes again is known, also after the death of this process.
 */
export const createLogStage = (deps: LogStageDeps): Service => new LogStage(deps);

async function knownPatterns(store: LogStageDeps['store']): Promise<readonly LogPattern[]> {
  const known: LogPattern[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof store.logs.listPatterns>> = await store.logs.listPatterns({
      limit: PAGE,
      cursor,
    });
    known.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && known.length < MAX_KNOWN);
  return known;
}
