import { canonicalKey, type Labels } from '../model/labels.ts';
import type { MetricType, Series } from '../model/series.ts';
import type { AssignEntity } from './entity-rules.ts';
import { relabel, type Relabelling } from './relabel.ts';
import type { ParsedSeries } from './series-text.ts';
import { unitOf } from './unit-of.ts';

/** Why samples were not taken, as counted in `/metrics` and shown with the source. */
export const DROP_REASONS = [
  'invalid_utf8',
  'line_too_long',
  'series_limit',
  'label_limit',
  'too_far_ahead',
  'too_old',
  'duplicate',
  'malformed',
  'sample_limit',
  'relabelled',
  'flood',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

const reasons = new Set<string>(DROP_REASONS);
export const isDropReason = (word: string): word is DropReason => reasons.has(word);

/** A series of a source with what collect remembers of it. */
export interface Slot {
  readonly series: Series;
  readonly fleet: string;
  /** Number of the last page that had it. */
  page: number;
  /** Time of its last sample, Unix ms. */
  time: number;
}

export interface SeriesLimits {
  /** Series of a source at the same time. */
  readonly series: number;
  /** Labels of a series. */
  readonly labels: number;
  /** Characters of a name, a label name or a label value. */
  readonly textLength: number;
}

export const DEFAULT_SERIES_LIMITS: SeriesLimits = { series: 100_000, labels: 64, textLength: 2048 };

export interface RegistryOptions {
  readonly assign: AssignEntity;
  readonly limits: SeriesLimits;
  /** Put on every series; a label of the same name that the sender gave becomes `exported_…`, as in Prometheus. */
  readonly labels?: Labels;
  /** A label of the sender wins over one of `labels`. */
  readonly honorLabels?: boolean;
  /** Rules over the labels of each series, the name as `__name__`; a series may be left out by them. */
  readonly relabel?: Relabelling;
}

// From entries rather than by assignment: `__proto__` is a label like any other.
function withExtra(labels: Labels, { labels: extra = {}, honorLabels = false }: RegistryOptions): Labels {
  if (honorLabels) return Object.fromEntries([...Object.entries(extra), ...Object.entries(labels)]);
  const given = Object.entries(labels).map(([name, value]): [string, string] => [
    Object.hasOwn(extra, name) ? `exported_${name}` : name,
    value,
  ]);
  return Object.fromEntries([...given, ...Object.entries(extra)]);
}

/** A string that does not hold on to the page that it was cut from: V8 keeps the whole parent of a slice alive. */
const detach = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

/** Metrics that found no room are told apart up to here, and so many of them are named. */
const MOST_REFUSED = 200;
const MOST_WORST = 5;

/**
 * The series of one source, each known by its canonical key, so that two spellings of one series are one object.
 * Forgets what has not been seen for two sweeps, so that series that come and go do not fill it.
 */
export class SeriesRegistry {
  readonly #options: RegistryOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #texts = new Map<string, string>();
  /** Keys of series that rules leave out, so that the rules need not run for each page. */
  readonly #left = new Set<string>();
  /** How often series of a metric found no room since the sweep before, to say which has too many. */
  readonly #refused = new Map<string, number>();
  #page = 0;
  #previousSweep = 0;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** Most series at the same time. */
  get limit(): number {
    return this.#options.limits.series;
  }

  get full(): boolean {
    return this.#slots.size >= this.limit;
  }

  /** The metrics that most often found no room lately, the worst first. */
  get worst(): { readonly metric: string; readonly refused: number }[] {
    return [...this.#refused]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, MOST_WORST)
      .map(([metric, refused]) => ({ metric, refused }));
  }

  #refuse(metric: string): void {
    const count = this.#refused.get(metric);
    if (count !== undefined) this.#refused.set(metric, count + 1);
    else if (this.#refused.size < MOST_REFUSED) this.#refused.set(detach(metric), 1);
  }

  /** Number of the page that is about to be read. */
  nextPage(): number {
    this.#page += 1;
    return this.#page;
  }

  /** The one slot of this series, made when it is new, or why it is refused. */
  slot(parsed: ParsedSeries, type: MetricType, unit: string | undefined): Slot | DropReason {
    const { limits, relabel: rules = [] } = this.#options;
    const given = Object.entries(parsed.labels);
    const tooLong = (text: string): boolean => text.length > limits.textLength;
    if (given.length > limits.labels || tooLong(parsed.name)) return 'label_limit';
    if (given.some(([label, value]) => tooLong(label) || tooLong(value))) return 'label_limit';
    const all = withExtra(parsed.labels, this.#options);
    if (rules.length === 0) return this.#slotOf({ name: parsed.name, labels: all }, type, unit);
    const relabelled = this.#relabel(parsed.name, all, rules);
    return relabelled === null ? 'relabelled' : this.#slotOf(relabelled, type, unit);
  }

  /** The slot of a series that tells of the source itself, which no rule touches. */
  ownSlot(name: string): Slot | DropReason {
    return this.#slotOf({ name, labels: this.#options.labels ?? {} }, 'gauge', undefined);
  }

  #relabel(name: string, labels: Labels, rules: Relabelling): ParsedSeries | null {
    const key = canonicalKey(name, labels);
    if (this.#left.has(key)) return null;
    const result = relabel({ ...labels, __name__: name }, rules);
    if (result?.['__name__'] === undefined) {
      if (this.#left.size < this.limit) this.#left.add(detach(key));
      return null;
    }
    const { __name__: renamed, ...rest } = result;
    return { name: renamed, labels: rest };
  }

  #slotOf({ name: given, labels: all }: ParsedSeries, type: MetricType, unit: string | undefined): Slot | DropReason {
    const { assign } = this.#options;
    const key = canonicalKey(given, all);
    const known = this.#slots.get(key);
    // Who does not declare a type does not take it back either.
    if (known !== undefined && (known.series.type === type || type === 'unknown')) return known;
    if (known === undefined && this.full) {
      this.#refuse(given);
      return 'series_limit';
    }
    const name = this.#intern(given);
    const labels = this.#internLabels(all);
    const { entity, fleet } = assign(name, labels);
    const series: Series = {
      key: detach(key),
      name,
      labels,
      type,
      unit: this.#intern(unit ?? unitOf(name)),
      entity: this.#intern(entity),
    };
    // A series that has learnt its type in the middle of a page has been on that page.
    const slot: Slot = { series, fleet, page: known?.page ?? 0, time: known?.time ?? Number.NaN };
    this.#slots.set(series.key, slot);
    return slot;
  }

  /** Forgets what was on no page since the sweep before the last. To be called every few minutes. */
  sweep(): void {
    for (const [key, slot] of this.#slots) if (slot.page < this.#previousSweep) this.#slots.delete(key);
    this.#previousSweep = this.#page + 1;
    this.#texts.clear();
    this.#left.clear();
    this.#refused.clear();
  }

  /** True when a slot is (still) the one that this registry gives for its key. */
  holds(slot: Slot): boolean {
    return this.#slots.get(slot.series.key) === slot;
  }

  #internLabels(labels: Labels): Labels {
    return Object.fromEntries(Object.entries(labels).map(([name, value]) => [this.#intern(name), this.#intern(value)]));
  }

  #intern(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const own = detach(text);
    if (this.#texts.size < this.#options.limits.series) this.#texts.set(own, own);
    return own;
  }
}
