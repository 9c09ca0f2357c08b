import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Run } from '../../model/action.ts';
import type { RollupFrame } from '../../model/frame.ts';
import { internLayout } from '../../model/layout.ts';
import { phrase } from '../../model/phrase.ts';
import type { Prediction } from '../../model/prediction.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { openTrouble } from '../../act/check-acting.ts';
import { labelRows } from '../../predict/hazard/labels.ts';
import { HOUR, type Life, MINUTE, openLife } from './check-life.ts';
import { openFleet } from './live-fleet.ts';

const START = 1_780_000_000_000 - (1_780_000_000_000 % HOUR);
const CADENCE = 10 * MINUTE;
const at = (minutes: number): number => START + minutes * MINUTE;
const seconds = (minutes: number): number => at(minutes) / 1000;

const layout = internLayout([
  { name: 'load', metric: 'load', labels: {}, kind: 'level', unit: '', limit: null },
  { name: 'wear', metric: 'wear', labels: {}, kind: 'level', unit: '', limit: null },
]);
function minute(entity: string, minutes: number, load: number): RollupFrame {
  const mean = Float32Array.of(load, Number.NaN);
  return { entity, time: at(minutes), stepMs: MINUTE, layout, mean, low: mean, high: mean };
}

const run = (id: string, minutes: number | null, over: Partial<Run> = {}): Run => ({
  id,
  incident: null,
  recommendation: null,
  fleet: 'default',
  action: 'restart',
  entity: 'host/a',
  dryRun: false,
  state: 'succeeded',
  plan: [],
  decision: [],
  requestedBy: 'ana',
  requestedAt: at(minutes ?? 0),
  expiresAt: null,
  decidedBy: null,
  decidedAt: null,
  startedAt: minutes === null ? null : at(minutes),
  endedAt: null,
  exitCode: null,
  output: '',
  error: null,
  ...over,
});

const predicted = (id: string, entity: string, minutes: number): Prediction => ({
  id,
  entity,
  fleet: 'default',
  kind: 'failure',
  feature: null,
  unit: '',
  madeAt: at(minutes),
  openedAt: at(minutes),
  closedAt: null,
  state: 'open',
  severity: 'warning',
  horizons: [{ seconds: 900, probability: 0.9 }],
  expectedAt: null,
  earliest: null,
  latest: null,
  current: null,
  limit: null,
  slope: null,
  drivers: [],
  reason: phrase('x'),
  model: { kind: 'hazard', version: '1' },
});

const failure = (id: string, minutes: number) => {
  return { id, entity: 'host/a', kind: 'worn', start: at(minutes), end: null, source: 'test', note: '' };
};

let life: Life;
let a: EntityHistory;
let b: EntityHistory;

beforeAll(async () => {
  life = await openLife(at(120));
  const { store } = life;
  await store.entities.upsert(
    ['a', 'b'].map((name) => {
      return {
        id: `host/${name}`,
        kind: 'host',
        name,
        fleet: 'default',
        labels: {},
        firstSeen: START,
        lastSeen: START,
      };
    }),
  );
  const rows = ['host/a', 'host/b'].flatMap((entity) =>
    Array.from({ length: 100 }, (_, minutes) => minute(entity, minutes, minutes)),
  );
  // The newest first, and some of them twice.
  await store.frames.appendRollups('minute', rows.toReversed());
  await store.frames.appendRollups('minute', rows.slice(30, 60));
  await store.predictions.upsert([predicted('soon', 'host/b', 55), predicted('later', 'host/a', 65)]);
  const trouble = await openTrouble(store, at(55), { predictions: ['soon', 'later'] });
  await store.failures.upsert([failure('f2', 92), failure('f1', 45), failure('f0', -30), failure('none', 70)]);
  const withdrawn = { by: 'ana', time: at(99), withdrawn: true };
  await store.failures.correct({ ...failure('none', 70), correction: withdrawn });
  for (const one of [
    run('run_2', 75),
    run('run_1', 22),
    run('dry', 80, { dryRun: true, state: 'dry_run' }),
    run('asked', null, { state: 'awaiting_approval' }),
    run('other', 50, { entity: 'host/c' }),
    run('cure', 61, { entity: 'host/c', incident: trouble.id }),
  ])
    await store.runs.insert(one);
  const decided = { prediction: 'p', entity: 'host/a', time: at(70), notActing: 0.05, acted: false };
  await store.restraints.insert(decided);
  const fleet = openFleet(store, { kind: 'host', from: START, cadenceMs: CADENCE, columns: ['wear', 'load'] });
  await fleet.advance(life.now());
  [a, b] = fleet.fleet().entities as [EntityHistory, EntityHistory];
});
afterAll(() => life.store.close());

it('rows are means named by their end, in order, whatever the order in which they came, and once each', () => {
  const ends = Array.from({ length: 10 }, (_, row) => seconds(10 * (row + 1)));
  for (const { times } of [a, b]) expect([...times]).toEqual(ends);
  const wide = Array.from(a.values);
  expect(wide.filter((_, i) => i % 2 === 1)).toEqual(ends.map((_, row) => 10 * row + 4.5));
  expect(wide.filter((_, i) => i % 2 === 0).every(Number.isNaN)).toBe(true);
});

it('failures come by rising time, and those that were none are none', () => {
  expect(a.failures.map(({ time }) => time)).toEqual([seconds(45), seconds(92)]);
  expect(b.failures).toEqual([]);
});

it('what was acted upon is censored at the action; plans, wishes and actions elsewhere change nothing', () => {
  const acted = [...a.actedAt!].flatMap((time, row) => (Number.isNaN(time) ? [] : [[row, time]]));
  expect(acted).toEqual([
    [1, seconds(22)],
    [6, seconds(75)],
  ]);
  const { failed, time } = labelRows(a, 0);
  // Up to 20 minutes the first action, up to 40 the failure, up to 70 the second action, then the second failure.
  expect([...failed]).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 1, 0]);
  expect([time[0], time[2], time[6]].map((ahead) => ahead! / 60)).toEqual([12, 15, 5]);
});

it('what was predicted is censored where its incident was acted upon at another entity, if it was predicted by then', () => {
  // Of `later` nothing was known yet, so the course of its entity goes on.
  expect([...b.actedAt!].flatMap((time, row) => (Number.isNaN(time) ? [] : [[row, time]]))).toEqual([[5, seconds(61)]]);
});

it('what was left to chance is known with its chance, and nothing is known beyond now', () => {
  expect(a.decisions).toEqual([{ time: seconds(70), notActing: 0.05, acted: false }]);
  expect(b.decisions).toBeUndefined();
  expect([a.observedFrom, a.observedTo]).toEqual([seconds(0), seconds(120)]);
});
