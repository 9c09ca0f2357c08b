import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bus, Delivery, Owns, Subscription } from '../bus/bus.ts';
import { createRandom } from '../ml/random.ts';
import type { EntityId } from '../model/entity.ts';
import type { LogPattern, LogRecord } from '../model/log-record.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import type { Clock } from '../runtime/clock.ts';
import { createFirst } from '../runtime/first.ts';
import type { Log } from '../runtime/log.ts';
import { createLoop } from '../runtime/loop.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Store } from '../store/store.ts';
import { LogCounts } from './log-counts.ts';
import { KeptLogs } from './kept-logs.ts';

export interface LogStageDeps {
  readonly bus: Bus;
  readonly store: Pick<Store, 'logs' | 'checkpoints'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly seed?: number;
}

/** Lines of one commit: what is kept of an entity is written once for all of them. */
const MAX_BATCH = 2000;
const JOIN_MS = 5000;
/** New patterns that are worth a round of joining. */
const MANY_NEW = 8;
const MAX_KNOWN = 10_000;
const PAGE = 1000;
const TURN_MS = 15;

class LogStage implements Service {
  readonly name = 'logs';
  readonly #deps: LogStageDeps;
  readonly #counts: LogCounts;
  readonly #kept: KeptLogs;
  readonly #count: ReturnType<typeof stageMetrics>;
  readonly #joining: Service;
  #subscription: Subscription | null = null;

  constructor(deps: LogStageDeps) {
    const { store, clock, log, metrics, seed = 1 } = deps;
    this.#deps = deps;
    this.#counts = new LogCounts(createRandom(seed));
    this.#kept = new KeptLogs(store.checkpoints, clock);
    this.#count = stageMetrics(metrics);
    const failed = ({ message }: Error): void => log.warn({ error: message }, 'log patterns could not be joined');
    this.#joining = createLoop({ name: 'joining', everyMs: JOIN_MS, work: () => this.#join(), clock, failed });
  }

  async start(): Promise<void> {
    const ready = createFirst();
    this.#subscription = await this.#deps.bus.subscribe(topics.logs, 'logs', (batch) => this.#take(batch), {
      maxBatch: MAX_BATCH,
      onAssigned: async (owns) => {
        await this.#goOn(owns);
        ready.done();
      },
      onRevoked: async (owns) => this.#counts.drop(owns),
    });
    await ready.soon(this.#deps.clock);
    await this.#joining.start();
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop();
    this.#subscription = null;
    await this.#joining.stop();
  }

  async #take(batch: readonly Delivery<LogRecord>[]): Promise<void> {
    const { clock } = this.#deps;
    await this.#admit(batch.map(({ value }) => value.entity));
    let turn = clock.monotonic();
    for (const { value } of batch) {
      if (this.#counts.take(value)) this.#count.lines.inc({ level: value.level });
      else this.#count.repeated.inc();
      if (clock.monotonic() - turn < TURN_MS) continue;
      await nextTurn();
      turn = clock.monotonic();
    }
    this.#count.patterns.set(this.#counts.miner.size);
    await this.#handOn();
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
    const { store, clock, bus } = this.#deps;
    const { patterns, examples, logs, samples } = this.#counts.harvest(clock.now());
    await store.logs.patterns(patterns);
    await store.logs.examples(examples);
    await this.#kept.save(logs);
    const messages = samples.map((value) => ({ key: value.entity, value }));
    // Whoever sent the lines is told when what became of them is committed.
    if (messages.length > 0) await bus.publish(topics.samples, messages, { durable: true });
    this.#counts.committed();
  }

  /** What another process has seen meanwhile is not new here; what was counted may not have been told when it died. */
  async #goOn(owns: Owns): Promise<void> {
    this.#counts.restore(await knownPatterns(this.#deps.store));
    await this.#admit((await this.#kept.untold()).filter(owns));
    await this.#handOn();
  }

  async #join(): Promise<void> {
    const { miner } = this.#counts;
    if (miner.unjoined < MANY_NEW) return;
    for (const _ of miner.join()) await nextTurn();
  }
}

const stageMetrics = (metrics: Metrics) => ({
  lines: metrics.counter('vigia_prepare_log_lines_total', 'Lines of log counted, by level', ['level']),
  repeated: metrics.counter('vigia_prepare_log_lines_repeated_total', 'Lines that had been counted already'),
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
