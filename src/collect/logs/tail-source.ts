import type { LogRecord } from '../../model/log-record.ts';
import { type Phrase, phrase } from '../../model/phrase.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { stableId } from '../../runtime/ids.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { beginsAs, headOf, isText } from './file-head.ts';
import { ANY_SIZE, type FilePosition, FileStreams } from './file-streams.ts';
import { findFiles, type FoundFile, lookAt } from './find-files.ts';
import type { LogIntake } from './log-intake.ts';
import { openHead, openLogFile } from './open-log-file.ts';
import { PutOff } from './put-off.ts';
import { recordsOf } from './tail-records.ts';
import type { TailOptions, TailPositions } from './tail-options.ts';
import { mayBeClosed, positionOf, type WatchedFile } from './watched-file.ts';

export interface TailDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly intake: LogIntake;
  readonly positions: TailPositions;
  /** Resolves when the records are committed; that is the back-pressure. */
  readonly publish: (records: readonly LogRecord[]) => Promise<void>;
  /** Told what cannot be read. */
  readonly onFault?: (why: Phrase) => void;
}

/** Files of one source that are open at the same time; the others have their turn when some of these are at rest. */
const MAX_OPEN = 1000;
/** Pieces of a file in a row, before it is looked for new files again. */
const PIECES = 64;
/** With so many files they are looked for only every second time, with twice as many every third, and so on. */
const FILES_A_LOOK = 1000;
/** Looks before a file that could not be read is tried again. */
const FAILED_LOOKS = 30;
/** Positions that may be unsaved: fewer than the streams whose place is remembered where lines are counted. */
const MOST_UNSAVED = 100;
/** Lines of several files that are committed together. */
const MANY_LINES = 1000;

/**
 * Follows files as they grow, through rotation by rename, by copy and truncation, and through compression. A line is done
 * when its record is committed; its record says at which place of which stream it stands, so that it counts once even
 * when a process dies before it has said that the line is done.
 */
export class TailSource {
  readonly #options: TailOptions;
  readonly #deps: TailDeps;
  /** By device and inode. */
  readonly #files = new Map<string, WatchedFile>();
  #streams = new FileStreams();
  #loaded = false;
  /** It is the very first start, when what was written before is not news. */
  #first = false;
  #looks = 0;
  /** Files that were found and wait until others are closed. */
  #left: readonly FoundFile[] = [];
  #pause = 1;
  #streamsMade = 0;
  readonly #unsaved = new Set<string>();
  /** Files with lines that are read and not handed on yet; nothing more is read of them before. */
  readonly #held = new Set<WatchedFile>();
  readonly #putOff = new PutOff();

  constructor(options: TailOptions, deps: TailDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Files that are open now. */
  get files(): number {
    return this.#files.size;
  }

  /** Bytes of these that are not done yet, as far as they were there in the last look. */
  get behindBytes(): number {
    let bytes = 0;
    for (const { size, packed, reader } of this.#files.values()) if (!packed) bytes += Math.max(0, size - reader.done);
    return bytes;
  }

  /** Looks at every file once and hands on what is new. Rejects when the records cannot be committed. */
  async look(): Promise<void> {
    await this.#load();
    await this.#handOn();
    if (this.#looks % this.#pause === 0) await this.#find();
    else if (this.#left.length > 0) await this.#openLeft();
    this.#looks += 1;
    let rest = [...this.#files.values()];
    for (let piece = 0; piece < PIECES && rest.length > 0; piece++) {
      const more: WatchedFile[] = [];
      for (const watched of rest) if (await this.#read(watched)) more.push(watched);
      await this.#handOn();
      rest = more;
    }
    for (const watched of this.#files.values()) await this.#letGo(watched);
    if (this.#unsaved.size > 0 || this.#streams.changed || this.#first) await this.#save();
    this.#first = false;
  }

  async close(): Promise<void> {
    for (const { reader } of this.#files.values()) await reader.close().catch(() => undefined);
    this.#files.clear();
    this.#held.clear();
    this.#left = [];
    this.#streams = new FileStreams();
    this.#loaded = false;
  }

  async #load(): Promise<void> {
    if (this.#loaded) return;
    const { positions } = this.#deps;
    const { name } = this.#options;
    const [open, past] = [await positions.load(name), await positions.load(pastOf(name))];
    this.#streams.load(past, open.map(named));
    this.#first = open.length + past.length === 0;
    this.#loaded = true;
  }

  async #find(): Promise<void> {
    const found = await findFiles(this.#options.paths);
    this.#pause = Math.ceil((found.length + 1) / FILES_A_LOOK);
    for (const watched of this.#files.values()) watched.present = false;
    const there = new Set<string>();
    const fresh: FoundFile[] = [];
    for (const one of found) {
      there.add(one.file);
      const watched = this.#files.get(one.file);
      if (watched !== undefined) Object.assign(watched, { ...one, present: true });
      else if (this.#streams.resting(one.file)?.rests !== one.size && !this.#putOff.has(one.file, this.#looks))
        fresh.push(one);
    }
    this.#streams.endAllBut(there);
    const known = ({ file }: FoundFile): number => (this.#streams.resting(file) === undefined ? 0 : 1);
    fresh.sort((a, b) => known(b) - known(a) || b.changedAt - a.changedAt);
    await this.#openSome(fresh);
    if (this.#left.length > 0) this.#count('vigia_collect_log_files_left_total', WAITED, this.#left.length);
  }

  /** Meanwhile other files may have come to stand where they stood: those have their turn when they are found. */
  async #openLeft(): Promise<void> {
    const room = MAX_OPEN - this.#files.size;
    const still = await Promise.all(
      this.#left.slice(0, room).map(async (one) => ({ one, now: await lookAt(one.path) })),
    );
    const same = still.flatMap(({ one, now }) => (now?.file === one.file ? now : []));
    await this.#openSome([...same, ...this.#left.slice(room)]);
  }

  /** As many as may be open. */
  async #openSome(fresh: readonly FoundFile[]): Promise<void> {
    const room = MAX_OPEN - this.#files.size;
    this.#left = fresh.slice(room);
    for (const one of fresh.slice(0, room)) await this.#open(one);
    if (this.#unsaved.size > 0) await this.#save();
  }

  async #open(found: FoundFile): Promise<void> {
    try {
      const head = await openHead(found.path);
      if (!isText(head)) {
        this.#deps.log.info({ source: this.#options.name, path: found.path }, 'this is no text file; it is left alone');
        this.#putOff.add(found.file, Number.POSITIVE_INFINITY);
        return;
      }
      const from = this.#begin(found, head);
      if (from === null) return;
      const { lineBytes } = this.#options;
      const reader = await openLogFile(found.path, lineBytes, from.offset);
      const { stream } = from;
      const packed = found.path.endsWith('.gz');
      const watched = { ...found, reader, stream, packed, idle: 0, present: true, waiting: null };
      this.#files.set(found.file, watched);
      this.#streams.wake(found.file);
      this.#streams.resume(stream);
      this.#unsaved.add(stream);
    } catch (thrown) {
      this.#fail(found, thrown);
    }
  }

  /** Where reading a file begins, and of which stream it is; null when that cannot be said yet or there is nothing to read. */
  #begin(found: FoundFile, head: Buffer): { readonly stream: string; readonly offset: number | null } | null {
    const { file, path, size } = found;
    const packed = path.endsWith('.gz');
    const known = this.#streams.resting(file);
    if (known !== undefined && beginsAs(head, known) && (packed || known.offset <= size)) return known;
    if (known !== undefined) {
      this.#streams.wake(file);
      this.#streams.end(known);
    }
    const original = this.#streams.originalOf(found, head, [...this.#files.values()].map(positionOf));
    if (original === 'alive') return null;
    if (original !== null) return original;
    const stream = this.#newStream(file);
    const old = this.#first && this.#options.from === 'end';
    if (!old || !packed) return { stream, offset: old ? null : 0 };
    this.#streams.rest({ path, file, stream, offset: Number.MAX_SAFE_INTEGER, ...headOf(head) }, size);
    return null;
  }

  #newStream(file: string): string {
    this.#streamsMade += 1;
    const { name } = this.#options;
    return stableId('f', name, file, this.#deps.clock.now(), this.#streamsMade).slice(0, 16);
  }

  /** True when there is more to read. */
  async #read(watched: WatchedFile): Promise<boolean> {
    const { reader } = watched;
    const news = await reader.read().catch((thrown: unknown) => this.#drop(watched, thrown));
    if (news === null) return false;
    const { lines, cut, more, quiet, truncated } = news;
    if (cut > 0) this.#count('vigia_collect_log_lines_cut_total', 'Lines cut to their limit', cut);
    watched.idle = quiet ? watched.idle + 1 : 0;
    const last = lines.at(-1);
    if (last !== undefined)
      watched.waiting = { records: await recordsOf(watched, lines, { ...this.#options, ...this.#deps }), last };
    if (watched.waiting !== null) this.#held.add(watched);
    if (truncated || this.#isMuch) await this.#handOn();
    if (truncated) await this.#restart(watched);
    return more;
  }

  /** Whether what waits is worth a commit. */
  get #isMuch(): boolean {
    let lines = 0;
    for (const { waiting } of this.#held) lines += waiting?.records.length ?? 0;
    return lines >= MANY_LINES || this.#held.size + this.#unsaved.size >= MOST_UNSAVED;
  }

  /** Of many files together: each by itself would wait for a commit of its own. */
  async #handOn(): Promise<void> {
    const held = [...this.#held];
    if (held.length === 0) return;
    await this.#deps.publish(held.flatMap(({ waiting }) => waiting?.records ?? []));
    this.#held.clear();
    for (const watched of held) {
      if (watched.waiting !== null) watched.reader.finish(watched.waiting.last);
      watched.waiting = null;
      this.#unsaved.add(watched.stream);
    }
    if (this.#unsaved.size >= MOST_UNSAVED) await this.#save();
  }

  /** What was in the file has ended, and something else begins: its name is saved before anything of it is handed on. */
  async #restart(watched: WatchedFile): Promise<void> {
    this.#streams.end(positionOf(watched));
    await watched.reader.restart?.();
    watched.stream = this.#newStream(watched.file);
    this.#unsaved.add(watched.stream);
    await this.#save();
  }

  /** Closes what is gone, and what nobody writes to. */
  async #letGo(watched: WatchedFile): Promise<void> {
    if (!mayBeClosed(watched, this.#deps.clock.now())) return;
    await watched.reader.close();
    this.#files.delete(watched.file);
    if (watched.present) this.#streams.rest(positionOf(watched), watched.size);
    else this.#streams.end(positionOf(watched));
  }

  /** A file that is open cannot be read any more. */
  async #drop(watched: WatchedFile, thrown: unknown): Promise<null> {
    this.#fail(watched, thrown);
    await watched.reader.close().catch(() => undefined);
    this.#files.delete(watched.file);
    this.#streams.rest(positionOf(watched), ANY_SIZE);
    return null;
  }

  #fail({ path, file }: { readonly path: string; readonly file: string }, thrown: unknown): void {
    const { message: detail } = toError(thrown);
    this.#deps.log.warn({ source: this.#options.name, path, error: detail }, 'a log file cannot be read');
    this.#deps.onFault?.(phrase('collect.logFileUnreadable', { path, detail }));
    this.#count('vigia_collect_log_files_failed_total', 'Tries to read a log file that failed');
    this.#putOff.add(file, this.#looks + FAILED_LOOKS);
  }

  /** Together: a file that is in neither list would be read anew. */
  async #save(): Promise<void> {
    const { name } = this.#options;
    const past = this.#streams.changed || this.#first ? { [pastOf(name)]: this.#streams.kept } : {};
    await this.#deps.positions.save({ [name]: [...this.#files.values()].map(positionOf), ...past });
    this.#streams.changed = false;
    this.#unsaved.clear();
  }

  #count(name: string, help: string, by = 1): void {
    this.#deps.metrics.counter(name, help, ['source']).inc({ source: this.#options.name }, by);
  }
}

const WAITED = 'Files that waited, as a source has too many';

const pastOf = (name: string): string => `${name}/past`;

/** Positions of earlier versions have no stream. */
const named = (position: FilePosition): FilePosition => ({ ...position, stream: position.stream ?? position.file });
