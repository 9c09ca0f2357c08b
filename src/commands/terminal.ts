import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../config/load-config.ts';
import { describeMistakes } from '../config/mistake.ts';
import type { Config } from '../config/schema.ts';
import { type Language, LANGUAGES } from '../text/language.ts';
import { createText, type Words } from '../text/text.ts';

/** Where a command runs: what it reads beside its arguments, and where it writes. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The working folder. */
  readonly folder: string;
  readonly words: Words;
  /** One line, or several, for whoever asked. */
  readonly print: (text: string) => void;
  /** One line for what went wrong. */
  readonly complain: (text: string) => void;
  /** Shows how far something is, over what it showed before; there is none where nobody watches. */
  readonly progress?: (text: string) => void;
}

/** Exit codes: 0 is good, 1 is what failed, 2 is what was asked for wrongly. */
export const EXIT = { good: 0, failed: 1, usage: 2 } as const;

/** The language of messages before a configuration has been read: Vigía's own variable, then those of POSIX. */
export function languageOf({ VIGIA_LANGUAGE, LC_ALL, LC_MESSAGES, LANG }: Terminal['environment']): Language {
  const wished = [VIGIA_LANGUAGE, LC_ALL, LC_MESSAGES, LANG].find((value) => value !== undefined && value !== '');
  const short = wished?.slice(0, 2).toLowerCase();
  return LANGUAGES.find((language) => language === short) ?? 'en';
}

/** The terminal of this process. */
export const processTerminal = (): Terminal => ({
  environment: process.env,
  folder: process.cwd(),
  words: createText()(languageOf(process.env)),
  print: (text) => process.stdout.write(`${text}\n`),
  complain: (text) => process.stderr.write(`${text}\n`),
  // To the start of the line, and what is left of the line before is cleared.
  ...(process.stderr.isTTY ? { progress: (text: string) => process.stderr.write(`\r${text}\u001b[K`) } : {}),
});

/** The file that was named, else `vigia.yaml` where there is one; null means defaults. */
export function configFile(named: string | undefined, { environment, folder }: Terminal): string | null {
  const file = named ?? environment['VIGIA_CONFIG'];
  if (file !== undefined && file !== '') return file;
  return existsSync(join(folder, 'vigia.yaml')) ? 'vigia.yaml' : null;
}

/** Reads the configuration, or says every mistake in it and gives back null. */
export function readConfig(file: string | null, terminal: Terminal): Config | null {
  const loaded = loadConfig(file, terminal.environment);
  if (loaded.ok) return loaded.config;
  const { words } = terminal;
  const count = loaded.mistakes.length;
  terminal.complain(words.say('config.mistakes', { file: file ?? 'vigia.yaml', count }));
  terminal.complain(describeMistakes(loaded.mistakes, words));
  return null;
}
