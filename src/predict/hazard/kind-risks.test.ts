import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import { averagePrecision } from '../../ml/ranking-metrics.ts';
import type { EntityHistory, FailurePredictor, FleetHistory } from '../../model/predictor.ts';
import { createHazardFactory } from './hazard-factory.ts';
import { fillKindRisk, fitKindRisks, type KindRisks, likeliestOf, type RiskRows } from './kind-risks.ts';

/** The first column itself is the direction of kind 0, twice the second that of kind 1; the third sum is no kind's. */
const DIRECTIONS = { fusing: Float64Array.of(1, 0, 0, 2, 1, 1), kinds: Int32Array.of(0, 1, -1) };

/** From where on the columns mean a failure: of the second there are lookalikes that end well far above the first's. */
const FROM = [2, 5] as const;

function rowsOf(count: number, seed: number): RiskRows {
  const random = createRandom(seed);
  const values = new Float64Array(2 * count);
  const kind = new Int32Array(count).fill(-1);
  for (let i = 0; i < count; i++) {
    const odd = random.int(4);
    for (const column of [0, 1] as const) {
      const x = (odd === column ? 8 * random.next() : 0) + 0.5 * random.normal();
      values[2 * i + column] = x;
      if (x > FROM[column] && random.next() < 0.9) kind[i] = column;
    }
  }
  return { values, columns: 2, kind, weight: new Float64Array(count).fill(1) };
}

/** Largest log odds of rows of the two signals. */
function riskOf(risks: KindRisks, first: readonly number[], second: readonly number[]): number[] {
  const rows = first.length;
  const values = new Float64Array(4 * rows);
  values.set([...first, ...second.map((x) => 2 * x)]);
  fillKindRisk(risks, { values, rows, fused: 0, to: 3 });
  return [...values.subarray(3 * rows)];
}

describe('risks of kinds', () => {
  const risks = fitKindRisks(DIRECTIONS, rowsOf(4000, 1))!;
  const chance = (z: number): number => 1 / (1 + Math.exp(-z));

  test('bring signals that mean a failure from different levels on to one scale', () => {
    const [calm, first, lookalike, second] = riskOf(risks, [0, 4, 0, 0], [0, 0, 3.5, 7]).map(chance);
    expect(calm).toBeLessThan(0.1);
    expect(first).toBeGreaterThan(0.8);
    expect(lookalike).toBeLessThan(0.5);
    expect(second).toBeGreaterThan(0.8);
  });

  test('tell failing rows from others better than any one signal does', () => {
    const { values, kind } = rowsOf(4000, 2);
    const column = (c: number): Float64Array => Float64Array.from(kind, (_, i) => values[2 * i + c]!);
    const failing = Uint8Array.from(kind, (number) => Number(number >= 0));
    const [first, second] = [column(0), column(1)];
    const sum = first.map((x, i) => x + second[i]!);
    const of = averagePrecision(failing, Float64Array.from(riskOf(risks, [...first], [...second])));
    const alone = [first, second, sum].map((scores) => averagePrecision(failing, scores));
    expect(of).toBeGreaterThan(Math.max(...alone) + 0.05);
  });

  test('go by what rows stand for', () => {
    const rows = rowsOf(4000, 1);
    // Rows that do not fail are one in twenty of those that there were.
    const weight = rows.weight.map((one, i) => (rows.kind[i]! < 0 ? 20 * one : one));
    const [near] = riskOf(fitKindRisks(DIRECTIONS, { ...rows, weight })!, [2.2], [0]);
    const [alike] = riskOf(risks, [2.2], [0]);
    expect(near!).toBeLessThan(alike! - 1);
  });

  test('are level beyond what was seen, and missing only where all is', () => {
    const [far, farther] = riskOf(risks, [9, 1e9], [0, 0]);
    expect(farther).toBe(far);
    const [one, none] = riskOf(risks, [Number.NaN, Number.NaN], [7, Number.NaN]);
    expect(one).toBeGreaterThan(0);
    expect(none).toBeNaN();
  });

  test('name the signal that says most', () => {
    const likeliest = (first: number, second: number): number =>
      likeliestOf(risks, (fused) => [first, 2 * second, 0][fused]!);
    expect(likeliest(6, 0)).toBe(0);
    expect(likeliest(0, 7)).toBe(1);
    expect(likeliest(Number.NaN, Number.NaN)).toBe(-1);
  });

  test('need two kinds with failures', () => {
    const rows = rowsOf(400, 1);
    const alone = rows.kind.map((kind) => (kind === 1 ? -1 : kind));
    expect(fitKindRisks(DIRECTIONS, { ...rows, kind: alone })).toBeNull();
    expect(fitKindRisks({ fusing: new Float64Array(0), kinds: new Int32Array(0) }, rows)).toBeNull();
  });
});

const STEP = 300;
const DAYS = 12;
const COLUMNS = ['pool', 'queue', 'load'];

/** Entities that fail of `pool` or of `queue` after that column has risen for two hours; a third of the rises end well before the middle. */
function risingFleet(): FleetHistory {
  const rows = (DAYS * 86_400) / STEP;
  const entities = Array.from({ length: 24 }, (_, e): EntityHistory => {
    const random = createRandom(10 + e);
    const values = new Float32Array(rows * COLUMNS.length);
    const failures: { time: number; kind: string }[] = [];
    let [column, level, end] = [-1, 0, 1];
    for (let row = 0; row < rows; row++) {
      if (column < 0 && random.next() < 1 / 200)
        [column, level, end] = [random.int(2), 0, random.next() < 1 / 3 ? 0.4 : 1];
      if (column >= 0) level += 1 / 24;
      if (level >= end) {
        if (end === 1) failures.push({ time: row * STEP, kind: COLUMNS[column]! });
        [column, level] = [-1, 0];
      }
      for (let c = 0; c < COLUMNS.length; c++)
        values[row * COLUMNS.length + c] = 10 + (c === column ? (4 + 8 * c) * level : 0) + 0.5 * random.normal();
    }
    const times = Float64Array.from({ length: rows }, (_row, row) => row * STEP);
    return { entity: `host/${e}`, times, values, failures, events: [], observedFrom: 0, observedTo: rows * STEP };
  });
  return { columns: COLUMNS, entities };
}

describe('a predictor of failures of two kinds', () => {
  const fleet = risingFleet();
  const factory = createHazardFactory();
  let predictor: FailurePredictor;
  beforeAll(async () => {
    const horizons = [900, 3600, 21_600, 86_400, 604_800];
    const outcome = await factory.fit(fleet, { horizons, unitMs: 1000, asked: 'later', seed: 1, budgetMs: 60_000 });
    if (!outcome.ready) throw new Error(outcome.missing.key);
    predictor = outcome.predictor;
  }, 120_000);

  /** The row half an hour before the last failure of a kind, and that failure's entity. */
  function before(kind: string) {
    const history = fleet.entities.findLast(({ failures }) => failures.at(-1)?.kind === kind)!;
    return { history, row: history.failures.at(-1)!.time / STEP - 6 };
  }

  test.each(['pool', 'queue'])('sees %s coming, and names its column', (kind) => {
    const { history, row } = before(kind);
    const { probabilities } = predictor.predict([{ history, from: row, to: row + 1 }], COLUMNS);
    expect(probabilities[1]).toBeGreaterThan(0.5);
    const { drivers } = predictor.explain(history, row, COLUMNS);
    expect(drivers[0]).toMatchObject({ feature: kind, raises: true });
  });

  test('says the same before and after saving', () => {
    const { history, row } = before('pool');
    const query = [{ history, from: row - 200, to: row }];
    const loaded = factory.load(Buffer.from(predictor.toBytes()));
    expect(loaded.predict(query, COLUMNS)).toEqual(predictor.predict(query, COLUMNS));
    expect(loaded.explain(history, row, COLUMNS)).toEqual(predictor.explain(history, row, COLUMNS));
  });
});
