import { type EntityId, parseEntityId } from '../model/entity.ts';
import type { Model } from '../model/failure.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Store } from '../store/store.ts';
import type { JointSource } from './joint-part.ts';

/** Another process may have trained: the registry is asked so often. */
const POLL_MS = 60_000;
const PAGE = 200;
const MOST_PAGES = 5;
/** Scopes that are served: kinds and entities with a model of their own. Training makes fewer. */
const MOST_SCOPES = 300;
/** Damaged artefacts remembered, so that each is told of once. */
const MOST_DAMAGED = 1000;
const CALLED: { readonly serving: string; readonly damaged: string } = {
  serving: 'vigia_detect_models',
  damaged: 'vigia_detect_models_damaged_total',
};

/** A model with its id in the registry. */
interface Identified {
  readonly id: string;
}

export interface FleetModelsDeps<T extends Identified = JointSource> {
  readonly store: Pick<Store, 'models'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Kind under which the registry lists the models. */
  readonly kind: string;
  /** Throws when the bytes are damaged. */
  readonly load: (id: string, bytes: Uint8Array) => T;
  /** What its metrics are called; default: those of joint models. */
  readonly called?: typeof CALLED;
}

/**
 * The models in force: joint ones, and those of log sequences; of entity kinds and of single entities, as the registry has them. What is damaged is told
 * of and passed over: the model that served before goes on serving, or after a start the newest that can be read.
 */
export class FleetModels<T extends Identified = JointSource> {
  readonly #deps: FleetModelsDeps<T>;
  readonly #serving = new Map<string, T>();
  readonly #damaged = new Set<string>();
  #polledAt = Number.NEGATIVE_INFINITY;

  constructor(deps: FleetModelsDeps<T>) {
    this.#deps = deps;
  }

  /** The model of the entity's own, or that of its kind; null when there is neither. */
  of(entity: EntityId): T | null {
    return this.#serving.get(entity) ?? this.#serving.get(parseEntityId(entity).kind) ?? null;
  }

  /** Asks the registry when it is time. */
  async poll(): Promise<void> {
    if (this.#deps.clock.monotonic() - this.#polledAt >= POLL_MS) await this.refresh();
  }

  /** The registry is asked at the next chance. */
  expire(): void {
    this.#polledAt = Number.NEGATIVE_INFINITY;
  }

  /** Loads what is new. Throws only when the store does. */
  async refresh(): Promise<void> {
    const { clock, metrics, called = CALLED } = this.#deps;
    this.#polledAt = clock.monotonic();
    for (const [scope, candidates] of await this.#candidates())
      if (this.#serving.has(scope) || this.#serving.size < MOST_SCOPES) await this.#serve(scope, candidates);
    metrics.gauge(called.serving, 'Models that serve.').set(this.#serving.size);
  }

  /** Models by scope: the champion first, then those before it, newest first. */
  async #candidates(): Promise<ReadonlyMap<string, readonly Model[]>> {
    const { store, kind } = this.#deps;
    const found = new Map<string, Model[]>();
    let cursor: string | null = null;
    for (let page = 0; page < MOST_PAGES; page++) {
      const models: { readonly items: readonly Model[]; readonly next: string | null } = await store.models.list({
        kind,
        limit: PAGE,
        cursor,
      });
      for (const model of models.items) {
        // What was refused when it was trained never served.
        if (model.state === 'challenger' || REFUSED.test(model.reason)) continue;
        const others = found.get(model.scope) ?? [];
        if (model.state === 'champion') others.unshift(model);
        else others.push(model);
        found.set(model.scope, others);
      }
      if (models.next === null) break;
      cursor = models.next;
    }
    return found;
  }

  /** Takes the first candidate that can be read; stops at the one that serves already. */
  async #serve(scope: string, candidates: readonly Model[]): Promise<void> {
    const { store, load, log, metrics, kind, called = CALLED } = this.#deps;
    for (const { id } of candidates) {
      if (this.#serving.get(scope)?.id === id) return;
      if (this.#damaged.has(id)) continue;
      const bytes = await store.models.artefact(id);
      if (bytes === null || bytes.length === 0) continue;
      try {
        this.#serving.set(scope, load(id, bytes));
        log.info({ kind, scope, model: id, bytes: bytes.length }, 'detect: a model serves');
        return;
      } catch (error) {
        if (this.#damaged.size < MOST_DAMAGED) this.#damaged.add(id);
        metrics.counter(called.damaged, 'Models that could not be read.').inc();
        log.warn(
          { kind, scope, model: id, err: toError(error) },
          'detect: a model cannot be read; the one before serves',
        );
      }
    }
  }
}

/** Reasons of models that must not serve begin so. */
const REFUSED = /^refused/;
