/** What watching costs by frame and by entity, and how soon a new entity is judged: made-up entities through the real stages. */
import { internLayout } from '../src/model/layout.ts';
import { drive } from './simulator/drive.ts';
import { type Fault, plant } from './simulator/faults.ts';
import { createFleet, type SimEntity } from './simulator/fleet.ts';
import { type Life, live, robustDeviations } from './simulator/life.ts';
import type { Span } from './simulator/routine.ts';
import type { Simulation } from './simulator/simulate.ts';
import type { States } from './simulator/sim-store.ts';
import type { Row } from './report.ts';

const STEP_MS = 15_000;
const STEPS_A_MINUTE = 60_000 / STEP_MS;
const HOUR_STEPS = 60 * STEPS_A_MINUTE;
const START = Date.UTC(2026, 5, 2);
const FEATURES = 30;
const WATCHED = 20;
/** No fault of a real month is so plain: what is missed then is not judged at all. */
const PLAIN = 8;
const FAULT_MINUTES = 10;
const BORN_AFTER_HOURS = 5;
const DAYS = 10;
const FEW = 2;

const spanOf = (hours: number): Span => ({ start: START, stepMs: STEP_MS, steps: hours * HOUR_STEPS });

const simulationOf = (entities: readonly SimEntity[], span: Span, seed: number): Simulation => ({
  fleet: { entities, edges: [], deployed: new Map() },
  span,
  lives: entities.map((entity) => live(entity, span, [], seed)),
  faults: [],
  events: [],
});

/** The entity under another name, of another kind, with so many features. */
function likeness(entity: SimEntity, id: string, features = entity.features.length): SimEntity {
  const many = Array.from({ length: features }, (_, place) => {
    const spec = entity.features[place % entity.features.length]!;
    const round = Math.floor(place / entity.features.length);
    return round === 0 ? spec : { ...spec, name: `${spec.name}_${round + 1}` };
  });
  const layout = internLayout(
    many.map(({ name, unit, kind }) => ({ name, metric: name, labels: {}, kind, unit, limit: null })),
  );
  return { ...entity, id, features: many, layout, job: null, restartsADay: 0 };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Microseconds a frame and kilobytes an entity, with every member at work. */
export async function costRows(seed: number): Promise<Row[]> {
  const hosts = createFleet(seed, 50).entities.filter(({ kind }) => kind === 'host');
  const entities = Array.from({ length: WATCHED }, (_, n) =>
    likeness(hosts[n % hosts.length]!, `host/wide-${n}`, FEATURES),
  );
  const span = spanOf(5);
  const { stepMs, states } = await drive(simulationOf(entities, span, seed));
  // In the last hour every member has its model.
  const last = [...stepMs.subarray(span.steps - HOUR_STEPS)].map((ms) => (ms * 1000) / WATCHED);
  const note = `${WATCHED} entities of ${FEATURES} features`;
  return [
    {
      name: 'frame-us',
      value: median(last),
      unit: 'µs',
      bound: 150,
      better: 'lower',
      note: `${note}, median; mean ${(last.reduce((sum, one) => sum + one, 0) / last.length).toFixed(0)}, bus and correlate included`,
    },
    { name: 'state-kb', value: kilobytes(states), unit: 'KB', bound: 20, better: 'lower', note: `${note}, as stored` },
    {
      name: 'state-kb-days',
      value: await statesOfDays(entities.slice(0, FEW), seed),
      unit: 'KB',
      bound: null,
      better: 'lower',
      note: `the same after ${DAYS} days of minutes, ${FEW} entities`,
    },
  ];
}

/** Mean of the states as they are stored. */
function kilobytes(states: States): number {
  const bytes = [...states.values()].map((state) => JSON.stringify(state).length);
  return bytes.reduce((sum, one) => sum + one, 0) / bytes.length / 1024;
}

/** What is kept once every hour of workdays and weekends has been seen. */
async function statesOfDays(entities: readonly SimEntity[], seed: number): Promise<number> {
  const span = { start: START, stepMs: 60_000, steps: DAYS * 1440 };
  const { states } = await drive(simulationOf(entities, span, seed));
  return kilobytes(states);
}

interface Newcomer {
  readonly entity: SimEntity;
  readonly bornAt: number;
  /** Its fault begins so many minutes after its first frame. */
  readonly minutes: number;
}

interface First {
  /** Minutes after its first frame at which the last newcomer was judged. */
  readonly judged: number;
  /** Minutes after the first frame from which on a plain fault is told of. */
  readonly told: number;
}

async function firstOf(entities: readonly SimEntity[], newcomers: readonly Newcomer[], seed: number): Promise<First> {
  const latest = Math.max(...newcomers.map(({ bornAt, minutes }) => bornAt + minutes * STEPS_A_MINUTE));
  const span = { ...spanOf(1), steps: latest + 2 * FAULT_MINUTES * STEPS_A_MINUTE };
  const simulation = simulationOf([...entities, ...newcomers.map(({ entity }) => entity)], span, seed);
  const faults = newcomers.map((newcomer, id) => {
    const life = simulation.lives.find((one) => one.entity === newcomer.entity)!;
    return strike(life, newcomer, { id, seed });
  });
  const readyAt = new Map<string, number>();
  const { anomalies } = await drive(simulation, (end, detect) => {
    for (const { entity } of newcomers)
      if (!readyAt.has(entity.id) && detect?.learning(entity.id)?.ready === true) readyAt.set(entity.id, end);
  });
  const judged = newcomers.map(
    ({ entity, bornAt }) => ((readyAt.get(entity.id) ?? Number.NaN) - span.start) / 60_000 - bornAt / STEPS_A_MINUTE,
  );
  const told = newcomers.map(({ entity, minutes }, place) => {
    const [from, to] = [faults[place]!.from - 1, faults[place]!.to].map((step) => span.start + step * STEP_MS);
    const mine = [...anomalies.values()].filter((one) => one.entity === entity.id);
    return { minutes, found: mine.some(({ start }) => start >= from! && start < to!) };
  });
  return { judged: Math.max(...judged), told: fromWhereOn(told) };
}

/** Gives a newcomer its birth, and a plain fault so many minutes later. */
function strike(life: Life, { entity, bornAt, minutes }: Newcomer, { id, seed }: { id: number; seed: number }): Fault {
  life.absent.fill(1, 0, bornAt);
  const from = bornAt + minutes * STEPS_A_MINUTE;
  const to = from + FAULT_MINUTES * STEPS_A_MINUTE;
  const columns = entity.features.flatMap(({ noise }, column) => (noise === 'smooth' ? [column] : [])).slice(0, 3);
  const fault: Fault = { id, kind: 'level', entity: entity.id, from, to, magnitude: PLAIN, columns };
  plant(life, [fault], robustDeviations(life), seed);
  return fault;
}

/** The fewest minutes from which on nothing is missed; infinite where even the last is. */
function fromWhereOn(told: readonly { readonly minutes: number; readonly found: boolean }[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { minutes, found } of told.toSorted((a, b) => b.minutes - a.minutes)) {
    if (!found) break;
    least = minutes;
  }
  return least;
}

/** How many minutes an entity must have been watched before it is judged: with siblings, and alone. */
export async function firstRows(seed: number): Promise<Row[]> {
  // Large enough that one service has as many pods as are wanted.
  const { entities } = createFleet(seed, 320);
  const pods = entities.filter(({ id }) => id.startsWith('pod/web-'));
  const hosts = entities.filter(({ kind }) => kind === 'host');
  const old = pods.slice(0, 12).map((pod, n) => likeness(pod, `pod/old-${n}`));
  const born = BORN_AFTER_HOURS * HOUR_STEPS;
  const young = [1, 2, 5, 10, 20, 30, 60].map((minutes, n) => ({
    entity: likeness(pods[12 + n]!, `pod/new-${n}`),
    bornAt: born,
    minutes,
  }));
  // Each of a kind of its own, so that it has nobody to learn from.
  const alone = [10, 20, 30, 45, 60, 90, 120, 180].map((minutes, n) => ({
    entity: likeness(hosts[n]!, `lone${n}/it`),
    bornAt: 0,
    minutes,
  }));
  const fleet = await firstOf(old, young, seed);
  const own = await firstOf([], alone, seed);
  const shared = { unit: 'min', better: 'lower' } as const;
  const plain = `a level ${PLAIN} deviations off in three features is told of`;
  return [
    { ...shared, name: 'first-useful-score', value: fleet.judged, bound: 1, note: 'with siblings, judged; step 15 s' },
    { ...shared, name: 'first-useful-score-own', value: own.judged, bound: 120, note: 'without siblings, judged' },
    { ...shared, name: 'first-told', value: fleet.told, bound: null, note: `with siblings, ${plain}` },
    { ...shared, name: 'first-told-own', value: own.told, bound: null, note: `without siblings, ${plain}` },
  ];
}
