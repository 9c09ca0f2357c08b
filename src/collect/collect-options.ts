import type { Bus } from '../bus/bus.ts';
import type { Entity } from '../model/entity.ts';
import type { Exemplar } from '../model/exemplar.ts';
import type { Edge } from '../model/topology.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { ScrapeJobOptions } from './discovery/scrape-job.ts';
import type { EntityRule } from './entity-rules.ts';
import type { NamedSource } from './brought-source.ts';
import type { EventSource } from './event-source.ts';
import type { JournalCursors, JournalOptions } from './logs/journal-source.ts';
import type { SyslogOptions } from './logs/syslog-source.ts';
import type { TailOptions, TailPositions } from './logs/tail-options.ts';
import type { PageLimits } from './sample-page.ts';
import type { ScrapeTarget } from './scrape-source.ts';
import type { StatsdOptions } from './statsd/statsd-source.ts';

export interface CollectOptions {
  readonly host: { readonly enabled: boolean; readonly intervalMs: number };
  readonly scrape: readonly Omit<ScrapeTarget, 'bodyBytes'>[];
  /** Endpoints that are found, or that rules change. */
  readonly jobs?: readonly ScrapeJobOptions[];
  readonly statsd?: StatsdOptions;
  readonly limits: PageLimits & { readonly bodyBytes: number; readonly seriesPerSource: number };
  /** Come before the default rules. */
  readonly entityRules: readonly EntityRule[];
}

export interface CollectDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly options: CollectOptions;
  /** Told of entities soon after they first appear, and again every minute or so while they go on; may reject. */
  readonly onEntities?: (entities: readonly Entity[]) => Promise<void>;
  /** Log files that are followed, and where reading has come to. */
  readonly logFiles?: {
    readonly sources: readonly Omit<TailOptions, 'lineBytes'>[];
    readonly positions: TailPositions;
  };
  /** Journals of systemd that are followed, and where reading has come to. */
  readonly journals?: {
    readonly sources: readonly Omit<JournalOptions, 'messageBytes'>[];
    readonly cursors: JournalCursors;
  };
  /** Which endpoints are this process's to scrape, when several share them; asked each time. By default all are. */
  readonly mine?: (url: string) => boolean;
  /** Where syslog is received. */
  readonly syslog?: readonly Omit<SyslogOptions, 'messageBytes'>[];
  /** Tell what happens. */
  readonly events?: readonly EventSource[];
  /** Sources of packages. */
  readonly brought?: readonly NamedSource[];
  /** Told of edges that labels show, in the same way; may reject. */
  readonly onEdges?: (edges: readonly Edge[]) => Promise<void>;
  /** Told of measurements that name their trace, a few of each series; may reject. */
  readonly onExemplars?: (exemplars: readonly Exemplar[]) => Promise<void>;
}
