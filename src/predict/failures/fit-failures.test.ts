import { expect, it } from 'vitest';
import type { FailureFitted } from '../../model/failure-fitter.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { historyPredictorFactory } from '../history/history-predictor.ts';
import { fitFailures } from './fit-failures.ts';

const ROWS = 100;
const CUT = 49;
/** Those that are left after the cut. */
const LATER = ROWS - CUT - 1;
const ENTITIES = 80;

const entities = Array.from({ length: ENTITIES }, (_, e): EntityHistory => {
  return {
    entity: `host/${e}`,
    times: Float64Array.from({ length: ROWS }, (_row, i) => i),
    values: new Float32Array(ROWS),
    failures: [{ time: 20 + (e % 60), kind: 'full' }],
    events: [],
    observedFrom: 0,
    observedTo: ROWS,
  };
});

async function judgedOf(mostJudged: number): Promise<Extract<FailureFitted, { ready: true }>['judged']> {
  const fitted = await fitFailures(
    { fleet: { columns: ['x'], entities }, cut: CUT, options: { horizons: [5, 10], seed: 1 }, mostJudged },
    historyPredictorFactory,
    { onProgress: () => undefined },
  );
  if (!fitted.ready) throw new Error(fitted.missing.key);
  return fitted.judged;
}

it('judges every row after the cut, as densely as it will be asked', async () => {
  const { entity, times, probabilities } = await judgedOf(1e6);
  expect(entity).toHaveLength(ENTITIES * LATER);
  expect(probabilities).toHaveLength(2 * ENTITIES * LATER);
  expect(Math.min(...times)).toBe(CUT + 1);
});

it('asks about fewer entities where there are more rows than it may, never about fewer rows of one', async () => {
  const most = 1000;
  const { entity, times, probabilities } = await judgedOf(most);
  const asked = [...new Set(entity)];
  expect(entity.length).toBeLessThanOrEqual(1.2 * most);
  expect(entity.length).toBeGreaterThan(0.8 * most);
  for (const e of asked) expect([...entity].filter((one) => one === e)).toHaveLength(LATER);
  // From all over the fleet, not its first few.
  expect(asked.filter((e) => e >= ENTITIES / 2).length).toBeGreaterThan(asked.length / 4);
  const all = await judgedOf(1e6);
  const first = [...all.entity].indexOf(asked[1]!);
  const own = [...entity].indexOf(asked[1]!);
  expect(times.slice(own, own + LATER)).toEqual(all.times.slice(first, first + LATER));
  expect(probabilities.slice(2 * own, 2 * (own + LATER))).toEqual(
    all.probabilities.slice(2 * first, 2 * (first + LATER)),
  );
});
