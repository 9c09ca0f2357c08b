import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Labels } from '../../model/labels.ts';
import type { LogRecord } from '../../model/log-record.ts';
import { type Phrase, phrase } from '../../model/phrase.ts';
import type { Clock } from '../../runtime/clock.ts';
import { every } from '../../runtime/every.ts';
import type { Log } from '../../runtime/log.ts';
import { JournalEntries, type JournalEntry } from './journal-entries.ts';
import { journalRecord } from './journal-record.ts';
import type { LogIntake } from './log-intake.ts';

export interface JournalOptions {
  readonly name: string;
  /** Only entries of these units; empty for all. */
  readonly units: readonly string[];
  /** Where the journal is, when it is not the machine's own. */
  readonly directory?: string;
  readonly labels: Labels;
  readonly from: 'start' | 'end';
  readonly messageBytes: number;
}

export interface JournalDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly intake: LogIntake;
  /** Where reading has come to, by source. */
  readonly cursors: JournalCursors;
  readonly publish: (records: readonly LogRecord[]) => Promise<void>;
  /** Told what went wrong. */
  readonly onFault?: (why: Phrase) => void;
}

export interface JournalCursors {
  load(source: string): Promise<string | null>;
  save(source: string, cursor: string): Promise<void>;
}

/** Between the end of journalctl and its next start. */
const AGAIN_MS = 5000;
const MAX_COMPLAINT = 500;

type Journalctl = ChildProcessByStdio<null, Readable, Readable>;

/**
 * Follows systemd's journal with `journalctl`, whose pipe is the back-pressure. It goes on behind the last entry that was
 * committed; what comes again after a kill is known by its place in the journal.
 */
export class JournalSource {
  readonly #options: JournalOptions;
  readonly #deps: JournalDeps;

  constructor(options: JournalOptions, deps: JournalDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Resolves when the signal ends it. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    const { name } = this.#options;
    const failed = ({ message }: Error): void => {
      log.warn({ source: name, error: message }, 'the journal cannot be read; tried again');
      this.#deps.onFault?.(phrase('collect.journalUnreadable', { detail: message }));
    };
    await this.#follow(signal).catch(failed);
    await every(AGAIN_MS, () => this.#follow(signal), { clock, signal, failed });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const child: Journalctl = spawn('journalctl', await this.#arguments(), { stdio: ['ignore', 'pipe', 'pipe'] });
    const kill = (): void => void child.kill();
    signal.addEventListener('abort', kill, { once: true });
    let complaint = '';
    child.stderr.on('data', (piece: Buffer) => {
      complaint = (complaint + piece.toString('utf8')).slice(-MAX_COMPLAINT);
    });
    const ended = once(child, 'close');
    // Awaited below, whatever happens before.
    ended.catch(() => undefined);
    try {
      await this.#receive(child.stdout);
      await ended;
      if (!signal.aborted) throw new Error(complaint.trim() || 'journalctl has ended');
    } finally {
      signal.removeEventListener('abort', kill);
      child.kill();
      child.stdout.destroy();
    }
  }

  async #arguments(): Promise<readonly string[]> {
    const { name, units, directory, from } = this.#options;
    const cursor = await this.#deps.cursors.load(name);
    const begin = cursor !== null ? [`--after-cursor=${cursor}`] : from === 'start' ? ['--lines=all'] : ['--lines=0'];
    return [
      '--output=export',
      '--follow',
      '--no-pager',
      ...begin,
      ...units.map((unit) => `--unit=${unit}`),
      ...(directory === undefined ? [] : [`--directory=${directory}`]),
    ];
  }

  async #receive(pieces: AsyncIterable<Buffer>): Promise<void> {
    const { name, labels, messageBytes } = this.#options;
    const origin = { source: `logs/${name}`, labels };
    await takeJournal(pieces, { ...this.#deps, origin, messageBytes }, (last) => {
      const cursor = last.get('__CURSOR');
      return cursor === undefined ? Promise.resolve() : this.#deps.cursors.save(name, cursor);
    });
  }
}

interface TakeDeps extends Pick<JournalDeps, 'clock' | 'intake' | 'publish'> {
  readonly origin: { readonly source: string; readonly labels: Labels };
  readonly messageBytes: number;
}

/** Takes a stream in the export format; `done` is told the last entry of what is committed. Returns how many records there were. */
export async function takeJournal(
  pieces: AsyncIterable<Uint8Array>,
  { clock, intake, publish, origin, messageBytes }: TakeDeps,
  done: (last: JournalEntry) => Promise<void> = async () => undefined,
): Promise<number> {
  const entries = new JournalEntries(messageBytes);
  let total = 0;
  try {
    for await (const piece of pieces) {
      const whole = entries.take(Buffer.from(piece));
      const now = clock.now();
      const records = whole.flatMap((entry) => journalRecord(entry, intake, origin, now) ?? []);
      if (records.length > 0) await publish(records);
      total += records.length;
      const last = whole.at(-1);
      if (last !== undefined) await done(last);
    }
  } finally {
    if (entries.refused > 0) intake.drop(origin.source, 'malformed', entries.refused);
  }
  return total;
}
