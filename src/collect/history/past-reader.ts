import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SampleBatch } from '../../model/series.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toBatches } from '../sample-batches.ts';
import { addSample, createPage } from '../sample-page.ts';
import { type SeriesLimits, SeriesRegistry } from '../series-registry.ts';
import type { AssignEntity } from '../entity-rules.ts';
import { AnswerTooLarge, type DeclaredMetric, type PastSeries, type PrometheusApi } from './prometheus-api.ts';

/** Ends of names of one family: what is declared is the family. */
const PART = /_(bucket|sum|count|total|created)$/;
/** A stretch that is still too large at this length is left out. */
const LEAST_MS = 60_000;
/** Longest work on series before other things get their turn. */
const SERIES_A_TURN = 200;

export interface PastReaderDeps {
  readonly name: string;
  readonly api: PrometheusApi;
  readonly clock: Clock;
  readonly assign: AssignEntity;
  readonly limits: SeriesLimits;
  readonly selectors: readonly string[];
  /** Least time from one request to the next. */
  readonly pauseMs: number;
}

/** Reads stretches of the past as batches, as if they had just been collected: the same entities, names and types. */
export class PastReader {
  readonly #deps: PastReaderDeps;
  readonly #registry: SeriesRegistry;
  #declared: ReadonlyMap<string, DeclaredMetric> | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** Stretches that were left out, as their answers were too large. */
  leftOut = 0;

  constructor(deps: PastReaderDeps) {
    this.#deps = deps;
    this.#registry = new SeriesRegistry({ assign: deps.assign, limits: deps.limits });
  }

  /** Samples from `from` on, before `to`, oldest first within each batch. */
  async *read(
    range: { readonly from: number; readonly to: number; readonly stepMs: number | null },
    signal: AbortSignal,
  ): AsyncIterable<readonly SampleBatch[]> {
    for (const selector of this.#deps.selectors) yield* this.#selected(selector, range, signal);
  }

  async *#selected(
    selector: string,
    range: { readonly from: number; readonly to: number; readonly stepMs: number | null },
    signal: AbortSignal,
  ): AsyncIterable<readonly SampleBatch[]> {
    const { from, to } = range;
    try {
      yield await this.#batches(await this.#ask(selector, range, signal), range);
    } catch (thrown) {
      if (!(thrown instanceof AnswerTooLarge)) throw thrown;
      const middle = Math.ceil((from + to) / 2 / LEAST_MS) * LEAST_MS;
      if (middle >= to || middle <= from) {
        this.leftOut += 1;
        return;
      }
      yield* this.#selected(selector, { ...range, to: middle }, signal);
      yield* this.#selected(selector, { ...range, from: middle }, signal);
    }
  }

  async #ask(
    selector: string,
    range: { readonly from: number; readonly to: number; readonly stepMs: number | null },
    signal: AbortSignal,
  ): Promise<readonly PastSeries[]> {
    const { clock, api, pauseMs } = this.#deps;
    await clock.sleep(Math.max(0, this.#askedAt + pauseMs - clock.monotonic()), signal);
    this.#askedAt = clock.monotonic();
    this.#declared ??= await api.metadata(signal);
    return api.read({ selector, ...range }, signal);
  }

  async #batches(
    found: readonly PastSeries[],
    { from, to }: { readonly from: number; readonly to: number },
  ): Promise<readonly SampleBatch[]> {
    const arrival = { now: to, number: this.#registry.nextPage(), capacity: 4096 };
    const page = createPage({ lineBytes: 0, aheadMs: 0, behindMs: to - from }, arrival);
    for (const [i, { name, labels, times, values }] of found.entries()) {
      const { type, unit } = this.#declaration(name);
      const slot = this.#registry.slot({ name, labels }, type, unit);
      if (typeof slot === 'string') continue;
      for (let k = 0; k < times.length; k++)
        if (times[k]! < to) addSample(page, slot, { time: times[k]!, value: values[k]! });
      if (i % SERIES_A_TURN === SERIES_A_TURN - 1) await nextTurn();
    }
    this.#registry.sweep();
    return toBatches(page, this.#deps.name, to);
  }

  #declaration(name: string): DeclaredMetric {
    const own = this.#declared?.get(name);
    return own ?? this.#declared?.get(name.replace(PART, '')) ?? { type: 'unknown', unit: undefined };
  }
}
