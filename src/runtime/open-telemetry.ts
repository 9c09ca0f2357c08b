import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode, parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Service } from '../model/service.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { createLoop } from './loop.ts';
import type { Metrics } from './metrics.ts';
import type { Span, SpanStart, Tracer } from './trace.ts';

export interface TraceOptions {
  /** Where OTLP/HTTP takes traces, such as `http://localhost:4318/v1/traces`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Share of traces that are told, 0..1; whoever comes later on a message's way does as the first decided. */
  readonly ratio: number;
  /** Most spans that wait to be sent; what comes beyond is dropped and counted. */
  readonly queue: number;
  /** What tells, by the names of OpenTelemetry's conventions. */
  readonly resource: Readonly<Record<string, string>>;
}

export interface TraceDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Spans of one request, and how long they wait for others at most. */
const BATCH = 512;
const EVERY_MS = 2000;
const REQUEST_MS = 10_000;
/** For what is left at the end. */
const STOP_MS = 1500;
const KINDS = { send: SpanKind.PRODUCER, process: SpanKind.CONSUMER } as const;

/** Bounded, and one request at a time: what finds no room or is refused is counted and gone. */
class SpanQueue implements SpanProcessor {
  readonly #exporter: SpanExporter;
  readonly #limit: number;
  readonly #log: Log;
  readonly #sent: ReturnType<Metrics['counter']>;
  readonly #dropped: ReturnType<typeof droppedCounter>;
  readonly #waiting: ReadableSpan[] = [];
  #sending: Promise<void> | null = null;
  /** Said once, until it goes well again. */
  #failing = false;

  constructor(exporter: SpanExporter, limit: number, { log, metrics }: TraceDeps) {
    this.#exporter = exporter;
    this.#limit = limit;
    this.#log = log;
    this.#sent = metrics.counter('vigia_traces_spans_sent_total', 'Spans that the receiver of traces took.');
    this.#dropped = droppedCounter(metrics);
    for (const reason of ['queue_full', 'refused'] as const) this.#dropped.inc({ reason }, 0);
  }

  onStart(): void {
    // A span is of interest when it is over.
  }

  onEnd(span: ReadableSpan): void {
    if (this.#waiting.length >= this.#limit) {
      this.#dropped.inc({ reason: 'queue_full' });
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= BATCH && !this.#failing) void this.forceFlush();
  }

  /** Never rejects. */
  forceFlush(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const spans = this.#waiting.splice(0, BATCH);
      const { code, error } = await new Promise<ExportResult>((done) => this.#exporter.export(spans, done));
      if (code !== ExportResultCode.SUCCESS) {
        this.#refused(spans.length, error);
        return;
      }
      this.#failing = false;
      this.#sent.inc(spans.length);
    }
  }

  #refused(spans: number, error: Error | undefined): void {
    this.#dropped.inc({ reason: 'refused' }, spans);
    if (!this.#failing) this.#log.warn({ err: error?.message }, 'traces are not taken; spans are dropped meanwhile');
    this.#failing = true;
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}

const droppedCounter = (metrics: Metrics) =>
  metrics.counter('vigia_traces_spans_dropped_total', 'Spans that nobody will see, by why.', ['reason']);

/** Where a span begins that has this cause; a cause that cannot be read is none. */
function contextOf(parent: string | null): Context {
  const place = parent === null ? null : parseTraceParent(parent);
  return place === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...place, isRemote: true });
}

/** Traces by OpenTelemetry's SDK over OTLP/HTTP, and the service that sends them. Sending never holds anybody up. */
export function createOpenTelemetry(options: TraceOptions, deps: TraceDeps): { tracer: Tracer; service: Service } {
  const { clock, log } = deps;
  const { endpoint: url, headers, queue: limit, ratio, resource } = options;
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: REQUEST_MS });
  const queue = new SpanQueue(exporter, limit, deps);
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    resource: resourceFromAttributes(resource),
    spanProcessors: [queue],
  });
  const otel = provider.getTracer('vigia');
  const begin = ({ name, kind, parent, attributes }: SpanStart): Span | null => {
    const span = otel.startSpan(name, { kind: KINDS[kind], attributes }, contextOf(parent));
    if (!span.isRecording()) return null;
    const { traceId, spanId } = span.spanContext();
    return {
      place: `00-${traceId}-${spanId}-01`,
      end: (error) => {
        if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
        span.end();
      },
    };
  };
  const loop = createLoop({
    name: 'traces',
    everyMs: EVERY_MS,
    clock,
    work: () => queue.forceFlush(),
    failed: (error) => log.warn({ err: error.message }, 'traces could not be sent'),
  });
  const stop = async (): Promise<void> => {
    const told = loop
      .stop()
      .then(() => queue.forceFlush())
      .then(() => provider.shutdown());
    // A receiver that does not answer is not waited for.
    await Promise.race([told.catch(() => undefined), clock.sleep(STOP_MS)]);
  };
  return { tracer: { begin }, service: { name: 'traces', start: () => loop.start(), stop } };
}
