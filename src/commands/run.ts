import { dirname, resolve } from 'node:path';
import { toError } from '../runtime/errors.ts';
import { type Running, startVigia } from './start-vigia.ts';
import { configFile, EXIT, readConfig, type Terminal } from './terminal.ts';

/** A stop that takes longer is ended: whoever sent SIGTERM waits for it. */
const STOP_MS = 4500;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Resolves with the exit code when a signal or a bug has ended it. A second signal ends it at once. */
function untilEnded(running: Running, terminal: Terminal): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    const end = (code: number): void => {
      if (stopping) process.exit(EXIT.failed);
      stopping = true;
      const late = setTimeout(() => process.exit(EXIT.failed), STOP_MS);
      void running.stop().finally(() => {
        clearTimeout(late);
        resolve(code);
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

/** `vigia` and `vigia run`: starts everything, says where, and works until it is told to stop. */
export async function run(options: { readonly config?: string | undefined }, terminal: Terminal): Promise<number> {
  const file = configFile(options.config, terminal);
  const config = readConfig(file, terminal);
  if (config === null) return EXIT.usage;
  const folder = file === null ? terminal.folder : dirname(resolve(terminal.folder, file));
  const running = await startVigia(config, folder);
  terminal.print(terminal.words.say('commands.watching', { url: running.url }));
  return untilEnded(running, terminal);
}
