import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bus, Delivery, Subscription } from '../bus/bus.ts';
import { createRandom } from '../ml/random.ts';
import type { LogPattern, LogRecord } from '../model/log-record.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import type { Clock } from '../runtime/clock.ts';
import { createFirst } from '../runtime/first.ts';
import type { Log } from '../runtime/log.ts';
import { createLoop } from '../runtime/loop.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Store } from '../store/store.ts';
import { LogCounts, type LogHarvest } from './log-counts.ts';

export interface LogStageDeps {
  readonly bus: Bus;
  readonly store: Pick<Store, 'logs'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly seed?: number;
}

const JOIN_MS = 5000;
/** New patterns that are worth a round of joining. */
const MANY_NEW = 8;
const MAX_KNOWN = 10_000;
const PAGE = 1000;
const TURN_MS = 15;

/**
 * Makes numbers of lines: topic `logs` in, counters by level and pattern out to the topic `samples`, so that a log is
 * watched, charted and predicted from like any other feature. Patterns and some lines as evidence go to the store;
 * the lines themselves are not kept.
 */
export function createLogStage(deps: LogStageDeps): Service {
  const { bus, store, clock, log, metrics } = deps;
  const counts = new LogCounts(createRandom(deps.seed ?? 1));
  const lines = metrics.counter('vigia_prepare_log_lines_total', 'Lines of log counted, by level', ['level']);
  const repeated = metrics.counter('vigia_prepare_log_lines_repeated_total', 'Lines that had been counted already');
  const patterns = metrics.gauge('vigia_prepare_log_patterns', 'Patterns of log lines told apart');
  let subscription: Subscription | null = null;

  async function take(batch: readonly Delivery<LogRecord>[]): Promise<void> {
    let turn = clock.monotonic();
    for (const { value } of batch) {
      if (counts.take(value)) lines.inc({ level: value.level });
      else repeated.inc();
      if (clock.monotonic() - turn < TURN_MS) continue;
      await nextTurn();
      turn = clock.monotonic();
    }
    patterns.set(counts.miner.size);
    await handOn(deps, counts.harvest(clock.now()));
    counts.committed();
  }

  async function join(): Promise<void> {
    if (counts.miner.unjoined < MANY_NEW) return;
    for (const _ of counts.miner.join()) await nextTurn();
  }

  const failed = ({ message }: Error): void => log.warn({ error: message }, 'log patterns could not be joined');
  const joining = createLoop({ name: 'joining', everyMs: JOIN_MS, work: join, clock, failed });
  return {
    name: 'logs',
    start: async () => {
      const ready = createFirst();
      subscription = await bus.subscribe(topics.logs, 'logs', take, {
        // What another process has seen meanwhile is not new here.
        onAssigned: async () => {
          counts.restore(await knownPatterns(store));
          ready.done();
        },
        onRevoked: async (owns) => counts.drop(owns),
      });
      await ready.soon(clock);
      await joining.start();
    },
    stop: async () => {
      await subscription?.stop();
      subscription = null;
      await joining.stop();
    },
  };
}

/** Evidence first: what is sent on then has it. */
async function handOn({ bus, store }: LogStageDeps, { patterns, examples, samples }: LogHarvest): Promise<void> {
  await store.logs.patterns(patterns);
  await store.logs.examples(examples);
  const messages = samples.map((value) => ({ key: value.entity, value }));
  // Whoever sent the lines is told when what became of them is committed.
  await bus.publish(topics.samples, messages, { durable: true });
}

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
