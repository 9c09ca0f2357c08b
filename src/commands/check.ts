import { readConfig, EXIT, type Terminal } from './terminal.ts';

/** `vigia check FILE`: says every mistake of a configuration, or that there is none. */
export function check(file: string, terminal: Terminal): number {
  if (readConfig(file, terminal) === null) return EXIT.usage;
  terminal.print(terminal.words.say('config.good', { file }));
  return EXIT.good;
}
