import { expect, test } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { intervalsOf } from './intervals.ts';
import { learnFeatures } from './learn-features.ts';
import { coarseEnds } from './members.ts';
import { chooseRows } from './training-rows.ts';

const edgesAt = (horizons: readonly number[]): number[] => {
  const intervals = intervalsOf(horizons);
  return [...coarseEnds(intervals)].map((k) => intervals.edges[k]!);
};

test('hazards over minutes to a week are learnt up to the day before it, those of one scale to the end', () => {
  expect(edgesAt([900, 3600, 21_600, 86_400, 604_800])).toEqual([900, 3600, 21_600, 86_400]);
  expect(edgesAt([10, 20, 30])).toContain(30);
  expect(edgesAt([10, 20, 30]).at(-1)).toBeGreaterThan(30);
});

const ROWS = 300;

/** Entities that are watched from some time on; each fails once, after its one column has risen. */
function fleet(startOf: (entity: number) => number): EntityHistory[] {
  const random = createRandom(3);
  return Array.from({ length: 30 }, (_, entity) => {
    const start = startOf(entity);
    const fails = 100 + random.int(150);
    return {
      entity: `host/${entity}`,
      times: Float64Array.from({ length: ROWS }, (_, i) => start + i),
      values: Float32Array.from({ length: 2 * ROWS }, (_, i) => {
        const row = i >> 1;
        return entity + random.normal() + (i % 2 === 0 && row < fails ? Math.max(0, 5 - (fails - row) / 5) : 0);
      }),
      failures: [{ time: start + fails + 0.5, kind: 'full' }],
      events: [],
      observedFrom: start,
      observedTo: start + ROWS,
    };
  });
}

/** How many of the features name the entity by its age or its start. */
function ofStart(entities: readonly EntityHistory[], asked: 'later' | 'others'): number {
  const intervals = intervalsOf([10, 20, 30]);
  const rows = chooseRows(entities, { quiet: 0, edges: intervals.edges, most: 5000, seed: 1 });
  const given = { fleet: { columns: ['a', 'b'], entities }, rows, intervals, unitMs: null, asked, seed: 1 };
  const { specs } = learnFeatures(given).model;
  return specs.filter((spec) =>
    spec.of === 'trait' ? spec.trait.kind === 'age' : spec.of === 'start' && spec.statistic === 'start',
  ).length;
}

test('age and start are no features where all began together and later time is asked about', () => {
  expect(
    ofStart(
      fleet(() => 0),
      'later',
    ),
  ).toBe(0);
  expect(
    ofStart(
      fleet(() => 0),
      'others',
    ),
  ).toBeGreaterThan(0);
  expect(
    ofStart(
      fleet((entity) => 100 * entity),
      'later',
    ),
  ).toBeGreaterThan(0);
});
