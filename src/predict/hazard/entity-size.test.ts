import { expect, test } from 'vitest';
import { fitOperatingRegimes } from '../../ml/operating-regimes.ts';
import { createRandom } from '../../ml/random.ts';
import type { EntityHistory, FleetHistory, PredictorOptions } from '../../model/predictor.ts';
import { learnEntitySize } from './entity-size.ts';
import { createHazardFactory } from './hazard-factory.ts';
import { fillOwnViews, learnOwnScale } from './own-signals.ts';
import { isWritten, plainWidth, type SignalModel, signalsOf } from './signals.ts';

const COLUMNS = ['temperature', 'queue', 'requests', 'bytes'];
const USED = Int32Array.from(COLUMNS.keys());
const ROWS = 3000;
const STRIDE = 7;

/** Requests and bytes grow with the entity; its usual queue does not, and fills in its last hundred rows to `full` times its size. */
function entity(number: number, full = 0, together = true): EntityHistory {
  const random = createRandom(number);
  const [size, other] = [Math.exp(3 * random.next()), Math.exp(3 * random.next())];
  const [queue, heat] = [Math.exp(2 * random.next()), 20 + 20 * random.next()];
  const noise = (): number => Math.exp(0.4 * random.normal());
  return {
    entity: `host/${number}`,
    times: Float64Array.from({ length: ROWS }, (_, row) => row),
    values: Float64Array.from(
      Array.from({ length: ROWS }, (_, row) => [
        heat + random.normal(),
        queue * noise() + (row < ROWS - 100 ? 0 : 20 * full * size),
        50 * size * noise(),
        9000 * (together ? size : other) * noise(),
      ]).flat(),
    ),
    failures: [],
    events: [],
    observedFrom: 0,
    observedTo: ROWS,
  };
}

function modelOf(entities: readonly EntityHistory[]): SignalModel {
  const own = learnOwnScale({ columns: COLUMNS, entities }, USED, STRIDE);
  const size = learnEntitySize({ columns: COLUMNS, entities }, { used: USED, scale: own, stride: STRIDE });
  const data = Float64Array.from({ length: 200 * COLUMNS.length }, (_, i) => i % 17);
  return {
    columns: COLUMNS,
    regimes: fitOperatingRegimes({ matrix: { data, rows: 200, columns: COLUMNS.length }, starts: [0, 200] }),
    used: USED,
    own,
    size,
    fusing: new Float64Array(0),
    fused: 0,
    risks: null,
    step: 1,
  };
}

const fleet = Array.from({ length: 30 }, (_, i) => entity(i));
const model = modelOf(fleet);
const places = USED;

/** The column against the size of the entity, row by row. */
function against(history: EntityHistory, column: string, { rows = ROWS, at = places } = {}): number[] {
  const { values } = signalsOf(model, history, { places: at, rows });
  const from = (COLUMNS.length + COLUMNS.indexOf(column)) * rows;
  return [...values.subarray(from, from + rows)];
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, x) => sum + x / values.length, 0);

test('sizes are read from a column whose level goes together with that of another', () => {
  expect(['requests', 'bytes']).toContain(COLUMNS[model.size!.yardstick]);
  expect(modelOf(fleet.map((_, i) => entity(i, 0, false))).size).toBeNull();
  expect(modelOf(fleet.slice(0, 8)).size).toBeNull();
});

test('a queue half full looks the same for a small and for a large entity, and not like a full one', () => {
  const late = (number: number, full: number): number => meanOf(against(entity(number, full), 'queue').slice(-100));
  const halves = fleet.map((_, i) => late(i, 0.5));
  const least = Math.min(...fleet.map((_, i) => late(i, 1)));
  expect(Math.max(...halves)).toBeLessThan(least);
});

test('how many times longer than usual it is tells them not apart', () => {
  const late = (number: number, full: number): number => {
    const values = new Float64Array(ROWS * plainWidth(model));
    const place = { scale: model.own!, u: 1, used: COLUMNS.length, place: 1, stride: COLUMNS.length };
    fillOwnViews(entity(number, full), { ...place, views: 2 * COLUMNS.length }, { values, rows: ROWS });
    const end = (3 * COLUMNS.length + 2) * ROWS;
    return meanOf([...values.subarray(end - 100, end)]);
  };
  expect(Math.max(...fleet.map((_, i) => late(i, 0.5)))).toBeGreaterThan(Math.min(...fleet.map((_, i) => late(i, 1))));
});

test('says nothing of the yardstick itself, of columns that do not grow, and before enough was seen', () => {
  const { yardstick } = model.size!;
  const written = COLUMNS.filter((_, u) => isWritten(model, COLUMNS.length + u));
  expect(written).toContain('queue');
  expect(written).not.toContain('temperature');
  expect(written).not.toContain(COLUMNS[yardstick]);
  expect(against(fleet[0]!, 'temperature').every(Number.isNaN)).toBe(true);
  const queue = against(fleet[0]!, 'queue');
  expect(queue.slice(0, 12).every(Number.isNaN)).toBe(true);
  expect(queue.slice(12).every(Number.isFinite)).toBe(true);
});

test('a row knows nothing of later rows, and without the yardstick there is no size', () => {
  const whole = against(entity(3, 1), 'queue');
  for (const rows of [5, 13, 300, 2950]) expect(against(entity(3, 1), 'queue', { rows })).toEqual(whole.slice(0, rows));
  const gone = places.map((place) => (place === model.size!.yardstick ? -1 : place));
  expect(against(fleet[0]!, 'queue', { at: gone }).every(Number.isNaN)).toBe(true);
});

const OPTIONS: PredictorOptions = { horizons: [5, 10, 20], unitMs: null, asked: 'later', seed: 1, budgetMs: 10_000 };
const factory = createHazardFactory();
const whole = (history: EntityHistory) => ({ history, from: 0, to: history.times.length });

/** Queues that fill by the size of their entity, to 30 % and back or until it fails when full; requests and bytes tell the size. */
function filling(): FleetHistory {
  const entities = Array.from({ length: 16 }, (_, e): EntityHistory => {
    const random = createRandom(e);
    const size = Math.exp((3 * e) / 16);
    const usual = Math.exp(2 * random.next());
    const noise = (): number => Math.exp(0.2 * random.normal());
    const times = Float64Array.from({ length: 240 }, (_row, r) => r);
    const phase = (t: number): number => (t + 7 * e) % 40;
    const fails = (t: number): boolean => (Math.floor((t + 7 * e) / 40) + e) % 2 === 0;
    const full = (t: number): number => Math.max(0, phase(t) - 24) / (fails(t) ? 16 : 53);
    const rows = Array.from(times, (t) => [
      usual * noise() + 400 * size * full(t),
      50 * size * noise(),
      9000 * size * noise(),
    ]);
    const failures = [...times]
      .filter((t) => t > 0 && phase(t) === 0 && fails(t - 1))
      .map((time) => ({ time, kind: '' }));
    const plain = { entity: `host/${e}`, times, values: Float32Array.from(rows.flat()), failures, events: [] };
    return { ...plain, observedFrom: 0, observedTo: 239 };
  });
  return { columns: ['queue', 'requests', 'bytes'], entities };
}

test('entities of any size: how full a queue is counts, and a model that was saved says the same', async () => {
  const { entities, columns } = filling();
  const outcome = await factory.fit({ entities, columns }, OPTIONS);
  if (!outcome.ready) throw new Error(outcome.missing.key);
  const { predictor } = outcome;
  const all = predictor.predict(entities.map(whole), columns);
  expect(factory.load(Buffer.from(predictor.toBytes())).predict(entities.map(whole), columns)).toEqual(all);
  for (const part of [entities.slice(0, 6), entities.slice(10)]) {
    const { probabilities } = predictor.predict(part.map(whole), columns);
    const chances = (least: number, most: number): number[] =>
      part.flatMap(({ values }, e) =>
        Array.from({ length: 240 }, (_, row) => row)
          .filter((row) => row > 100)
          .filter((row) => {
            const share = (values[3 * row]! * 22.5) / values[3 * row + 2]!;
            return share > least && share < most;
          })
          .map((row) => probabilities[3 * (240 * e + row) + 1]!),
      );
    const [calm, full] = [chances(0, 0.1), chances(0.8, 2)];
    const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b / values.length, 0);
    expect(full.length).toBeGreaterThan(10);
    expect(meanOf(full)).toBeGreaterThan(0.9);
    expect(meanOf(calm)).toBeLessThan(0.1);
  }
}, 120_000);
