import { afterAll, describe } from 'vitest';
import type { Clock } from '../runtime/clock.ts';
import { systemClock } from '../runtime/clock.ts';
import { checkAlerts } from './check-alerts.ts';
import { checkLeases } from './check-leases.ts';
import { checkProcesses } from './check-processes.ts';
import { checkQuality } from './check-quality.ts';
import { checkEvidence } from './check-evidence.ts';
import { checkSequences } from './check-sequences.ts';
import { checkStore, NOW } from './check-store.ts';
import { createStore } from './create-store.ts';
import { openMemoryDatabase } from './memory-database.ts';
import type { Store } from './store.ts';

const clock: Clock = { ...systemClock, now: () => NOW };

describe('the store on PGlite in memory', () => {
  let store: Promise<Store> | null = null;
  const open = (): Promise<Store> =>
    (store ??= openMemoryDatabase().then((database) => createStore(database, { clock, place: 'memory' })));
  afterAll(async () => (await store)?.close());
  checkStore(open);
  checkAlerts(open);
  checkLeases(open);
  checkProcesses(open);
  checkQuality(open);
  checkSequences(open);
  checkEvidence(open);
});
