import { sharedFeature } from './shared-features.ts';
import type { UnitChange } from '../model/data-quality.ts';
import type { Feature } from '../model/frame.ts';
import type { Series } from '../model/series.ts';
import { type FeatureSource, featureSource } from './feature-source.ts';
import type { Preparation } from './steps/preparation.ts';

/** What a slot's samples become; numbers, for they are compared for every sample. */
export const ROLE = { ignore: 0, level: 1, rate: 2, bucket: 3 } as const;

/** A histogram: the slots of its buckets by upper bound, and the features that its quantiles are. */
export interface BucketGroup {
  readonly slots: number[];
  readonly uppers: number[];
  readonly features: readonly number[];
}

/** A label that holds `le` of every bucket may give a series 20 times as often as a feature. */
const SLOTS_A_FEATURE = 20;
/** Of slots set aside for one that is ignored or over budget: it has no state. Lower ones are of series left out by a step. */
export const NO_SLOT = -1;
/** Reasons told apart for one entity; what comes after them is counted under the last. */
const MOST_REASONS = 64;
/** Names of series that found no room are remembered up to here, to say which metric has too many. */
const MOST_TURNED_AWAY = 200;

/** Metrics whose change of unit is told. */
const MOST_UNITS = 50;

/** Values of a slot go in as `value × scale + offset`. */
interface Change {
  readonly scale: number;
  readonly offset: number;
}

/**
 * The series of one entity as small integers, with the features they become. Features are only ever added, at the
 * end, up to the budget; what comes later is turned away and counted.
 */
export class SeriesSlots {
  readonly features: Feature[];
  readonly roles: number[] = [];
  /** Feature of a level or a rate; for a bucket unused. */
  readonly featureOf: number[] = [];
  readonly groups: BucketGroup[] = [];
  /** Set when a feature was added; whoever rebuilds the layout clears it. */
  changed = false;
  turnedAway = 0;
  /** Series that found no room, by metric: which of them has too many. */
  readonly turnedAwayOf = new Map<string, number>();
  /** What the values of a slot go through; null while there is no such slot. */
  changes: Change[] | null = null;
  /** Reasons for which steps left series out; slot `NO_SLOT - 1 - i` is the i-th. */
  readonly reasons: string[] = [];
  /** Series that have come, whatever became of them. */
  known = 0;
  /** What was done to units, by metric. */
  readonly units = new Map<string, UnitChange>();
  readonly #preparation: Preparation;
  readonly #maxFeatures: number;
  readonly #index = new Map<string, number>();
  readonly #groupIndex = new Map<string, BucketGroup>();
  readonly #bySeries = new Map<Series, number>();
  readonly #byKey = new Map<string, number>();
  #turnedAwayNow = false;

  constructor(features: readonly Feature[], maxFeatures: number, preparation: Preparation) {
    this.features = [...features];
    this.#preparation = preparation;
    this.#maxFeatures = maxFeatures;
    features.forEach((feature, i) => this.#index.set(feature.name, i));
  }

  /** The slot of a series, `NO_SLOT` when it has none. */
  slotOf(series: Series): number {
    const known = this.#bySeries.get(series);
    if (known !== undefined) return known;
    const slot = this.#byKey.get(series.key) ?? this.#add(series);
    // Senders that make a new object for every batch must not fill the memory.
    if (this.#bySeries.size > 2 * this.#byKey.size + 64) this.#bySeries.clear();
    this.#bySeries.set(series, slot);
    return slot;
  }

  #add(series: Series): number {
    this.known += 1;
    const slot = this.#prepare(series);
    // A name that is not kept is not remembered either, beyond a bound, so that a flood of names stays cheap.
    if (slot >= 0 || this.#byKey.size < SLOTS_A_FEATURE * this.#maxFeatures) this.#byKey.set(series.key, slot);
    return slot;
  }

  #prepare(series: Series): number {
    const prepared = this.#preparation.of(series);
    if ('dropped' in prepared) return this.#leftOut(prepared.dropped);
    const slot = this.#place(featureSource(prepared.series));
    if (slot === NO_SLOT && this.#turnedAwayNow) this.#nameTurnedAway(series.name);
    const { scale, offset } = prepared;
    this.#noteUnit(series, prepared.series.unit, scale);
    if (slot >= 0 && (scale !== 1 || offset !== 0)) {
      this.changes ??= [];
      this.changes[slot] = { scale, offset };
    }
    return slot;
  }

  #noteUnit({ name, unit }: Series, to: string, scale: number): void {
    if (to === unit || this.units.size >= MOST_UNITS) return;
    this.units.set(name, { metric: name, from: unit, to, scale });
  }

  #leftOut(reason: string): number {
    const known = this.reasons.indexOf(reason);
    if (known >= 0) return NO_SLOT - 1 - known;
    if (this.reasons.length < MOST_REASONS) this.reasons.push(reason);
    return NO_SLOT - this.reasons.length;
  }

  #place(source: FeatureSource): number {
    this.#turnedAwayNow = false;
    if (source.role === 'ignore') return NO_SLOT;
    if (this.roles.length >= SLOTS_A_FEATURE * this.#maxFeatures) return this.#turnAway();
    if (source.role === 'bucket') return this.#placeBucket(source);
    const feature = this.#feature(source.feature);
    return feature === NO_SLOT ? this.#turnAway() : this.#slot(ROLE[source.role], feature);
  }

  #placeBucket(source: Extract<FeatureSource, { role: 'bucket' }>): number {
    let group = this.#groupIndex.get(source.group);
    if (group === undefined) {
      const features = source.quantiles.map((quantile) => this.#feature(quantile));
      if (features.includes(NO_SLOT)) return this.#turnAway();
      group = { slots: [], uppers: [], features };
      this.#groupIndex.set(source.group, group);
      this.groups.push(group);
    }
    const at = group.uppers.findIndex((upper) => upper >= source.upper);
    const place = at < 0 ? group.uppers.length : at;
    const slot = this.#slot(ROLE.bucket, NO_SLOT);
    if (group.uppers[place] === source.upper) return slot;
    group.uppers.splice(place, 0, source.upper);
    group.slots.splice(place, 0, slot);
    return slot;
  }

  #slot(role: number, feature: number): number {
    this.roles.push(role);
    return this.featureOf.push(feature) - 1;
  }

  #feature(found: Feature): number {
    const known = this.#index.get(found.name);
    if (known !== undefined) return known;
    if (this.features.length >= this.#maxFeatures) return NO_SLOT;
    const feature = sharedFeature(found);
    this.#index.set(feature.name, this.features.length);
    this.changed = true;
    return this.features.push(feature) - 1;
  }

  #turnAway(): number {
    this.turnedAway += 1;
    this.#turnedAwayNow = true;
    return NO_SLOT;
  }

  #nameTurnedAway(metric: string): void {
    const count = this.turnedAwayOf.get(metric);
    if (count !== undefined || this.turnedAwayOf.size < MOST_TURNED_AWAY)
      this.turnedAwayOf.set(metric, (count ?? 0) + 1);
  }
}
