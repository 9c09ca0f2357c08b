/** A stretch of work within a trace, under way. */
export interface Span {
  /** Its place, as W3C Trace Context writes `traceparent`; what it causes begins there. */
  readonly place: string;
  end(error?: Error): void;
}

export interface SpanStart {
  readonly name: string;
  readonly kind: 'send' | 'process';
  /** Place of what caused it; null begins a trace of its own, if that is among those looked at. */
  readonly parent: string | null;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** Tells what was done on the way of one message. */
export interface Tracer {
  /** Null when nobody looks at this trace. Never throws, never waits. */
  begin(start: SpanStart): Span | null;
}
