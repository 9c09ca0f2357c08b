import { afterAll, expect, it } from 'vitest';
import type { SampleBatch, Series } from '../../model/series.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createStore } from '../../store/create-store.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import { PrepareCore } from '../prepare-core.ts';
import { createQualityKeeper } from './quality-keeper.ts';

const PATIENCE = 30_000;
const ENTITIES = 250;
const store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
afterAll(() => store.close());

/** Samples of many series in one step, the newest `ahead` ms before our clock. */
function batch(
  entity: string,
  count: number,
  { time, source }: { readonly time: number; readonly source: string },
): SampleBatch {
  const series = Array.from({ length: count }, (_, i): Series => {
    const name = i < 10 ? `metric_${i}` : 'explodes';
    const labels = { user: String(i) };
    return { key: `${name}{user="${i}"}`, name, labels, type: 'gauge', unit: '', entity };
  });
  const times = new Float64Array(count).fill(time);
  return {
    entity,
    fleet: 'default',
    source,
    receivedAt: time + 500,
    series,
    times,
    values: new Float64Array(count).fill(1),
  };
}

it(
  'what came of every entity is written down, with gaps and the metric that explodes',
  async () => {
    const core = new PrepareCore({ stepMs: 1000, latenessMs: 0, featuresPerEntity: 20, limits: [] });
    const now = Math.floor(Date.now() / 1000) * 1000;
    const at = (time: number) => ({ time, source: 'push' });
    for (let e = 0; e < ENTITIES; e++) {
      const entity = `host/q-${String(e).padStart(3, '0')}`;
      core.admit(entity, { layout: null, newest: Number.NEGATIVE_INFINITY }, now);
      for (const time of [now - 9000, now - 8000, now - 2000, now])
        core.ingest(batch(entity, e === 0 ? 300 : 3, at(time)), time, time);
      core.ingest(batch(entity, 3, at(now)), now, now);
    }
    const deps = { prepare: core, store, clock: systemClock, log: silentLog, everyMs: 20 };
    const keeper = createQualityKeeper(deps);
    await keeper.start();
    const last = `host/q-${ENTITIES - 1}`;
    await expect.poll(() => store.quality.get(last), { timeout: PATIENCE }).not.toBeNull();
    await keeper.stop();
    expect((await store.quality.list({ limit: 1000, cursor: null })).items).toHaveLength(ENTITIES);
    expect(await store.quality.get('host/q-001')).toMatchObject({
      samples: 15,
      series: 3,
      features: 3,
      gaps: 1,
      gapMs: 5000,
      skewMs: 500,
      sources: ['push'],
      drops: { repeated: 3 },
    });
    const exploded = await store.quality.get('host/q-000');
    expect(exploded).toMatchObject({ features: 20, drops: { no_room: 280 } });
    expect(exploded?.worst[0]).toMatchObject({ metric: 'explodes' });
  },
  PATIENCE,
);
