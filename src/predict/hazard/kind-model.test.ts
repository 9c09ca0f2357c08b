import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import { runTrainingTask } from '../../ml/training-tasks.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { fitKinds, type KindModel, kindsAt } from './kind-model.ts';
import type { MemberRows } from './members.ts';
import { chooseRows, type TrainingRows } from './training-rows.ts';

const ROWS = 60;
/** What the first and the second number tell of; of any other kind none does. */
const HIGH = ['disk', 'memory'] as const;

/** Entities that fail at the end: of `disk` when the first number is high, of `memory` when the second is, of `power` by chance. */
function fleet(kindOf: (entity: number) => string, entities = 40): EntityHistory[] {
  const random = createRandom(2);
  return Array.from({ length: entities }, (_, entity): EntityHistory => {
    const kind = kindOf(entity);
    const start = ((entity * 7) % entities) * ROWS;
    const high = (column: number): number => (kind === HIGH[column] ? 4 : 0);
    return {
      entity: `host/${entity}`,
      times: Float64Array.from({ length: ROWS }, (_row, r) => start + r),
      values: Float64Array.from({ length: 2 * ROWS }, (_value, i) => high(i % 2) + random.normal()),
      // One after the other, so that the first teach what the last are judged by.
      failures: [{ time: start + ROWS, kind }],
      events: [],
      observedFrom: start,
      observedTo: start + ROWS,
    };
  });
}

const run = async (task: Parameters<typeof runTrainingTask>[0]) => runTrainingTask(task, () => {});

async function learn(entities: readonly EntityHistory[]): Promise<KindModel> {
  const rows: TrainingRows = chooseRows(entities, {
    quiet: 0,
    edges: Float64Array.of(10, 30, 100),
    most: 5000,
    seed: 1,
  });
  const features = Float32Array.from({ length: 2 * rows.count }, (_, i) => {
    const at = i >> 1;
    return entities[rows.entity[at]!]!.values[2 * rows.row[at]! + (i % 2)]!;
  });
  const data: MemberRows = { count: rows.count, features, sequences: null };
  return fitKinds({ fleet: { columns: ['a', 'b'], entities }, rows, data, reach: 30, seed: 1 }, run);
}

describe('kinds of failures', () => {
  let model: KindModel;
  beforeAll(async () => {
    model = await learn(
      fleet((entity) => (entity < 18 ? 'disk' : entity < 30 ? 'memory' : entity < 38 ? 'power' : 'rare')),
    );
  });

  test('are told by what is seen before them, and their shares add up to 1', () => {
    const at = (a: number, b: number) => kindsAt(model, Float32Array.of(a, b));
    expect(at(4, 0)[0]!.kind).toBe('disk');
    expect(at(0, 4)[0]!.kind).toBe('memory');
    expect(at(0, 0)[0]!.kind).toBe('power');
    expect(at(4, 0)[0]!.share).toBeGreaterThan(0.7);
    expect(at(4, 0).reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    for (const { share } of at(9, 9)) expect(share).toBeGreaterThan(0);
  });

  test('that are too rare keep the share that they have', () => {
    expect(kindsAt(model, Float32Array.of(4, 0)).find(({ kind }) => kind === 'rare')!.share).toBeCloseTo(2 / 40, 9);
  });

  test('are their shares where nothing that is seen tells them apart', async () => {
    const named = (entity: number): string => (entity % 2 === 0 ? 'power' : 'network');
    const blind = await learn(fleet(named));
    expect(blind.forest).toBeNull();
  });

  test('are their shares where there is but one, or too few of each', async () => {
    const one = await learn(fleet(() => 'disk'));
    expect(one).toEqual({ shares: [{ kind: 'disk', share: 1 }], forest: null });
    const few = await learn(fleet((entity) => `kind ${entity % 4}`, 12));
    expect(few.forest).toBeNull();
    expect(kindsAt(few, Float32Array.of(0, 0)).map(({ share }) => share)).toEqual([0.25, 0.25, 0.25, 0.25]);
  });
});
