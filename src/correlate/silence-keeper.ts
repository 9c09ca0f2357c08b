import { matchesPattern } from '../model/action-definition.ts';
import type { Event } from '../model/event.ts';
import type { Silence } from '../model/silence.ts';
import type { Clock } from '../runtime/clock.ts';
import { stableId } from '../runtime/ids.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';

/** Events that open a maintenance window on their entity by themselves. */
export interface DeployGrace {
  /** Names of events, `*` for anything; none means never. */
  readonly events: readonly string[];
  readonly durationMs: number;
}

interface KeeperDeps {
  readonly store: Pick<Store, 'silences' | 'audit'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly grace: DeployGrace;
}

/** A silence that ended is noticed after this long at most. */
const FRESH_MS = 1000;
/** Silences in force that are looked at; more is not a plan but a mistake. */
const MAX_ACTIVE = 1000;

/** Knows the silences in force, and opens those that events call for. */
export class SilenceKeeper {
  readonly #deps: KeeperDeps;
  #known: readonly Silence[] = [];
  #read = Number.NEGATIVE_INFINITY;

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
  }

  /** Those in force now; `fresh` when somebody is about to be woken, else they may be a second old. */
  async active(fresh: boolean): Promise<readonly Silence[]> {
    const { store, clock } = this.#deps;
    const now = clock.now();
    if (!fresh && Math.abs(now - this.#read) < FRESH_MS) return this.#known;
    this.#known = await store.silences.active(now, MAX_ACTIVE);
    this.#read = now;
    return this.#known;
  }

  /** Opens a window for an event of the configured names, once; what is long past opens none. */
  async onEvent(event: Event): Promise<void> {
    const { store, clock, log, grace } = this.#deps;
    const now = clock.now();
    const to = event.time + grace.durationMs;
    if (to <= now || !grace.events.some((pattern) => matchesPattern(pattern, event.name))) return;
    const silence: Silence = {
      id: stableId('silence', event.id),
      kind: 'maintenance',
      match: { entity: event.entity, below: true },
      from: event.time,
      to,
      why: event.text === '' ? event.name : `${event.name}: ${event.text}`.slice(0, MAX_WHY),
      by: event.source,
      createdAt: now,
      updatedAt: now,
      endedBy: null,
      event: event.id,
    };
    if (!(await store.silences.insert(silence))) return;
    this.#read = Number.NEGATIVE_INFINITY;
    log.info({ silence: silence.id, entity: event.entity, event: event.name }, 'a maintenance window was opened');
    await store.audit.append({
      id: stableId('audit', silence.id),
      time: now,
      actor: 'vigia',
      verb: 'silence',
      target: silence.id,
      detail: { entity: event.entity, event: event.id, kind: silence.kind, from: silence.from, to },
    });
  }
}

const MAX_WHY = 4000;
