import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ACTION_MODES, type ActionMode } from '../model/action.ts';
import { VigiaError } from '../runtime/errors.ts';
import type { Language } from '../text/language.ts';
import type { TextKey } from '../text/catalogue.ts';
import { EXIT, languageOf, type Terminal } from './terminal.ts';

/** What the lab tells while it runs. */
export type LabNews =
  | { readonly type: 'watching'; readonly url: string; readonly adminUrl: string }
  | { readonly type: 'quiet'; readonly seconds: number }
  | { readonly type: 'fault'; readonly kind: string; readonly where: string }
  | { readonly type: 'reset' }
  | { readonly type: 'progress'; readonly done: number; readonly of: number; readonly what: string };

/**
 * The lab as a command sees it. It is a program of its own that knows nothing of Vigía's sources, built beside them into
 * `dist/lab`; a test there holds it to this.
 */
export interface LabProgram {
  readonly faultKinds: readonly string[];
  runDemo(options: {
    readonly port: number;
    readonly mode: ActionMode;
    readonly language: Language;
    readonly seed: number;
    readonly faults: readonly string[];
    readonly tell: (news: LabNews) => void;
    readonly signal: AbortSignal;
  }): Promise<void>;
  /** Resolves with the report as text. Rejects with an error named `LabRequestError` for what cannot be. */
  runExperiment(options: {
    readonly scenarioFile: string;
    readonly arm: string;
    readonly folder: string;
    readonly tell: (news: LabNews) => void;
    readonly signal: AbortSignal;
  }): Promise<string>;
}

export interface LabOptions {
  readonly port: string;
  readonly mode: string;
  readonly seed: string;
  readonly faults?: string;
  readonly scenario?: string;
  readonly arm?: string;
  readonly report?: string;
}

const MOST_PORT = 65_535;
const MOST_SEED = 2 ** 32 - 1;
const entry = new URL('../lab/lab.js', import.meta.url);

/** Reads a whole number, or says what is wrong. */
function wholeNumber(text: string, most: number): number | null {
  const value = Number(text);
  return text.trim() !== '' && Number.isInteger(value) && value >= 0 && value <= most ? value : null;
}

const usage = (terminal: Terminal, key: TextKey, values: Readonly<Record<string, string>> = {}): number => {
  terminal.complain(terminal.words.say(key, values));
  return EXIT.usage;
};

const clockTime = (): string => new Date().toISOString().slice(11, 19);

function teller({ print, words }: Terminal): (news: LabNews) => void {
  return (news) => {
    switch (news.type) {
      case 'watching':
        print(words.say('lab.watching', { url: news.url }));
        print(words.say('lab.admin', { url: news.adminUrl }));
        break;
      case 'quiet':
        print(words.say('lab.quiet', { time: clockTime(), seconds: news.seconds }));
        break;
      case 'fault':
        print(words.say('lab.fault', { time: clockTime(), kind: news.kind, where: news.where }));
        break;
      case 'reset':
        print(words.say('lab.reset', { time: clockTime() }));
        break;
      case 'progress':
        print(words.say('lab.progress', { done: news.done, of: news.of, what: news.what }));
    }
  };
}

/** Ends the work in order at the first signal, the process at the second. */
function untilStopped(): { readonly signal: AbortSignal; readonly done: () => void } {
  const end = new AbortController();
  const stop = (): void => {
    if (end.signal.aborted) process.exit(EXIT.failed);
    end.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return { signal: end.signal, done: () => process.off('SIGINT', stop).off('SIGTERM', stop) };
}

/** A file, or one of the scenarios that come with the lab. */
function scenarioFile(named: string, folder: string): string {
  const file = resolve(folder, named);
  const shipped = fileURLToPath(new URL(`../lab/scenarios/${named}.yaml`, import.meta.url));
  return !existsSync(file) && /^[a-z-]+$/.test(named) && existsSync(shipped) ? shipped : file;
}

async function experiment(program: LabProgram, options: LabOptions, terminal: Terminal): Promise<number> {
  const { scenario, arm, report } = options;
  if (scenario === undefined || arm === undefined || report === undefined) return usage(terminal, 'lab.needs_arm');
  const { signal, done } = untilStopped();
  try {
    const text = await program.runExperiment({
      scenarioFile: scenarioFile(scenario, terminal.folder),
      arm,
      folder: resolve(terminal.folder, report),
      tell: teller(terminal),
      signal,
    });
    terminal.print(text.trimEnd());
    return EXIT.good;
  } catch (thrown) {
    if (signal.aborted) {
      terminal.complain(terminal.words.say('lab.stopped'));
      return EXIT.failed;
    }
    if (!(thrown instanceof Error) || thrown.name !== 'LabRequestError') throw thrown;
    return usage(terminal, 'lab.bad_request', { detail: thrown.message });
  } finally {
    done();
  }
}

async function demo(program: LabProgram, options: LabOptions, terminal: Terminal): Promise<number> {
  const port = wholeNumber(options.port, MOST_PORT);
  if (port === null) return usage(terminal, 'lab.bad_port', { found: options.port });
  const seed = wholeNumber(options.seed, MOST_SEED);
  if (seed === null) return usage(terminal, 'lab.bad_seed', { found: options.seed });
  const mode = ACTION_MODES.find((known) => known === options.mode);
  if (mode === undefined) {
    return usage(terminal, 'lab.bad_mode', { found: options.mode, known: ACTION_MODES.join(', ') });
  }
  const faults = (options.faults ?? '').split(',').map((kind) => kind.trim());
  const wanted = faults.filter((kind) => kind !== '');
  const unknown = wanted.find((kind) => !program.faultKinds.includes(kind));
  if (unknown !== undefined) {
    return usage(terminal, 'lab.bad_faults', { found: unknown, known: program.faultKinds.join(', ') });
  }
  const { signal, done } = untilStopped();
  terminal.print(terminal.words.say('lab.starting'));
  const language = languageOf(terminal.environment);
  try {
    await program.runDemo({ port, mode, language, seed, faults: wanted, tell: teller(terminal), signal });
  } finally {
    done();
  }
  return EXIT.good;
}

/** `vigia lab`: shows the lab with Vigía watching it, or, with a scenario, measures what an arm brings. */
export async function lab(options: LabOptions, terminal: Terminal): Promise<number> {
  if (!existsSync(entry)) throw new VigiaError('USAGE', { detail: terminal.words.say('lab.missing') });
  const program = (await import(entry.href)) as LabProgram;
  const measuring = options.scenario !== undefined || options.arm !== undefined || options.report !== undefined;
  return measuring ? experiment(program, options, terminal) : demo(program, options, terminal);
}
