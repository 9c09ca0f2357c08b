import type { Phrase } from '../model/phrase.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { SkewMeter } from '../runtime/skew-meter.ts';
import { type DropReason, DROP_REASONS } from './series-registry.ts';
import type { SamplePage } from './sample-page.ts';

/** `samples` of `events` counts events, of `logs` lines. */
export type SourceKind = 'host' | 'scrape' | 'push' | 'events' | 'package' | 'logs';

/** One source as the API shows it. */
export interface SourceView {
  readonly name: string;
  readonly kind: SourceKind;
  readonly state: 'up' | 'down' | 'idle';
  readonly lastSuccess: number | null;
  readonly lastError: { readonly time: number; readonly phrase: Phrase } | null;
  /** Samples taken since the start. */
  readonly samples: number;
  /** Series at this time. */
  readonly series: number;
  readonly drops: Readonly<Record<string, number>>;
  /** How far its newest time stamps lie behind our clock at best, ms; negative: ahead. Null: not known. */
  readonly skewMs?: number | null;
  /** The metrics that most often found no room within the limit of series, the worst first. */
  readonly worst?: { readonly metric: string; readonly refused: number }[];
  /** Of a source of log lines. */
  readonly logs?: {
    /** Over the last minute. */
    readonly perSecond: number;
    /** Files that are open. */
    readonly files?: number;
    /** Bytes of these that are not read yet. */
    readonly behindBytes?: number;
    readonly connections?: number;
  };
}

/** Keeps count of what a source brings; the same counts are in `/metrics`. */
export interface SourceState {
  /** Counts what a page holds and what it dropped, after it was published. */
  took(page: SamplePage): void;
  /** Counts drops only, of a page of which nothing was taken. */
  dropped(reason: DropReason, count: number): void;
  /** Counts what came other than on pages: events. */
  heard(count: number): void;
  failed(phrase: Phrase): void;
  view(): SourceView;
  /** Takes its counts out of `/metrics`, when the source is gone for good. */
  close(): void;
}

export interface SourceStateDeps {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly name: string;
  readonly kind: SourceKind;
  readonly series: () => number;
  readonly worst?: () => NonNullable<SourceView['worst']>;
}

/** A source that is pushed to is never down, only idle when nothing came for so long. */
const IDLE_MS = 5 * 60_000;

const figures = (metrics: Metrics) => ({
  taken: metrics.counter('vigia_collect_samples_total', 'Samples taken', ['source']),
  drops: metrics.counter('vigia_collect_dropped_samples_total', 'Samples dropped, by why', ['source', 'reason']),
  kept: metrics.gauge('vigia_collect_series', 'Series known of a source', ['source']),
});

function stateOf(
  kind: SourceKind,
  now: number,
  { lastSuccess, lastError }: Pick<SourceView, 'lastSuccess' | 'lastError'>,
): SourceView['state'] {
  if (kind !== 'push' && lastError !== null) return 'down';
  if (lastSuccess === null) return 'idle';
  return kind === 'push' && now - lastSuccess > IDLE_MS ? 'idle' : 'up';
}

/** Compares the newest time of a page with ours. */
function noteSkew(skew: SkewMeter, { times, count }: SamplePage, now: number): void {
  let newest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) newest = Math.max(newest, times[i]!);
  if (Number.isFinite(newest)) skew.add(now, newest);
}

function removeFigures(metrics: Metrics, source: string, reasons: readonly string[]): void {
  const { taken, drops, kept } = figures(metrics);
  taken.remove({ source });
  kept.remove({ source });
  for (const reason of reasons) drops.remove({ source, reason });
}

/** In the order of the table, so that a page does not jump. */
const inOrder = (counts: Partial<Record<DropReason, number>>): Record<string, number> =>
  Object.fromEntries(DROP_REASONS.flatMap((reason) => (counts[reason] ? [[reason, counts[reason]]] : [])));

export function createSourceState(deps: SourceStateDeps): SourceState {
  const { clock, metrics, name, kind, series, worst = () => [] } = deps;
  const { taken, drops, kept } = figures(metrics);
  const skew = new SkewMeter();
  const counts: Partial<Record<DropReason, number>> = {};
  let samples = 0;
  let lastSuccess: number | null = null;
  let lastError: SourceView['lastError'] = null;
  const dropped = (reason: DropReason, count: number): void => {
    counts[reason] = (counts[reason] ?? 0) + count;
    drops.inc({ source: name, reason }, count);
  };
  const succeeded = (): void => {
    lastSuccess = clock.now();
    lastError = null;
  };
  return {
    took: (page) => {
      samples += page.count;
      noteSkew(skew, page, clock.now());
      taken.inc({ source: name }, page.count);
      kept.set({ source: name }, series());
      for (const [reason, count] of page.drops) dropped(reason, count);
      succeeded();
    },
    heard: (count) => {
      samples += count;
      taken.inc({ source: name }, count);
      succeeded();
    },
    dropped,
    close: () => removeFigures(metrics, name, Object.keys(counts)),
    failed: (phrase) => {
      lastError = { time: clock.now(), phrase };
    },
    view: () => ({
      name,
      kind,
      state: stateOf(kind, clock.now(), { lastSuccess, lastError }),
      lastSuccess,
      lastError,
      samples,
      series: series(),
      drops: inOrder(counts),
      skewMs: skew.skewMs,
      worst: worst(),
    }),
  };
}
