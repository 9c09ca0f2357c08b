import { dirname, resolve } from 'node:path';
import { ALL_STAGES, STAGE_NAMES, type StageName } from '../model/stage.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import { keepHeapLean, settleHeap } from '../runtime/lean-heap.ts';
import type { Running } from './start-vigia.ts';
import { configFile, EXIT, readConfig, type Terminal } from './terminal.ts';

export interface RunOptions {
  readonly config?: string | undefined;
  /** Names of stages, with commas between. */
  readonly stages?: string | undefined;
}

/** A stop that takes longer is ended: whoever sent SIGTERM waits for it. With others it hands over what they go on with. */
const STOP_MS = 4500;
const HAND_OVER_MS = 12_000;

/** For the last lines of the log. */
const LINGER_MS = 300;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Resolves with the exit code when a signal or a bug has ended it. A second signal ends it at once. */
function untilEnded(running: Running, terminal: Terminal, stopMs: number): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    const end = (code: number): void => {
      if (stopping) process.exit(EXIT.failed);
      stopping = true;
      const late = setTimeout(() => process.exit(EXIT.failed), stopMs);
      void running.stop().finally(() => {
        clearTimeout(late);
        resolve(code);
        // What a library may have left open does not keep the process.
        setTimeout(() => process.exit(code), LINGER_MS).unref();
      });
    };
    for (const signal of SIGNALS) process.on(signal, () => end(EXIT.good));
    const bug = (thrown: unknown): void => {
      const error = toError(thrown);
      terminal.complain(`INTERNAL: ${error.stack ?? error.message}`);
      end(EXIT.failed);
    };
    process.on('uncaughtException', bug);
    process.on('unhandledRejection', bug);
  });
}

/** The stages that a list names; throws `USAGE` for one that does not exist. */
function stagesOf(list: string, { words }: Terminal): ReadonlySet<StageName> {
  const names = list.split(',').map((name) => name.trim());
  const stages = STAGE_NAMES.filter((name) => names.includes(name));
  const found = names.find((name) => !STAGE_NAMES.some((known) => known === name));
  if (found === undefined) return new Set(stages);
  throw new VigiaError('USAGE', { detail: words.say('commands.bad_stage', { found, known: STAGE_NAMES.join(', ') }) });
}

/** `vigia` and `vigia run`: starts everything or some stages, says where, and works until it is told to stop. */
export async function run(options: RunOptions, terminal: Terminal): Promise<number> {
  const stages = options.stages === undefined ? ALL_STAGES : stagesOf(options.stages, terminal);
  const file = configFile(options.config, terminal);
  const config = readConfig(file, terminal);
  if (config === null) return EXIT.usage;
  const folder = file === null ? terminal.folder : dirname(resolve(terminal.folder, file));
  const shared = config.bus.kafka !== undefined;
  if (shared) keepHeapLean();
  const { startVigia } = await import('./start-vigia.ts');
  const running = await startVigia(config, { folder, stages });
  if (shared) settleHeap();
  const said = stages.has('api') ? 'commands.watching' : 'commands.working';
  terminal.print(terminal.words.say(said, { url: running.url, stages: [...stages].join(', ') }));
  return untilEnded(running, terminal, shared ? HAND_OVER_MS : STOP_MS);
}
