import type { EntityQuality, UnitChange } from '../../model/data-quality.ts';
import type { EntityId } from '../../model/entity.ts';
import type { SampleBatch } from '../../model/series.ts';
import type { SeriesSlots } from '../series-slots.ts';
import type { LeftOut, SampleCounts } from '../step-accumulator.ts';
import { SkewMeter } from '../../runtime/skew-meter.ts';

const MOST_SOURCES = 8;
/** What the store calls samples that it gives back; who brought them is not kept. */
const REPLAYED = 'store';
const MOST_WORST = 5;
const GROWTH_MS = 3_600_000;

/** What one entity's samples came to; small numbers beside its frames. */
export class EntityCounts implements SampleCounts {
  late = 0;
  repeated = 0;
  future = 0;
  samples = 0;
  gaps = 0;
  gapMs = 0;
  readonly #since: number;
  readonly #sources = new Set<string>();
  readonly #skew = new SkewMeter();
  /** Series known when the hour before this one, and this one, began. */
  #growth = { at: Number.NaN, before: 0, last: 0 };

  constructor(since: number) {
    this.#since = since;
  }

  took(batch: SampleBatch, newest: number): void {
    this.samples += batch.times.length;
    if (this.#sources.size < MOST_SOURCES && batch.source !== REPLAYED) this.#sources.add(batch.source);
    if (Number.isFinite(newest)) this.#skew.add(batch.receivedAt, newest);
  }

  /** Frames of the steps between these two are missing. */
  gap(steps: number, stepMs: number): void {
    this.gaps += 1;
    this.gapMs += steps * stepMs;
  }

  /** How it stands now. */
  view(state: {
    readonly entity: EntityId;
    readonly now: number;
    readonly lastSample: number;
    readonly slots: SeriesSlots;
    readonly leftOut: LeftOut;
    readonly units: readonly UnitChange[];
  }): EntityQuality {
    const { entity, now, lastSample, slots, leftOut, units } = state;
    const own = { late: this.late, repeated: this.repeated, future: this.future, no_room: slots.turnedAway };
    const drops = [...Object.entries(own), ...leftOut].filter(([, count]) => count > 0);
    return {
      entity,
      updatedAt: now,
      since: this.#since,
      lastSample: Number.isFinite(lastSample) ? Math.round(lastSample) : this.#since,
      sources: [...this.#sources].sort(),
      samples: this.samples,
      drops: Object.fromEntries(drops),
      series: slots.known,
      newSeries: this.#grown(slots.known, now),
      worst: [...slots.turnedAwayOf]
        .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
        .slice(0, MOST_WORST)
        .map(([metric, series]) => ({ metric, series })),
      features: slots.features.length,
      gaps: this.gaps,
      gapMs: this.gapMs,
      skewMs: this.#skew.skewMs,
      units: [...units],
    };
  }

  #grown(known: number, now: number): number {
    const { at, before, last } = this.#growth;
    // What comes at first is no growth.
    if (Number.isNaN(at)) this.#growth = { at: now, before: known, last: known };
    else if (now - at >= GROWTH_MS) this.#growth = { at: now, before: last, last: known };
    return known - (Number.isNaN(at) ? known : before);
  }
}
