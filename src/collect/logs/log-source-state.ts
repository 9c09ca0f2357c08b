import type { LogRecord } from '../../model/log-record.ts';
import type { Phrase } from '../../model/phrase.ts';
import type { Clock } from '../../runtime/clock.ts';
import { SkewMeter } from '../../runtime/skew-meter.ts';
import type { SourceView } from '../source-state.ts';
import type { LogIntake } from './log-intake.ts';

export interface LogSourceOptions {
  /** As its lines name it. */
  readonly source: string;
  /** It waits for what others send: silence is no fault. */
  readonly passive: boolean;
  /** Files that are open, bytes of them that are not read yet, connections: what there is of these. */
  readonly figures?: () => Omit<NonNullable<SourceView['logs']>, 'perSecond'>;
}

interface LogSourceDeps {
  readonly clock: Clock;
  readonly intake: Pick<LogIntake, 'drops'>;
}

/** A rate is that of the last minute, in parts. */
const PART_MS = 10_000;
const PARTS = 6;
/** Nothing came for so long. */
const IDLE_MS = 5 * 60_000;
/** What cannot be read is tried again twice a minute: a fault that did not come again for so long is over. */
const FAULT_MS = 90_000;

/** What is told of a source of log lines, as of a target that is scraped. */
export class LogSourceState {
  readonly #options: LogSourceOptions;
  readonly #deps: LogSourceDeps;
  readonly #skew = new SkewMeter();
  /** Lines of the last minute by part, with the number of the part. */
  #parts: { readonly part: number; lines: number }[] = [];
  #lines = 0;
  #lastLine: number | null = null;
  #lastSuccess: number | null = null;
  #lastError: SourceView['lastError'] = null;

  constructor(options: LogSourceOptions, deps: LogSourceDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** These are committed. */
  took(records: readonly LogRecord[]): void {
    if (records.length === 0) return;
    const now = this.#deps.clock.now();
    const part = Math.floor(now / PART_MS);
    const last = this.#parts.at(-1);
    if (last?.part === part) last.lines += records.length;
    else this.#parts = [...this.#parts, { part, lines: records.length }].slice(-PARTS);
    let newest = Number.NEGATIVE_INFINITY;
    for (const { time } of records) newest = Math.max(newest, time);
    this.#skew.add(now, newest);
    this.#lines += records.length;
    this.#lastLine = now;
    this.well();
  }

  /** It was looked at and can be read, whether or not there was anything new. */
  well(): void {
    this.#lastSuccess = this.#deps.clock.now();
  }

  failed(why: Phrase): void {
    this.#lastError = { time: this.#deps.clock.now(), phrase: why };
  }

  /** Whether there is anything to tell of it yet. */
  get quiet(): boolean {
    return this.#lines === 0 && this.#lastError === null;
  }

  view(): SourceView {
    const { source, figures } = this.#options;
    const now = this.#deps.clock.now();
    if (this.#lastError !== null && now - this.#lastError.time > FAULT_MS) this.#lastError = null;
    const since = Math.floor(now / PART_MS) - PARTS;
    const lately = this.#parts.reduce((sum, { part, lines }) => sum + (part > since ? lines : 0), 0);
    const perSecond = Math.round((10_000 * lately) / (PARTS * PART_MS - (PART_MS - (now % PART_MS)))) / 10;
    return {
      name: source,
      kind: 'logs',
      state: this.#state(now),
      lastSuccess: this.#lastSuccess,
      lastError: this.#lastError,
      samples: this.#lines,
      series: 0,
      drops: this.#deps.intake.drops(source),
      skewMs: this.#skew.skewMs,
      logs: { perSecond, ...figures?.() },
    };
  }

  #state(now: number): SourceView['state'] {
    if (this.#lastError !== null && (this.#lastLine ?? 0) <= this.#lastError.time) return 'down';
    if (this.#options.passive) return this.#lastLine === null || now - this.#lastLine > IDLE_MS ? 'idle' : 'up';
    return this.#lastSuccess === null ? 'idle' : 'up';
  }
}
