/** Lines of log a second on the whole way: from files that are tailed to patterns and counts. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryBus } from '../src/bus/memory-bus.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from '../src/collect/entity-rules.ts';
import type { FilePosition } from '../src/collect/logs/file-streams.ts';
import { createLogIntake } from '../src/collect/logs/log-intake.ts';
import { TailSource } from '../src/collect/logs/tail-source.ts';
import type { LogRecord } from '../src/model/log-record.ts';
import { topics } from '../src/model/topics.ts';
import { createLogStage } from '../src/prepare/log-stage.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLog } from '../src/runtime/log.ts';
import { createMetrics } from '../src/runtime/metrics.ts';
import type { Row } from './report.ts';

/** A service's log by itself. */
export interface LogText {
  readonly name: string;
  readonly lines: readonly string[];
}

/** In a round each file grows by so many times its text: together what comes in a second, as often as files are looked at. */
const COPIES = 7;
const ROUNDS = 5;
const WARM = 2;
const LINE_BYTES = 65_536;

/** Takes everything and keeps nothing: what PGlite needs is measured by `bench:pipeline`. */
const forgetful = (): Parameters<typeof createLogStage>[0]['store'] => ({
  logs: {
    patterns: async () => undefined,
    mergePatterns: async () => undefined,
    examples: async () => undefined,
    listPatterns: async () => ({ items: [], next: null }),
    listExamples: async () => ({ items: [], next: null }),
  },
  checkpoints: {
    save: async () => undefined,
    load: async () => null,
    // oxlint-disable-next-line eslint/require-yield -- there is nothing
    loadAll: async function* () {},
  },
});

/** CPU time of all threads of this process, s. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Files of several services that grow, round by round; what is measured is the time from then on until all is counted. */
export async function logLinesRow(texts: readonly LogText[]): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-log-lines-'));
  const metrics = createMetrics();
  const shared = { clock: systemClock, log: silentLog, metrics };
  const bus = createMemoryBus({ ...shared, deadLetters: async () => undefined });
  const stage = createLogStage({ ...shared, bus, store: forgetful() });
  const far = Number.MAX_SAFE_INTEGER;
  const limits = { lineBytes: LINE_BYTES, aheadMs: far, behindMs: far };
  const intake = createLogIntake({ metrics, assign: createEntityRules(DEFAULT_ENTITY_RULES, 'service/push'), limits });
  const publish = (records: readonly LogRecord[]): Promise<void> =>
    bus.publish(
      topics.logs,
      records.map((value) => ({ key: value.entity, value })),
      { durable: true },
    );
  let saved: Readonly<Record<string, readonly FilePosition[]>> = {};
  const positions = {
    load: async (name: string) => saved[name] ?? [],
    save: async (changed: typeof saved) => void (saved = { ...saved, ...changed }),
  };
  const tails = texts.map(
    ({ name }) =>
      new TailSource(
        {
          name,
          paths: [join(folder, `${name}.log`)],
          labels: { service: name },
          from: 'start',
          lineBytes: LINE_BYTES,
        },
        { ...shared, intake, positions, publish },
      ),
  );
  await bus.start();
  await stage.start();
  let [lines, seconds] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    for (const text of texts)
      appendFileSync(join(folder, `${text.name}.log`), `${text.lines.join('\n')}\n`.repeat(COPIES));
    const before = cpuSeconds();
    for (const tail of tails) await tail.look();
    if (round < WARM) continue;
    seconds += cpuSeconds() - before;
    lines += texts.reduce((sum, text) => sum + COPIES * text.lines.length, 0);
  }
  const counted = await metrics.counter('vigia_prepare_log_lines_total', '').get();
  for (const tail of tails) await tail.close();
  await stage.stop();
  await bus.stop();
  rmSync(folder, { recursive: true });
  const all = counted.values.reduce((sum, { value }) => sum + value, 0);
  return {
    name: 'log-lines',
    value: lines / seconds,
    unit: 'lines/s',
    bound: 150_000,
    better: 'higher',
    note: `tail, parse, masks, patterns, counts: ${all} lines of ${texts.length} files; CPU time of all threads, without the store`,
  };
}
