import {
  addExemplar,
  addSample,
  createPage,
  drop,
  type FoundExemplar,
  type PageLimits,
  type SamplePage,
} from '../sample-page.ts';
import { type DropReason, isDropReason, type SeriesRegistry, type Slot } from '../series-registry.ts';
import type { MetricType } from '../../model/series.ts';
import { labelName, type MetricHead, metricName, resourceLabels, unitWord } from './otlp-names.ts';
import { type Plain, plainText } from './otlp-values.ts';
import { type PowerBuckets, toClassicBuckets } from './power-buckets.ts';

type Attributes = readonly (readonly [string, Plain])[];

/** A measurement among those of a point; its trace and span are among the labels. */
export type PointExemplar = Omit<FoundExemplar, 'slot'>;

/** One point of a metric: what tells it from the others, and when it was. */
export interface Point {
  /** The same for the same attributes; what they are is asked only when they are met first. */
  readonly key: string;
  readonly attributes: () => Attributes;
  /** Unix ms. */
  readonly time: number;
  readonly exemplars?: readonly PointExemplar[];
}

export interface Histogram {
  readonly count: number;
  readonly sum: number | null;
  /** Upper bounds, ascending; `counts` has one more. */
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

export interface Exponential {
  readonly count: number;
  readonly sum: number | null;
  readonly below: number;
  readonly buckets: PowerBuckets;
}

export interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
}

type Place = Slot | DropReason;

/** A count since the start, made of differences. */
interface Running {
  total: number;
  time: number;
}

const TYPES: Readonly<Record<MetricHead['kind'], MetricType>> = {
  gauge: 'gauge',
  sum: 'gauge',
  histogram: 'histogram',
  exponential: 'histogram',
  summary: 'summary',
};

/** Turns points of OpenTelemetry metrics into samples of series named as Prometheus names them. */
export class OtlpSeries {
  readonly #registry: SeriesRegistry;
  readonly #limits: PageLimits;
  readonly #known = new Map<string, Place>();
  /** By series; gone with it. */
  readonly #running = new WeakMap<Slot, Running>();
  #resource: { readonly key: string; readonly labels: Readonly<Record<string, string>> } = { key: '', labels: {} };

  constructor(registry: SeriesRegistry, limits: PageLimits) {
    this.#registry = registry;
    this.#limits = limits;
  }

  begin(now: number, capacity: number): SamplePage {
    return createPage(this.#limits, { now, number: this.#registry.nextPage(), capacity });
  }

  /** Forgets series that the registry has forgotten, and gives those that were refused another chance. */
  sweep(): void {
    for (const [raw, place] of this.#known) {
      if (typeof place === 'string' || !this.#registry.holds(place)) this.#known.delete(raw);
    }
  }

  /** What the points that follow come from. */
  resource(attributes: Attributes): void {
    const labels = resourceLabels(attributes);
    this.#resource = { key: JSON.stringify(labels), labels };
  }

  number(page: SamplePage, head: MetricHead, point: Point & { readonly value: number }): void {
    this.#add(page, head, { ...point, ending: '', extra: null });
  }

  histogram(page: SamplePage, head: MetricHead, point: Point & { readonly of: Histogram }): void {
    const { count, sum, bounds, counts } = point.of;
    if (bounds.length > 0 && counts.length !== bounds.length + 1) return drop(page, 'malformed');
    let total = 0;
    bounds.forEach((bound, i) => {
      total += counts[i] ?? 0;
      this.#add(page, head, { ...point, value: total, ending: '_bucket', extra: ['le', String(bound)] });
    });
    this.#totals(page, head, { ...point, count, sum });
  }

  exponential(page: SamplePage, head: MetricHead, point: Point & { readonly of: Exponential }): void {
    const { count, sum, below, buckets } = point.of;
    for (const { le, count: upTo } of toClassicBuckets(buckets, below)) {
      this.#add(page, head, { ...point, value: upTo, ending: '_bucket', extra: ['le', String(le)] });
    }
    this.#totals(page, head, { ...point, count, sum });
  }

  summary(page: SamplePage, head: MetricHead, point: Point & { readonly of: Summary }): void {
    for (const { quantile, value } of point.of.quantiles) {
      this.#add(page, head, { ...point, value, ending: '', extra: ['quantile', String(quantile)] });
    }
    this.#add(page, head, { ...point, value: point.of.count, ending: '_count', extra: null });
    this.#add(page, head, { ...point, value: point.of.sum, ending: '_sum', extra: null });
  }

  #totals(
    page: SamplePage,
    head: MetricHead,
    point: Point & { readonly count: number; readonly sum: number | null },
  ): void {
    const { count, sum } = point;
    this.#add(page, head, { ...point, value: count, ending: '_bucket', extra: ['le', '+Inf'] });
    this.#add(page, head, { ...point, value: count, ending: '_count', extra: null });
    if (sum !== null) this.#add(page, head, { ...point, value: sum, ending: '_sum', extra: null });
  }

  #add(page: SamplePage, head: MetricHead, part: Part): void {
    const raw = `${this.#resource.key}\u0001${head.name}\u0001${part.ending}\u0001${part.extra?.[1] ?? ''}\u0001${part.key}`;
    const place = this.#known.get(raw) ?? this.#meet(raw, head, part);
    if (typeof place === 'string') {
      if (isDropReason(place)) drop(page, place);
      return;
    }
    const { time } = part;
    addSample(page, place, { time, value: head.delta ? this.#sum(place, part) : part.value });
    // Those of a histogram are of no bucket; its count stands for it.
    if (part.ending === '' || part.ending === '_count')
      for (const exemplar of part.exemplars ?? []) addExemplar(page, { slot: place, ...exemplar });
  }

  /** Differences are summed up, so that one path makes rates of all counters; a repeated report counts once. */
  #sum(slot: Slot, { time, value }: Part): number {
    const running = this.#running.get(slot) ?? { total: 0, time: -Infinity };
    if (time > running.time) {
      running.total += value;
      running.time = time;
      this.#running.set(slot, running);
    }
    return running.total;
  }

  #meet(raw: string, head: MetricHead, { attributes, ending, extra }: Part): Place {
    if (head.name === '') return 'malformed';
    const given = attributes().map(([name, value]): [string, string] => [labelName(name), plainText(value)]);
    const labels = Object.fromEntries([
      ...given.filter(([, value]) => value !== ''),
      ...(extra === null ? [] : [extra]),
    ]);
    const type = head.kind === 'sum' && head.monotonic ? 'counter' : TYPES[head.kind];
    const name = `${metricName(head)}${ending}`;
    const place = this.#registry.slot(
      { name, labels: { ...labels, ...this.#resource.labels } },
      type,
      unitWord(head.unit) || undefined,
    );
    if (this.#known.size < this.#registry.limit) this.#known.set(raw, place);
    return place;
  }
}

/** A point as one sample of one series. */
interface Part extends Point {
  readonly value: number;
  /** Of the series' name. */
  readonly ending: '' | '_bucket' | '_count' | '_sum';
  /** A label beside the attributes. */
  readonly extra: [string, string] | null;
}
