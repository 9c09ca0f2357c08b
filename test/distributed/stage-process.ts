import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, spawnVigia, temporaryFolder } from '../system/vigia.ts';

/** A process with some of the stages: the built program, started as a user would. */
export interface StageProcess {
  readonly name: string;
  /** Of the interface, where it has one. */
  readonly url: string;
  /** Where it says how it is. */
  readonly health: string;
  output(): string;
  ready(): Promise<boolean>;
  /** The sum of a metric over its labels; 0 while it is not there. */
  metric(name: string): Promise<number>;
  /** Ends it with the signal and resolves with its exit code (null when killed). */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface StageOptions {
  /** Names the process; the same again takes its place. */
  readonly name: string;
  readonly stages: string;
  readonly config: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly readyWithinMs?: number;
  /** Another build of the program. */
  readonly main?: string;
}

/** What the image sets. */
const AS_IMAGE = { NODE_OPTIONS: '--max-semi-space-size=4', MALLOC_ARENA_MAX: '2' };

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(3000) }).then(
    (response) => response.ok,
    () => false,
  );

/** Resolves when the process has its partitions and their state. */
export async function startStages(options: StageOptions): Promise<StageProcess> {
  const { name, stages, config, env, readyWithinMs = 120_000, main = process.env['VIGIA_TEST_MAIN'] } = options;
  const [port, metricsPort] = [await freePort(), await freePort()];
  const { child, output } = spawnVigia({
    folder: temporaryFolder(),
    port,
    config,
    args: ['--stages', stages],
    env: { ...AS_IMAGE, VIGIA_METRICS_PORT: String(metricsPort), VIGIA_INSTANCE: name, ...env },
    ...(main === undefined ? {} : { main }),
  });
  const health = `http://127.0.0.1:${metricsPort}`;
  const limit = Date.now() + readyWithinMs;
  while (!(await answers(`${health}/readyz`))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} ended:\n${output()}`);
    if (Date.now() > limit) throw new Error(`${name} was not ready in time:\n${output()}`);
    await delay(100);
  }
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    health,
    output,
    ready: () => answers(`${health}/readyz`),
    metric: async (metric) => {
      const text = await (await fetch(`${health}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = once(child, 'close') as Promise<[number | null]>;
      child.kill(signal);
      return (await ended)[0];
    },
  };
}
