import { describe, expect, test } from 'vitest';
import { averagePrecision } from '../../ml/ranking-metrics.ts';
import { createRandom } from '../../ml/random.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { groupEntities } from './circles.ts';
import { fitHistoryPredictor, historyPredictorFactory } from './history-predictor.ts';

const DAYS = 500;
const HORIZONS = [1, 7];

/** Machines in racks: each rack and each machine in it has its own rate, and failures come in bursts of two. */
function fleetOf(seed: number, { racks = 6, size = 12 } = {}): EntityHistory[] {
  const random = createRandom(seed);
  const entities: EntityHistory[] = [];
  for (let rack = 0; rack < racks; rack++) {
    const level = 0.004 * 2 ** (4 * random.next());
    for (let machine = 0; machine < size; machine++) {
      const rate = level * 4 ** (2 * random.next() - 1);
      const failures = [];
      for (let day = 0; day < DAYS; day++) {
        if (random.next() >= rate) continue;
        failures.push({ time: day + 0.3, kind: 'disk' }, { time: day + 0.7, kind: 'disk' });
      }
      const times = Float64Array.from({ length: DAYS }, (_, day) => day);
      const entity = `rack${rack}-${machine}`;
      entities.push({
        entity,
        times,
        values: new Float32Array(0),
        failures,
        events: [],
        observedFrom: 0,
        observedTo: DAYS,
      });
    }
  }
  const groups = groupEntities(
    entities.map(({ entity }) => entity),
    entities.map(() => 0),
  );
  return withCircles(entities, groups);
}

function withCircles(plain: readonly EntityHistory[], groups: readonly (readonly number[])[]): EntityHistory[] {
  const entities: { -readonly [Key in keyof EntityHistory]: EntityHistory[Key] }[] = plain.map((history) => ({
    ...history,
  }));
  for (const group of groups) {
    const circle = group.map((index) => entities[index]!);
    for (const member of circle) member.circles = [circle, entities];
  }
  return entities;
}

/** What was known at a time: later rows and failures taken away. */
function cutAt(entities: readonly EntityHistory[], time: number): EntityHistory[] {
  const cut = entities.map((history) => ({
    ...history,
    times: history.times.filter((at) => at <= time),
    failures: history.failures.filter((failure) => failure.time <= time),
    observedTo: time,
  }));
  return withCircles(
    cut,
    groupEntities(
      cut.map(({ entity }) => entity),
      cut.map(() => 0),
    ),
  );
}

const queriesOf = (entities: readonly EntityHistory[], from: number) =>
  entities.map((history) => ({ history, from, to: history.times.length }));

describe('a prediction from past failures alone', () => {
  const entities = fleetOf(1);
  const training = cutAt(entities, 250);
  const predictor = fitHistoryPredictor({ columns: [], entities: training }, HORIZONS);
  const predicted = predictor.predict(queriesOf(entities, 251), []);

  test('ranks better than counting the last 90 days, and means what it says', () => {
    const labels: number[] = [];
    const chances: number[] = [];
    const counts: number[] = [];
    let at = 0;
    for (const { times, failures } of entities) {
      for (let row = 251; row < times.length; row++, at++) {
        if (row > DAYS - 7) continue;
        labels.push(failures.some(({ time }) => time > row && time <= row + 7) ? 1 : 0);
        chances.push(predicted.probabilities[at * 2 + 1]!);
        counts.push(failures.filter(({ time }) => time <= row && time > row - 90).length);
      }
    }
    expect(averagePrecision(labels, chances)).toBeGreaterThan(1.05 * averagePrecision(labels, counts));
    const expected = chances.reduce((sum, value) => sum + value, 0) / labels.reduce((sum, value) => sum + value, 0);
    expect(expected).toBeGreaterThan(0.85);
    expect(expected).toBeLessThan(1.15);
  });

  test('chances grow with the horizon, times lie within it, all is finite', () => {
    for (let row = 0; row < predicted.rows; row++) {
      const [day, week] = [predicted.probabilities[row * 2]!, predicted.probabilities[row * 2 + 1]!];
      expect(day > 0 && day <= week && week < 1).toBe(true);
      const [low, expected, high] = [predicted.low[row]!, predicted.expected[row]!, predicted.high[row]!];
      expect(low >= 0 && low <= high && high <= 7 && expected > 0 && expected <= 7).toBe(true);
    }
  });

  test('nothing that comes later changes what was said', () => {
    for (const time of [300, 377.5]) {
      const earlier = predictor.predict(queriesOf(cutAt(entities, time), 251), []);
      const perEntity = Math.floor(time) - 250;
      for (let entity = 0; entity < entities.length; entity++) {
        const full = entity * (DAYS - 251) * 2;
        expect(earlier.probabilities.slice(entity * perEntity * 2, (entity + 1) * perEntity * 2)).toEqual(
          predicted.probabilities.slice(full, full + perEntity * 2),
        );
      }
    }
  });

  test('alone or among others, before and after saving: the same bits', () => {
    const loaded = historyPredictorFactory.load(predictor.toBytes());
    const one = loaded.predict([{ history: entities[5]!, from: 400, to: 410 }], []);
    const at = (5 * (DAYS - 251) + 400 - 251) * 2;
    expect(one.probabilities).toEqual(predicted.probabilities.slice(at, at + 20));
  });

  test('says how many failures it rests on', () => {
    const history = entities.find(({ failures }) => failures.length > 6)!;
    const { drivers, kinds } = predictor.explain(history, DAYS - 1, []);
    expect(drivers[0]!.reason.values['all']).toBe(history.failures.length);
    expect(kinds).toEqual([{ kind: 'disk', share: 1 }]);
  });
});

test.each([
  ['no entity', []],
  ['no row', [[]]],
  ['one row', [[5]]],
  ['two rows of one time', [[5, 5]]],
])('%s is enough to say something finite', (_, rows) => {
  const entities = rows.map((times, index) => ({
    entity: `e${index}`,
    times: Float64Array.from(times),
    values: new Float32Array(0),
    failures: [],
    events: [],
    observedFrom: 0,
    observedTo: 10,
  }));
  const predictor = fitHistoryPredictor({ columns: [], entities }, HORIZONS);
  const asked = fleetOf(2, { racks: 1, size: 3 });
  const { probabilities, expected, low, high } = predictor.predict(queriesOf(asked, 0), []);
  for (const values of [probabilities, expected, low, high]) expect(values.every(Number.isFinite)).toBe(true);
});

describe('circles', () => {
  const zeros = (names: readonly string[]) => names.map(() => 0);
  test.each([
    [
      ['a-1', 'a-2', 'b-1', 'b-2'],
      [
        [0, 1],
        [2, 3],
      ],
    ],
    [
      ['web1', 'web2', 'db1', 'db2'],
      [
        [0, 1],
        [2, 3],
      ],
    ],
    [['1', '2', '3'], []],
    [['n-1', 'n-2', 'n-3'], []],
  ])('names %j', (names, groups) => expect(groupEntities(names, zeros(names))).toEqual(groups));

  test('where names say nothing, those that came together', () => {
    expect(groupEntities(['1', '2', '3', '4'], [0, 9, 0, 9])).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });
});
