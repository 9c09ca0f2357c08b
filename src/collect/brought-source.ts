import { phrase } from '../model/phrase.ts';
import type { Source, SourceOutlet, SourceSample } from '../model/source.ts';
import type { SampleBatch } from '../model/series.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { AssignEntity } from './entity-rules.ts';
import { toBatches } from './sample-batches.ts';
import { addSample, createPage, drop, type PageLimits } from './sample-page.ts';
import { type SeriesLimits, SeriesRegistry } from './series-registry.ts';
import { createSourceState, type SourceView } from './source-state.ts';
import { whileMine } from './while-mine.ts';

/** A source of a package under the name that the configuration gives it. */
export interface NamedSource {
  readonly name: string;
  readonly source: Source;
}

export interface BroughtSourceDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly assign: AssignEntity;
  readonly limits: PageLimits;
  readonly seriesLimits: SeriesLimits;
  /** Whether it is this process's to run; asked each time. By default it is. */
  readonly mine?: (name: string) => boolean;
  readonly publish: (batches: readonly SampleBatch[]) => Promise<void>;
}

/** Samples handed over at once; more are dropped and counted. */
const MOST_SAMPLES = 100_000;
const FIRST_PAUSE_MS = 1000;
const LAST_PAUSE_MS = 60_000;
/** One that has run so long was well, whatever it ended with. */
const WELL_MS = 60_000;

/** Runs a source that a package brought, within the same bounds as every other one. */
export class BroughtSource {
  readonly #named: NamedSource;
  readonly #deps: BroughtSourceDeps;
  readonly #registry: SeriesRegistry;
  readonly #state: ReturnType<typeof createSourceState>;

  constructor(named: NamedSource, deps: BroughtSourceDeps) {
    const { clock, metrics, assign, seriesLimits } = deps;
    this.#named = named;
    this.#deps = deps;
    this.#registry = new SeriesRegistry({ assign, limits: seriesLimits });
    const series = (): number => this.#registry.size;
    this.#state = createSourceState({
      clock,
      metrics,
      name: named.name,
      kind: 'package',
      series,
      worst: () => this.#registry.worst,
    });
  }

  view(): SourceView {
    return this.#state.view();
  }

  sweep(): void {
    this.#registry.sweep();
  }

  /** Runs it until aborted, as long as it is this process's; never rejects. */
  run(signal: AbortSignal): Promise<void> {
    const { clock, mine = () => true } = this.#deps;
    return whileMine(
      () => mine(this.#named.name),
      (own) => this.#again(own),
      { clock, signal },
    );
  }

  /** After what it throws, or its end, again after a pause. */
  async #again(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    const { name, source } = this.#named;
    const outlet: SourceOutlet = { samples: (samples) => this.#take(samples) };
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const began = clock.monotonic();
      try {
        await source.run(outlet, signal);
      } catch (thrown) {
        if (signal.aborted) return;
        const { message } = toError(thrown);
        this.#state.failed(phrase('collect.sourceFailed', { detail: message.slice(0, 500) }));
        log.warn({ source: name, err: message }, 'a source of a package failed; it is run again');
      }
      pause = clock.monotonic() - began >= WELL_MS ? FIRST_PAUSE_MS : Math.min(LAST_PAUSE_MS, pause * 2);
      await clock.sleep(pause, signal).catch(() => undefined);
    }
  }

  async #take(samples: readonly SourceSample[]): Promise<void> {
    const { clock, limits, publish } = this.#deps;
    const now = clock.now();
    const page = createPage(limits, { now, number: this.#registry.nextPage(), capacity: samples.length });
    for (const [i, { name, labels, value, time = now, type = 'unknown', unit }] of samples.entries()) {
      if (i >= MOST_SAMPLES) {
        drop(page, 'sample_limit');
        continue;
      }
      if (!isSample(name, labels, value, time)) {
        drop(page, 'malformed');
        continue;
      }
      const slot = this.#registry.slot({ name, labels }, type, unit);
      if (typeof slot === 'string') drop(page, slot);
      else addSample(page, slot, { time, value });
    }
    await publish(toBatches(page, this.#named.name, now));
    this.#state.took(page);
  }
}

/** Packages are plain JavaScript: what they give is looked at. */
const isSample = (name: unknown, labels: unknown, value: unknown, time: unknown): boolean =>
  typeof name === 'string' &&
  name !== '' &&
  typeof labels === 'object' &&
  labels !== null &&
  Object.values(labels).every((text) => typeof text === 'string') &&
  typeof value === 'number' &&
  Number.isFinite(time);
