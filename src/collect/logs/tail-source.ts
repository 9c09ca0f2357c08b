import { stat } from 'node:fs/promises';
import { glob } from 'tinyglobby';
import type { Labels } from '../../model/labels.ts';
import type { LogRecord } from '../../model/log-record.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { LogIntake } from './log-intake.ts';
import { type FilePosition, TailedFile } from './tailed-file.ts';

export interface TailOptions {
  readonly name: string;
  /** Patterns of absolute paths. */
  readonly paths: readonly string[];
  /** Name the entity, by the same rules as the labels of a series. */
  readonly labels: Labels;
  /** Where reading begins in files that are there at the first start; those that come later are read whole. */
  readonly from: 'start' | 'end';
  readonly lineBytes: number;
}

/** Where reading has come to, over restarts. */
export interface TailPositions {
  load(source: string): Promise<readonly FilePosition[]>;
  save(source: string, positions: readonly FilePosition[]): Promise<void>;
}

export interface TailDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly intake: LogIntake;
  readonly positions: TailPositions;
  /** Resolves when the records are committed; that is the back-pressure. */
  readonly publish: (records: readonly LogRecord[]) => Promise<void>;
}

/** Files of one source that are read at the same time; more are counted and left. */
const MAX_FILES = 1000;
/** Looks without anything new, after which a file that is at none of its paths any more is let go. */
const IDLE_LOOKS = 3;
/** Pieces of one file in a row, before the next file has its turn. */
const PIECES = 16;

interface Watched {
  readonly tail: TailedFile;
  idle: number;
  /** Its path was found in the last look. */
  present: boolean;
}

/**
 * Follows files as they grow, through rotation by rename and by truncation. A line is done when its record is committed;
 * after a restart reading goes on behind the last such line, so that none is lost.
 */
export class TailSource {
  readonly #options: TailOptions;
  readonly #deps: TailDeps;
  /** By device and inode. */
  readonly #files = new Map<string, Watched>();
  readonly #refused = new Set<string>();
  #known: Map<string, FilePosition> | null = null;

  constructor(options: TailOptions, deps: TailDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Files that are followed now. */
  get files(): number {
    return this.#files.size;
  }

  /** Looks at every file once and hands on what is new. Rejects when the records cannot be committed. */
  async look(): Promise<void> {
    const first = this.#known === null;
    this.#known ??= new Map((await this.#deps.positions.load(this.#options.name)).map((one) => [one.file, one]));
    await this.#find(first && this.#known.size === 0);
    let changed = false;
    for (const watched of this.#files.values()) {
      if (await this.#read(watched)) changed = true;
      if (watched.present || watched.idle < IDLE_LOOKS) continue;
      await watched.tail.close();
      this.#files.delete(watched.tail.file);
    }
    if (changed) await this.#save();
  }

  async close(): Promise<void> {
    for (const { tail } of this.#files.values()) await tail.close().catch(() => undefined);
    this.#files.clear();
    this.#known = null;
  }

  /** `atFirst` is the very first start, when what was written before is not news. */
  async #find(atFirst: boolean): Promise<void> {
    const { paths, from, lineBytes, name } = this.#options;
    for (const watched of this.#files.values()) watched.present = false;
    const found = await glob([...paths], { absolute: true, onlyFiles: true, dot: true, expandDirectories: false });
    for (const path of found.toSorted()) {
      const file = await identityOf(path);
      const watched = file === null ? undefined : this.#files.get(file);
      if (watched !== undefined) {
        watched.present = true;
        watched.tail.path = path;
      }
      if (file === null || watched !== undefined || this.#refused.has(file)) continue;
      if (this.#files.size >= MAX_FILES) {
        this.#count('vigia_collect_log_files_left_total', 'Files left unread, as a source has too many');
        break;
      }
      const known = this.#known?.get(file);
      const fromEnd = atFirst && from === 'end';
      await this.#open(path, file, { lineBytes, fromEnd, known }).catch((thrown: unknown) => {
        this.#deps.log.warn({ source: name, path, error: toError(thrown).message }, 'a log file cannot be read');
        this.#count('vigia_collect_log_files_failed_total', 'Tries to open a log file that failed');
      });
    }
  }

  async #open(path: string, file: string, options: Parameters<typeof TailedFile.open>[1]): Promise<void> {
    const tail = path.endsWith('.gz') ? null : await TailedFile.open(path, options);
    if (tail === null) {
      this.#refused.add(file);
      if (this.#refused.size > MAX_FILES) this.#refused.clear();
      this.#deps.log.info({ source: this.#options.name, path }, 'this is no text file; it is left alone');
    } else this.#files.set(tail.file, { tail, idle: 0, present: true });
  }

  /** True when lines were handed on. */
  async #read(watched: Watched): Promise<boolean> {
    const { clock, intake, publish } = this.#deps;
    const { name, labels } = this.#options;
    const { tail } = watched;
    let took = false;
    for (let piece = 0; piece < PIECES; piece++) {
      const { lines, cut, more } = await tail.read();
      if (cut > 0) this.#count('vigia_collect_log_lines_cut_total', 'Lines cut to their limit', cut);
      watched.idle = lines.length > 0 || more ? 0 : watched.idle + 1;
      const last = lines.at(-1);
      if (last !== undefined) {
        const now = clock.now();
        const origin = { source: `logs/${name}`, labels };
        await publish(
          lines.flatMap((line) => intake.record(line.text, { ...origin, position: tail.placeOf(line) }, now) ?? []),
        );
        tail.done(last);
        took = true;
      }
      if (!more) break;
    }
    return took;
  }

  async #save(): Promise<void> {
    await this.#deps.positions.save(
      this.#options.name,
      [...this.#files.values()].map(({ tail }) => tail.position),
    );
  }

  #count(name: string, help: string, by = 1): void {
    this.#deps.metrics.counter(name, help, ['source']).inc({ source: this.#options.name }, by);
  }
}

async function identityOf(path: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(path);
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}
