import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EntityQuality } from '../../model/data-quality.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import { every } from '../../runtime/every.ts';
import type { Log } from '../../runtime/log.ts';
import type { Store } from '../../store/store.ts';

/** How old what the page shows may be. */
const EVERY_MS = 30_000;
/** Written at once, so that frames do not wait long for the store. */
const BATCH = 200;

export interface QualityDeps {
  readonly prepare: { qualities(now: number): Iterable<EntityQuality> };
  readonly store: Pick<Store, 'quality'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly everyMs?: number;
}

/** Writes down how good the data of each entity is, where the interface finds it whichever process has the entity. */
export function createQualityKeeper({ prepare, store, clock, log, everyMs = EVERY_MS }: QualityDeps): Service {
  let end = new AbortController();
  let keeping: Promise<void> = Promise.resolve();
  const keep = async (): Promise<void> => {
    let batch: EntityQuality[] = [];
    for (const quality of prepare.qualities(clock.now())) {
      batch.push(quality);
      if (batch.length < BATCH) continue;
      await store.quality.save(batch);
      batch = [];
      await nextTurn();
    }
    if (batch.length > 0) await store.quality.save(batch);
  };
  return {
    name: 'quality',
    start: async () => {
      end = new AbortController();
      const failed = ({ message }: Error): void =>
        log.warn({ error: message }, 'data quality could not be written down; tried again');
      keeping = every(everyMs, keep, { clock, signal: end.signal, failed });
    },
    stop: async () => {
      end.abort();
      await keeping;
    },
  };
}
