import { alive, type IncidentRecord } from './incident-record.ts';

interface Bucket {
  record: IncidentRecord;
  min: number;
  max: number;
}

/**
 * Which incident holds signs that began near a time. Signs of one key within one width belong together, so one record
 * a width is all that has to be kept, and whoever asks gets the answer that comparing with every sign would give.
 */
export class StartBuckets {
  readonly #width: number;
  readonly #byKey = new Map<string, Map<number, Bucket>>();

  constructor(widthMs: number) {
    this.#width = widthMs;
  }

  /** Adds the incidents of signs of this key that began within a width of `start`. */
  near(key: string, start: number, found: Set<IncidentRecord>): void {
    const buckets = this.#byKey.get(key);
    if (buckets === undefined) return;
    const middle = Math.floor(start / this.#width);
    for (let place = middle - 1; place <= middle + 1; place++) {
      const bucket = buckets.get(place);
      if (bucket === undefined || start - bucket.max > this.#width || bucket.min - start > this.#width) continue;
      const record = alive(bucket.record);
      if (record !== null) found.add(record);
    }
  }

  add(key: string, start: number, record: IncidentRecord): void {
    let buckets = this.#byKey.get(key);
    if (buckets === undefined) {
      buckets = new Map();
      this.#byKey.set(key, buckets);
    }
    const place = Math.floor(start / this.#width);
    const known = buckets.get(place);
    if (known === undefined || alive(known.record) !== record) {
      buckets.set(place, { record, min: start, max: start });
      return;
    }
    known.min = Math.min(known.min, start);
    known.max = Math.max(known.max, start);
  }

  /** Forgets what no incident holds any more. */
  prune(): void {
    for (const [key, buckets] of this.#byKey) {
      for (const [place, { record }] of buckets) if (alive(record) === null) buckets.delete(place);
      if (buckets.size === 0) this.#byKey.delete(key);
    }
  }
}
