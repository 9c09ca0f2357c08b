import type { LogRecord } from '../model/log-record.ts';
import type { Phrase } from '../model/phrase.ts';
import { VigiaError } from '../runtime/errors.ts';
import type { CollectDeps } from './collect-options.ts';
import type { AssignEntity } from './entity-rules.ts';
import { phraseOf } from './event-source.ts';
import { JournalSource, takeJournal } from './logs/journal-source.ts';
import { createLogIntake, type LineOrigin, type LogIntake } from './logs/log-intake.ts';
import { type LogSourceOptions, LogSourceState } from './logs/log-source-state.ts';
import { SyslogSource } from './logs/syslog-source.ts';
import { TailSource } from './logs/tail-source.ts';
import { OtlpLogsReader } from './receivers/otlp-logs.ts';
import type { SourceView } from './source-state.ts';

export interface LogSourceParts {
  readonly assign: AssignEntity;
  /** Resolves when the records are committed. */
  readonly publish: (records: readonly LogRecord[]) => Promise<void>;
}

/** Lines that are sent to the interface, by whichever way. */
const PUSHED = 'logs/push';

/** Everything that lines of log come from: files, syslog, journals, and what is sent. */
export class LogSources {
  readonly #deps: CollectDeps;
  readonly #publish: LogSourceParts['publish'];
  readonly #intake: LogIntake;
  readonly #otlp: OtlpLogsReader;
  readonly #syslog: readonly SyslogSource[];
  readonly #journals: readonly JournalSource[];
  readonly #tails: readonly { readonly tail: TailSource; readonly state: LogSourceState }[];
  readonly #states: LogSourceState[] = [];
  readonly #pushed: LogSourceState;

  constructor(deps: CollectDeps, { assign, publish }: LogSourceParts) {
    const { clock, log, metrics, options, logFiles, journals } = deps;
    const { limits } = options;
    const { lineBytes } = limits;
    this.#deps = deps;
    this.#publish = publish;
    this.#intake = createLogIntake({ metrics, assign, limits });
    this.#otlp = new OtlpLogsReader(this.#intake);
    const shared = { clock, log, metrics, intake: this.#intake };
    const messageBytes = lineBytes;
    this.#tails = (logFiles?.sources ?? []).map((one) => {
      const figures = () => ({ files: tail.files, behindBytes: tail.behindBytes });
      const { state, told } = this.#state({ source: `logs/${one.name}`, passive: false, figures });
      const tail = new TailSource({ ...one, lineBytes }, { ...shared, ...told, positions: logFiles!.positions });
      return { tail, state };
    });
    this.#journals = (journals?.sources ?? []).map((one) => {
      const { told } = this.#state({ source: `logs/${one.name}`, passive: false });
      return new JournalSource({ ...one, messageBytes }, { ...shared, ...told, cursors: journals!.cursors });
    });
    this.#syslog = (deps.syslog ?? []).map((one) => {
      const figures = () => (one.protocol === 'udp' ? {} : { connections: syslog.connections });
      const { told } = this.#state({ source: `logs/${one.name}`, passive: true, figures });
      const syslog = new SyslogSource({ ...one, messageBytes }, { ...shared, ...told });
      return syslog;
    });
    this.#pushed = new LogSourceState({ source: PUSHED, passive: true }, { clock, intake: this.#intake });
  }

  /** Keeps count of a source: what it publishes, and what it says is wrong. */
  #state(options: LogSourceOptions) {
    const state = new LogSourceState(options, { clock: this.#deps.clock, intake: this.#intake });
    this.#states.push(state);
    const publish = async (records: readonly LogRecord[]): Promise<void> => {
      await this.#publish(records);
      state.took(records);
    };
    return { state, told: { publish, onFault: (why: Phrase) => state.failed(why) } };
  }

  views(): readonly SourceView[] {
    const states = this.#pushed.quiet ? this.#states : [...this.#states, this.#pushed];
    return states.map((state) => state.view());
  }

  /** One look at files each, to be called again and again; what cannot be handed on is told and thrown. */
  get looks(): readonly (() => Promise<void>)[] {
    return this.#tails.map(({ tail, state }) => async () => {
      try {
        await tail.look();
        if (tail.files > 0) state.well();
      } catch (thrown) {
        state.failed(phraseOf(thrown));
        throw thrown;
      }
    });
  }

  /** Where syslog is listened for, after `start`. */
  get ports(): readonly number[] {
    return this.#syslog.map(({ port }) => port);
  }

  async start(): Promise<void> {
    for (const syslog of this.#syslog) await syslog.start();
  }

  /** What goes on until the signal ends it. */
  run(signal: AbortSignal): readonly Promise<void>[] {
    return this.#journals.map((journal) => journal.run(signal));
  }

  async stop(): Promise<void> {
    for (const syslog of this.#syslog) await syslog.stop();
    for (const { tail } of this.#tails) await tail.close();
  }

  async ingest(body: Uint8Array, origin: LineOrigin): Promise<void> {
    this.#checkSize(body);
    await this.#take(this.#intake.records(body, origin, this.#deps.clock.now()));
  }

  async ingestOtlp(body: Uint8Array, encoding: 'protobuf' | 'json'): Promise<{ readonly dropped: number }> {
    this.#checkSize(body);
    const { records, total } = await this.#otlp.read(body, encoding, this.#deps.clock.now());
    await this.#take(records);
    return { dropped: total - records.length };
  }

  async ingestJournal(pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const { clock, options } = this.#deps;
    const origin = { source: 'logs/journal-upload', labels: {} };
    const publish = (records: readonly LogRecord[]): Promise<void> => this.#take(records);
    const shared = { clock, intake: this.#intake, publish };
    await takeJournal(pieces, { ...shared, origin, messageBytes: options.limits.lineBytes });
  }

  async #take(records: readonly LogRecord[]): Promise<void> {
    await this.#publish(records);
    this.#pushed.took(records);
  }

  #checkSize(body: Uint8Array): void {
    const limit = this.#deps.options.limits.bodyBytes;
    if (body.length > limit) throw new VigiaError('BODY_TOO_LARGE', { limit });
  }
}
