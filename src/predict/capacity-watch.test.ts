import { describe, expect, it } from 'vitest';
import type { Frame, FrameLayout } from '../model/frame.ts';
import type { Prediction } from '../model/prediction.ts';
import { CapacityWatch, RISK_THRESHOLDS } from './capacity-watch.ts';
import { limitedFeatures } from './limited-features.ts';

const STEP = 5000;
const LIMIT = 10_000;
const layout: FrameLayout = {
  id: 'l',
  features: [
    {
      name: 'disk_used_bytes',
      metric: 'disk_used_bytes',
      labels: {},
      kind: 'level',
      unit: 'bytes',
      limit: { side: 'above', value: { feature: 'disk_size_bytes' } },
    },
    { name: 'disk_size_bytes', metric: 'disk_size_bytes', labels: {}, kind: 'level', unit: 'bytes', limit: null },
  ],
};
const frame = (n: number, used: number): Frame => ({
  entity: 'host/a',
  fleet: 'default',
  time: n * STEP,
  stepMs: STEP,
  layout,
  values: Float32Array.of(used, LIMIT),
  derived: new Float32Array(10),
  closedAt: n * STEP + STEP,
});

function createWatch(open: Prediction | null = null): (n: number, used: number) => Prediction | null {
  const watch = new CapacityWatch({ stepMs: STEP, horizons: [900, 86_400], thresholds: RISK_THRESHOLDS }, open);
  const [limited] = limitedFeatures(layout);
  if (!limited) throw new Error('no limited feature');
  return (n, used) => watch.take(frame(n, used), limited);
}

/** Used grows by `rate` a frame from `start` on. */
function run(
  take: ReturnType<typeof createWatch>,
  from: number,
  to: number,
  used: (n: number) => number,
): Prediction[] {
  const said: Prediction[] = [];
  for (let n = from; n < to; n++) {
    const prediction = take(n, used(n));
    if (prediction) said.push(prediction);
  }
  return said;
}

describe('the life of a prediction', () => {
  it('opens, grows more severe, happens; one id all the way', () => {
    const said = run(createWatch(), 0, 201, (n) => n * 50);
    expect(new Set(said.map(({ id }) => id)).size).toBe(1);
    expect(said[0]).toMatchObject({ state: 'open', entity: 'host/a', feature: 'disk_used_bytes', limit: LIMIT });
    const severities = said.map(({ severity }) => severity);
    expect(severities.indexOf('warning')).toBeGreaterThanOrEqual(0);
    expect(severities.indexOf('critical')).toBeGreaterThan(severities.indexOf('warning'));
    expect(said.at(-1)).toMatchObject({ state: 'happened', closedAt: expect.any(Number) as number });
  });

  it('is taken back when the fill stops', () => {
    const take = createWatch();
    expect(run(take, 0, 120, (n) => n * 50).at(-1)?.state).toBe('open');
    const after = run(take, 120, 400, () => 6000);
    expect(after.at(-1)).toMatchObject({ state: 'cleared', reason: { key: 'predict.eased' } });
  });

  it('is taken back when space is freed', () => {
    const take = createWatch();
    run(take, 0, 120, (n) => n * 50);
    const after = run(take, 120, 160, () => 100);
    expect(after.at(-1)?.state).toBe('cleared');
  });

  it('goes on under its id after a restart', () => {
    const before = run(createWatch(), 0, 100, (n) => n * 50).at(-1);
    const after = run(createWatch(before ?? null), 100, 180, (n) => n * 50);
    expect(before?.state).toBe('open');
    expect(new Set(after.map(({ id }) => id))).toEqual(new Set([before?.id]));
  });

  it('closes when nothing is reported any more, and says so', () => {
    const watch = new CapacityWatch({ stepMs: STEP, horizons: [900], thresholds: RISK_THRESHOLDS }, null);
    const [limited] = limitedFeatures(layout);
    if (!limited) throw new Error('no limited feature');
    for (let n = 0; n < 100; n++) watch.take(frame(n, n * 50), limited);
    expect(watch.silence(100 * STEP + 1000, 60_000)).toBeNull();
    expect(watch.silence(100 * STEP + 120_000, 60_000)).toMatchObject({
      state: 'cleared',
      reason: { key: 'predict.gone' },
    });
    expect(watch.silence(100 * STEP + 240_000, 60_000)).toBeNull();
  });

  it('is not opened again while what has run out stays about there, and is once there was room again', () => {
    const take = createWatch();
    expect(run(take, 0, 201, (n) => n * 50).at(-1)?.state).toBe('happened');
    expect(run(take, 201, 400, (n) => LIMIT - (n % 7) * 20)).toEqual([]);
    expect(run(take, 400, 460, () => 2000)).toEqual([]);
    expect(run(take, 460, 580, (n) => 2000 + (n - 460) * 50).at(-1)?.state).toBe('open');
  });

  it('says nothing of a full disk that has always been full', () => {
    expect(run(createWatch(), 0, 500, () => LIMIT)).toEqual([]);
  });
});
