import type { EntityId } from '../model/entity.ts';
import type { Frame } from '../model/frame.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Checkpoint, Store } from '../store/store.ts';
import { EntityWatch, type WatchOptions } from './entity-watch.ts';
import { packed, unpacked } from './packed-state.ts';

const STAGE = 'detect';
/**
 * Every state is kept so often, and no more often than once in so many frames: to keep one takes as long as twenty frames, so that
 * more often would cost more than watching, and to go through them again after a crash takes some milliseconds an entity.
 */
const EVERY_MS = 40_000;
const EVERY_FRAMES = 32;
/** States written together: some ten to twenty KB each. */
const BATCH = 32;
/** States kept at most in one go, so that a thousand do not stand in the way of frames. */
const SOME = 64;
/** Frames replayed into one entity: older ones are left out, for what follows them says more. */
const MAX_REPLAY = 2000;

/** A watch, and when its state was last kept (monotonic ms). */
export interface KeptWatch {
  readonly watch: EntityWatch;
  savedAt: number;
}

interface CheckpointDeps {
  readonly store: Pick<Store, 'checkpoints' | 'frames'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly make: (entity: EntityId) => WatchOptions;
}

/** Keeps the states of watches in the store and brings them back. */
export class Checkpoints {
  readonly #deps: CheckpointDeps;

  constructor(deps: CheckpointDeps) {
    this.#deps = deps;
  }

  /** Keeps those whose last time is long ago, a bounded number of them. */
  async saveSome(watches: Iterable<KeptWatch>): Promise<void> {
    const now = this.#deps.clock.monotonic();
    const due: KeptWatch[] = [];
    for (const watch of watches) {
      if (now - watch.savedAt >= Math.max(EVERY_MS, EVERY_FRAMES * watch.watch.stepMs)) due.push(watch);
      if (due.length >= SOME) break;
    }
    await this.save(due);
  }

  async save(watches: Iterable<KeptWatch>): Promise<void> {
    const { store, clock } = this.#deps;
    let batch: KeptWatch[] = [];
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await store.checkpoints.save(batch.map(checkpointOf));
      for (const one of batch) one.savedAt = clock.monotonic();
      batch = [];
    };
    for (const one of watches) {
      if (!Number.isFinite(one.watch.position)) continue;
      batch.push(one);
      if (batch.length >= BATCH) await flush();
    }
    await flush();
  }

  /** Every wanted entity that has been kept, or has frames, with the frames that came after. */
  async *load(
    wanted: (entity: EntityId) => boolean,
  ): AsyncIterable<{ readonly watch: EntityWatch; readonly replay: readonly Frame[] }> {
    const { store } = this.#deps;
    const newest = new Map([...(await store.frames.newest())].filter(([entity]) => wanted(entity)));
    for await (const checkpoint of store.checkpoints.loadAll(STAGE, wanted)) {
      const watch = this.#restore(checkpoint);
      const replay = await this.#since(watch, newest.get(watch.entity));
      newest.delete(watch.entity);
      yield { watch, replay };
    }
    for (const [entity, time] of newest) {
      const watch = new EntityWatch(entity, this.#deps.make(entity));
      yield { watch, replay: await this.#since(watch, time) };
    }
  }

  #restore({ key, state, position }: Checkpoint): EntityWatch {
    const { log, make } = this.#deps;
    try {
      const watch = EntityWatch.fromJSON(key, unpacked(state), make(key));
      watch.position = position;
      return watch;
    } catch (error) {
      log.warn({ entity: key, err: toError(error) }, 'detect: a saved state cannot be read, the entity is learnt anew');
      return new EntityWatch(key, make(key));
    }
  }

  async #since(watch: EntityWatch, newest: number | undefined): Promise<readonly Frame[]> {
    if (newest === undefined || newest <= watch.position) return [];
    const { stepMs } = this.#deps.make(watch.entity);
    const from = Math.max(watch.position + 1, newest - MAX_REPLAY * stepMs);
    return this.#deps.store.frames.replay(watch.entity, { from, to: newest + 1 }, MAX_REPLAY);
  }
}

const checkpointOf = ({ watch }: KeptWatch): Checkpoint => ({
  stage: STAGE,
  key: watch.entity,
  position: watch.position,
  state: packed(watch.toJSON()),
});
