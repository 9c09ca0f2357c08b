/** More incidents than this are not open at once; of those beyond, what is wanted longest begins anew. */
const MAX_INCIDENTS = 10_000;

interface Wanted {
  readonly action: string;
  readonly since: number;
}

/**
 * For how long Vigía has wanted the same action against an incident without a break, at whichever of its entities: of the
 * replicas of a service now one and now another suffers most. In memory, so that after a restart it begins anew.
 */
export class Standing {
  readonly #byIncident = new Map<string, Wanted>();

  /** Milliseconds; 0 where something else was wanted last. `now` is monotonic. */
  of(incident: string, action: string, now: number): number {
    const wanted = this.#byIncident.get(incident);
    return wanted?.action === action ? now - wanted.since : 0;
  }

  want(incident: string, action: string, now: number): void {
    if (this.#byIncident.get(incident)?.action === action) return;
    this.#byIncident.delete(incident);
    this.#byIncident.set(incident, { action, since: now });
    const [oldest] = this.#byIncident.keys();
    if (this.#byIncident.size > MAX_INCIDENTS && oldest !== undefined) this.#byIncident.delete(oldest);
  }

  forget(incident: string): void {
    this.#byIncident.delete(incident);
  }
}
