import type { LogRecord } from '../model/log-record.ts';
import { VigiaError } from '../runtime/errors.ts';
import type { CollectDeps } from './collect-options.ts';
import type { AssignEntity } from './entity-rules.ts';
import { JournalSource, takeJournal } from './logs/journal-source.ts';
import { createLogIntake, type LineOrigin, type LogIntake } from './logs/log-intake.ts';
import { SyslogSource } from './logs/syslog-source.ts';
import { TailSource } from './logs/tail-source.ts';
import { OtlpLogsReader } from './receivers/otlp-logs.ts';

export interface LogSourceParts {
  readonly assign: AssignEntity;
  /** Resolves when the records are committed. */
  readonly publish: (records: readonly LogRecord[]) => Promise<void>;
}

/** Everything that lines of log come from: files, syslog, journals, and what is sent. */
export class LogSources {
  readonly #deps: CollectDeps;
  readonly #publish: LogSourceParts['publish'];
  readonly #intake: LogIntake;
  readonly #otlp: OtlpLogsReader;
  readonly #syslog: readonly SyslogSource[];
  readonly #journals: readonly JournalSource[];
  readonly tails: readonly TailSource[];

  constructor(deps: CollectDeps, { assign, publish }: LogSourceParts) {
    const { clock, log, metrics, options, logFiles, journals } = deps;
    const { limits } = options;
    const { lineBytes } = limits;
    this.#deps = deps;
    this.#publish = publish;
    this.#intake = createLogIntake({ metrics, assign, limits });
    this.#otlp = new OtlpLogsReader(this.#intake);
    const shared = { clock, log, metrics, intake: this.#intake, publish };
    const messageBytes = lineBytes;
    this.#syslog = (deps.syslog ?? []).map((one) => new SyslogSource({ ...one, messageBytes }, shared));
    this.#journals = (journals?.sources ?? []).map(
      (one) => new JournalSource({ ...one, messageBytes }, { ...shared, cursors: journals!.cursors }),
    );
    this.tails = (logFiles?.sources ?? []).map(
      (one) => new TailSource({ ...one, lineBytes }, { ...shared, positions: logFiles!.positions }),
    );
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
    for (const tail of this.tails) await tail.close();
  }

  async ingest(body: Uint8Array, origin: LineOrigin): Promise<void> {
    this.#checkSize(body);
    await this.#publish(this.#intake.records(body, origin, this.#deps.clock.now()));
  }

  async ingestOtlp(body: Uint8Array, encoding: 'protobuf' | 'json'): Promise<{ readonly dropped: number }> {
    this.#checkSize(body);
    const { records, total } = await this.#otlp.read(body, encoding, this.#deps.clock.now());
    await this.#publish(records);
    return { dropped: total - records.length };
  }

  async ingestJournal(pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const { clock, metrics, options } = this.#deps;
    const origin = { source: 'logs/journal-upload', labels: {} };
    const shared = { clock, metrics, intake: this.#intake, publish: this.#publish };
    await takeJournal(pieces, { ...shared, origin, messageBytes: options.limits.lineBytes });
  }

  #checkSize(body: Uint8Array): void {
    const limit = this.#deps.options.limits.bodyBytes;
    if (body.length > limit) throw new VigiaError('BODY_TOO_LARGE', { limit });
  }
}
