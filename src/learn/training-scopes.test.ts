import { expect, it } from 'vitest';
import type { Frame } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import { systemClock } from '../runtime/clock.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import { MOST_OWN, trainingScopes } from './training-scopes.ts';

const TIME = Date.UTC(2026, 4, 20, 9);
const layout = internLayout([{ name: 'a', metric: 'a', labels: {}, kind: 'level', unit: '', limit: null }]);

it('however many entities the owner marks, fifty have a model of their own, and all have that of their kind', async () => {
  const store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
  const names = Array.from({ length: MOST_OWN + 10 }, (_, i) => `web-${String(i).padStart(2, '0')}`);
  const values = Float32Array.of(1);
  await store.entities.upsert(
    names.map((name) => ({
      id: `host/${name}`,
      kind: 'host',
      name,
      fleet: 'default',
      labels: {},
      firstSeen: TIME,
      lastSeen: TIME,
    })),
  );
  await store.frames.append(
    names.map((name): Frame => ({
      entity: `host/${name}`,
      fleet: 'default',
      time: TIME,
      stepMs: 5000,
      layout,
      values,
      derived: new Float32Array(0),
      closedAt: TIME + 5000,
    })),
  );
  const scopes = await trainingScopes(store, () => true);
  expect(scopes.map(({ scope }) => scope)).toEqual(['host', ...names.slice(0, 50).map((name) => `host/${name}`)]);
  // The same fifty each time, or their models would come and go.
  expect(await trainingScopes(store, () => true)).toEqual(scopes);
  await store.close();
});
