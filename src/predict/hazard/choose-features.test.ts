import { expect, test } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { intervalsOf } from './intervals.ts';
import { learnFeatures } from './learn-features.ts';
import { columnOf, plainWidth } from './signals.ts';
import { chooseRows } from './training-rows.ts';

const STEP = 3600;
const ROWS = 2000;
const COLUMNS = ['often', 'seldom', 'never', 'noise'];
const intervals = intervalsOf([900, 3600, 21_600, 86_400, 604_800]);

/** Entities that fail often of what one column tells of, and now and then of what another one tells of. */
function fleet(): EntityHistory[] {
  const random = createRandom(5);
  return Array.from({ length: 24 }, (_, entity) => {
    const failures = [300, 700, 1100, 1500, 1900].map((row, i) => ({
      row: row + random.int(60),
      kind: (entity + i) % 8 === 0 ? 'seldom' : 'often',
    }));
    return {
      entity: `host/${entity}`,
      times: Float64Array.from({ length: ROWS }, (_, row) => row * STEP),
      values: Float32Array.from({ length: ROWS * COLUMNS.length }, (_, i) => {
        const [row, column] = [Math.floor(i / COLUMNS.length), COLUMNS[i % COLUMNS.length]!];
        const next = failures.find((failure) => failure.row >= row);
        const left = next !== undefined && next.kind === column ? next.row - row : Infinity;
        return 10 + entity + random.normal() + Math.max(0, 6 - left / 2);
      }),
      failures: failures.map(({ row, kind }) => ({ time: row * STEP, kind })),
      events: [],
      observedFrom: 0,
      observedTo: ROWS * STEP,
    };
  });
}

test('what tells of a rare kind of failure is read too', () => {
  const entities = fleet();
  const rows = chooseRows(entities, { quiet: 0, edges: intervals.edges, most: 20_000, seed: 1 });
  const given = { fleet: { columns: COLUMNS, entities }, rows, intervals, unitMs: 1000, seed: 1 } as const;
  const { model, gain } = learnFeatures({ ...given, asked: 'later' });
  const { signals, specs } = model;
  const read = new Map(COLUMNS.map((name) => [name, 0]));
  specs.forEach((spec, f) => {
    if (spec.of === 'trait' || spec.signal >= plainWidth(signals)) return;
    const name = COLUMNS[signals.used[columnOf(signals, spec.signal)]!]!;
    read.set(name, read.get(name)! + gain[f]!);
  });
  expect(signals.own).not.toBeNull();
  expect(read.get('seldom')).toBeGreaterThan(3 * Math.max(read.get('never')!, read.get('noise')!));
  // Two ridges, three directions of wear, one for each of the two kinds.
  expect(signals.fused).toBe(7);
  expect(specs.length).toBeLessThanOrEqual(48 + 2 * 12);
});
