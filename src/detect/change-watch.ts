import type { EntityId } from '../model/entity.ts';
import type { Event } from '../model/event.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Store } from '../store/store.ts';

/** Events that say that people changed something. */
const CHANGES = new Set(['deploy', 'rollout', 'release', 'restart', 'config_change']);
const LOOK_MS = 10_000;
/** Events may come this late. */
const LATE_MS = 120_000;
/** Newest events that are looked at; of more at once the rest is left, and what they stir up is told. */
const MOST = 500;

/** Knows who was changed lately, from what the store has: events and frames need not come to the same process. */
export class ChangeWatch {
  readonly #store: Pick<Store, 'events'>;
  readonly #clock: Clock;
  readonly #heard = new Set<string>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor({ store, clock }: { readonly store: Pick<Store, 'events'>; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Tells of each change once, when it is time to look. */
  async look(changed: (entity: EntityId, time: number) => void): Promise<void> {
    if (this.#clock.monotonic() - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = this.#clock.monotonic();
    const now = this.#clock.now();
    const range = { from: now - LATE_MS, to: now + LATE_MS };
    const { items } = await this.#store.events.list({ limit: MOST, cursor: null, range });
    const known = new Set<string>();
    for (const event of items.filter(isChange)) {
      known.add(event.id);
      if (!this.#heard.has(event.id)) changed(event.entity, event.time);
    }
    this.#heard.clear();
    for (const id of known) this.#heard.add(id);
  }
}

const isChange = ({ name }: Event): boolean => CHANGES.has(name);
