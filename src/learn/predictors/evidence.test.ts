import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHazardFactory } from '../../predict/hazard/hazard-factory.ts';
import { type Course, DAY, HOUR, inhabit, type Life, MINUTE, modelsOf, openLife, play, wearing } from './check-life.ts';

const START = 1_780_000_000_000 - (1_780_000_000_000 % HOUR);
const at = (hours: number): number => START + hours * HOUR;

/** A kind of three entities that fail at these hours, by entity. */
const course = (kind: string, hours: readonly (readonly number[])[], over: Partial<Course> = {}): Course => ({
  kind,
  entities: 3,
  features: ['load'],
  valuesAt: (e, time) => [Math.sin(time / HOUR + e)],
  failuresOf: (e) => (hours[e] ?? []).map(at),
  ...over,
});

/** Fails often, in pairs that overlap, and has nothing but a feature that never moves and one that has no value. */
const worn = wearing('flat', 6, START);
const flat: Course = {
  ...worn,
  features: ['constant', 'missing'],
  valuesAt: () => [7, Number.NaN],
  failuresOf: (e) => worn.failuresOf(e).flatMap((time) => [time, time + MINUTE]),
};

const COURSES = [
  flat,
  course('none', []),
  course('one', [[9]]),
  course('same', [[3, 6, 9, 12, 15, 18, 21]]),
  course('once', [[9], [9], [9], [9], [9], [9]], { entities: 6 }),
  course('early', [
    [-9, -8],
    [-7, -6],
    [-5, -4, -3],
  ]),
];

let life: Life;
let here: ReturnType<typeof inhabit>;

beforeAll(async () => {
  life = await openLife(START);
  const entities = COURSES.flatMap(({ kind, entities: count }) =>
    Array.from({ length: count }, (_, e) => ({ kind, e })),
  );
  await life.store.entities.upsert(
    entities.map(({ kind, e }) => {
      const name = String(e);
      return { id: `${kind}/${e}`, kind, name, fleet: 'default', labels: {}, firstSeen: START, lastSeen: START };
    }),
  );
  for (const one of COURSES) {
    await play(life, one, START, START + DAY);
    // What was before the data begins is on record too.
    const before = Array.from({ length: one.entities }, (_, e) => one.failuresOf(e).filter((time) => time < START));
    await life.store.failures.upsert(
      before.flatMap((times, e) =>
        times.map((start) => {
          const entity = `${one.kind}/${e}`;
          return { id: `${entity} ${start}`, entity, kind: 'x', start, end: start, source: 'test', note: '' };
        }),
      ),
    );
  }
  life.set(START + DAY + 2 * MINUTE);
  here = inhabit(life, createHazardFactory());
  await here.training.round();
}, 300_000);
afterAll(() => life.store.close());

it.each([
  ['none', 'hazard.missingFailures'],
  ['one', 'hazard.fewFailures'],
  ['same', 'hazard.oneEntity'],
  ['once', 'hazard.allAtOnce'],
  ['early', 'hazard.missingFailures'],
])('too little evidence is said, with what is missing: %s', async (scope, key) => {
  const states = await here.desk.learning();
  const state = states.find((one) => one.scope === scope);
  expect(state).toMatchObject({ state: 'missing', progress: 1, budgetMs: 10_000, missing: { key } });
  expect((await life.store.models.list({ limit: 9, cursor: null, scope })).items).toEqual([]);
});

it('a feature that never moves, one without a value and failures that overlap do no harm', async () => {
  const state = (await here.desk.learning()).find(({ scope }) => scope === 'flat');
  expect(state).toMatchObject({ state: 'trained', missing: null });
  const [model] = await modelsOf(life, 'flat');
  expect(model!.detail!.columns.toSorted()).toEqual(['constant', 'missing']);
  expect(model!.detail!.failures).toBeGreaterThan(5);
  await here.watch.look();
  const [said] = await life.store.forecasts.read(model!.id, { from: START + DAY - HOUR, to: life.now() + 1 }, 1);
  expect(said!.entities).toHaveLength(6);
  expect(said!.probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
});
