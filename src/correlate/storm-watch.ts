import type { IncidentRecord } from './incident-record.ts';

/** More openings in a fleet than `count` within `windowMs` are a storm. */
export interface StormRule {
  readonly count: number;
  readonly windowMs: number;
}

/** Knows when so many incidents open at once that one of them should take the rest. */
export class StormWatch {
  readonly #rule: StormRule;
  /** Times of recent openings by fleet. */
  readonly #openings = new Map<string, number[]>();
  /** The newest incident of each fleet that takes in what a storm brings. */
  readonly #storms = new Map<string, IncidentRecord>();

  constructor(rule: StormRule) {
    this.#rule = rule;
  }

  stormy(fleet: string, now: number): boolean {
    return this.#recent(this.#openings.get(fleet) ?? [], now).length >= this.#rule.count;
  }

  /** The open incident that takes what would open another one; null without a storm. */
  taker(fleet: string, now: number): IncidentRecord | null {
    const storm = this.stormy(fleet, now) ? this.#storms.get(fleet) : undefined;
    return storm?.incident.state === 'open' && !storm.removed ? storm : null;
  }

  opened({ incident: { fleet } }: IncidentRecord, now: number): void {
    this.#openings.set(fleet, [...this.#recent(this.#openings.get(fleet) ?? [], now), now]);
  }

  insert(record: IncidentRecord): void {
    if (record.storm) this.#storms.set(record.incident.fleet, record);
  }

  tick(now: number): void {
    for (const [fleet, times] of this.#openings)
      if (this.#recent(times, now).length === 0) this.#openings.delete(fleet);
    for (const [fleet, { removed }] of this.#storms) if (removed) this.#storms.delete(fleet);
  }

  #recent(times: readonly number[], now: number): number[] {
    return times.filter((time) => now - time < this.#rule.windowMs);
  }
}
