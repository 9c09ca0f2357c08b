import { beforeAll, describe, expect, it } from 'vitest';
import { runTrainingTask } from '../../ml/training-tasks.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { generatedFleet } from './check-fleet.ts';
import { timeFolds } from './folds.ts';
import { intervalsOf } from './intervals.ts';
import { searchShape, type ShapeSearch } from './search-shape.ts';
import { FIXED_SHAPE, type RunTraining } from './train-team.ts';
import { chooseRows } from './training-rows.ts';

/** Runs to failure that began one after the other. */
function staggered(count: number): EntityHistory[] {
  return generatedFleet({ entities: count, seed: 3 }).fleet.entities.map(
    ({ entity, times, values, failures, observedTo }, e) => ({
      entity,
      times: times.map((time) => time + 30 * e),
      values,
      failures: failures.map(({ time, kind }) => ({ time: time + 30 * e, kind })),
      events: [],
      observedFrom: 30 * e,
      observedTo: observedTo + 30 * e,
    }),
  );
}

/** A search on the bare values of every row. */
function searchOf(entities: readonly EntityHistory[], over: Partial<ShapeSearch>): ShapeSearch {
  const intervals = intervalsOf([5, 10, 20]);
  const rows = chooseRows(entities, { quiet: 0, edges: intervals.edges, most: 100_000, seed: 1 });
  const features = new Float32Array(rows.count * 4);
  for (let i = 0; i < rows.count; i++) {
    const at = rows.row[i]! * 4;
    features.set(entities[rows.entity[i]!]!.values.subarray(at, at + 4), i * 4);
  }
  return {
    rows,
    data: { count: rows.count, features, sequences: null },
    folds: timeFolds(rows),
    intervals,
    seed: 7,
    candidates: 3,
    budgetSeconds: 1000,
    now: () => 0,
    signal: undefined,
    onProgress: () => undefined,
    ...over,
  };
}

const run: RunTraining = async (task) => runTrainingTask(task, () => undefined);

let entities: EntityHistory[];
beforeAll(() => {
  entities = staggered(16);
});

describe('the search for better settings', () => {
  it('is the same for the same seed, tells what was tried, and is seen', async () => {
    const seen: number[] = [];
    const first = await searchShape(searchOf(entities, { onProgress: (trainings) => seen.push(trainings) }), run);
    expect(await searchShape(searchOf(entities, {}), run)).toEqual(first);
    const [shape, told] = first;
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(told).toMatchObject({ trainings: 8, complete: true, chosen: shape, budgetSeconds: 1000 });
    expect(told.tried.map(({ loss }) => loss)).toEqual(told.tried.map(({ loss }) => loss).toSorted((a, b) => a - b));
    expect(told.tried).toContainEqual({ parameters: FIXED_SHAPE, loss: told.fixedLoss });
    expect([FIXED_SHAPE, told.tried[0]!.parameters]).toContainEqual(shape);
    const [, other] = await searchShape(searchOf(entities, { seed: 8 }), run);
    expect(other.tried).not.toEqual(told.tried);
  });

  it('ends with its budget, and goes by what was done until then', async () => {
    let seconds = 0;
    const slow: RunTraining = (task) => {
      seconds += 1;
      return run(task);
    };
    const now = (): number => seconds * 1000;
    // The fixed settings and one more are two trainings each; the third candidate is not done in time.
    const [, told] = await searchShape(searchOf(entities, { budgetSeconds: 5, now }), slow);
    expect(told).toMatchObject({ trainings: 5, complete: false });
    expect(told.tried).toHaveLength(2);
    seconds = 0;
    const [shape, none] = await searchShape(searchOf(entities, { budgetSeconds: 1, now }), slow);
    expect(shape).toEqual(FIXED_SHAPE);
    expect(none).toMatchObject({ trainings: 1, complete: false, fixedLoss: null, tried: [] });
  });

  it('learns from a bounded number of rows', async () => {
    const rows: number[] = [];
    const watched: RunTraining = (task) => {
      if (task.kind === 'hazard-boosting') rows.push(task.data.matrix.rows);
      return run(task);
    };
    const search = searchOf(staggered(400), { candidates: 0 });
    expect(search.rows.count).toBeGreaterThan(20_000);
    await searchShape(search, watched);
    expect(Math.max(...rows)).toBeLessThan(17_000);
  });

  it('ends when it is no longer wanted', async () => {
    const end = new AbortController();
    const searching = searchShape(searchOf(entities, { signal: end.signal, onProgress: () => end.abort() }), run);
    await expect(searching).rejects.toMatchObject({ code: 'ML_CANCELLED' });
  });
});
