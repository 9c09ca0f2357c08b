import type { SampleBatch } from '../model/series.ts';
import type { Clock } from '../runtime/clock.ts';
import { VigiaError } from '../runtime/errors.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import type { AssignEntity } from './entity-rules.ts';
import { ExpositionParser } from './exposition.ts';
import { parseJsonLines } from './json-lines.ts';
import { readOtlpJson } from './receivers/otlp-json.ts';
import { OtlpMetricsReader } from './receivers/otlp-metrics.ts';
import { OtlpSeries } from './receivers/otlp-series.ts';
import { RemoteWriteReader } from './receivers/remote-write.ts';
import { toBatches } from './sample-batches.ts';
import type { PageLimits, SamplePage } from './sample-page.ts';
import { type SeriesLimits, SeriesRegistry } from './series-registry.ts';
import { createSourceState, type SourceView } from './source-state.ts';

/** How pushed samples are written. */
export type SampleFormat = 'exposition' | 'openmetrics' | 'json_lines' | 'remote_write' | 'otlp' | 'otlp_json';

export interface IngestResult {
  readonly samples: number;
  readonly series: number;
  /** Samples that were dropped, by why. */
  readonly dropped: Readonly<Record<string, number>>;
}

export interface PushDeps {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly assign: AssignEntity;
  readonly limits: PageLimits;
  readonly seriesLimits: SeriesLimits;
  readonly bodyBytes: number;
  /** Resolves when the samples are committed. */
  readonly publish: (batches: readonly SampleBatch[]) => Promise<void>;
  /** Told of every page whose samples are committed. */
  readonly onPage?: (page: SamplePage) => void;
}

export interface PushSource {
  /**
   * Resolves when all samples of the body are committed. A line that is not valid refuses the whole body with
   * `EXPOSITION_INVALID`, a message that is none with `BODY_INVALID`, so that the sender can mend and repeat it; what is
   * over a limit is dropped and counted.
   */
  ingest(body: Uint8Array, format: SampleFormat): Promise<IngestResult>;
  view(): SourceView;
  sweep(): void;
}

const NAME = 'push';

/** What is sent to us. All senders share one registry, so that a series is one object whoever sends it and how. */
export function createPushSource(deps: PushDeps): PushSource {
  const { clock, metrics, assign, limits, seriesLimits, bodyBytes } = deps;
  const registry = new SeriesRegistry({ assign, limits: seriesLimits });
  const { read, sweep } = createReaders(registry, limits);
  const counts = { series: () => registry.size, worst: () => registry.worst };
  const state = createSourceState({ clock, metrics, name: NAME, kind: 'push', ...counts });
  const refused = metrics.counter('vigia_collect_refused_bodies_total', 'Bodies refused whole, by why', ['reason']);
  const refuse = (error: VigiaError, why: Phrase): never => {
    refused.inc({ reason: error.code });
    state.failed(why);
    throw error;
  };
  return {
    view: () => state.view(),
    sweep: () => {
      registry.sweep();
      sweep();
    },
    ingest: async (body, format) => {
      if (body.length > bodyBytes) {
        const values = { limit: bodyBytes };
        refuse(new VigiaError('BODY_TOO_LARGE', values), phrase('errors.BODY_TOO_LARGE', values));
      }
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      const now = clock.now();
      const page = await read[format](bytes, now).catch((thrown: unknown) => {
        if (thrown instanceof VigiaError) refuse(thrown, phrase(`errors.${thrown.code}`, thrown.values));
        throw thrown;
      });
      if (page.fault !== undefined) {
        const { line, fault } = page.fault;
        state.dropped('malformed', page.count + 1);
        const error = new VigiaError('EXPOSITION_INVALID', { line, detail: fault });
        refuse(error, phrase(`collect.fault_${fault}`, { line }));
      }
      await deps.publish(toBatches(page, NAME, now));
      state.took(page);
      deps.onPage?.(page);
      return { samples: page.count, series: registry.size, dropped: Object.fromEntries(page.drops) };
    },
  };
}

/** One reader for each way of writing samples, over one registry. */
function createReaders(registry: SeriesRegistry, limits: PageLimits) {
  const text = new ExpositionParser(registry, limits);
  const remote = new RemoteWriteReader(registry, limits);
  const otlp = new OtlpSeries(registry, limits);
  const otlpMetrics = new OtlpMetricsReader(otlp);
  const read: Readonly<Record<SampleFormat, (bytes: Buffer, now: number) => Promise<SamplePage>>> = {
    exposition: (bytes, now) => text.parse(bytes, false, now),
    openmetrics: (bytes, now) => text.parse(bytes, true, now),
    json_lines: (bytes, now) => parseJsonLines(bytes, registry, limits, now),
    remote_write: (bytes, now) => remote.read(bytes, now),
    otlp: (bytes, now) => otlpMetrics.read(bytes, now),
    otlp_json: (bytes, now) => readOtlpJson(otlp, bytes, now),
  };
  const sweep = (): void => {
    for (const reader of [text, remote, otlp]) reader.sweep();
  };
  return { read, sweep };
}
