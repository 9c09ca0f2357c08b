/** What watching costs by frame and by entity, and how soon a new entity is judged: made-up entities through the real stages. */
import { internLayout } from '../src/model/layout.ts';
import { drive } from './simulator/drive.ts';
import { type Fault, plant } from './simulator/faults.ts';
import { createFleet, type SimEntity } from './simulator/fleet.ts';
import { live, robustDeviations } from './simulator/life.ts';
import type { Span } from './simulator/routine.ts';
import type { Simulation } from './simulator/simulate.ts';
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
  const bytes = [...states.values()].map((state) => JSON.stringify(state).length);
  const mean = bytes.reduce((sum, one) => sum + one, 0) / bytes.length;
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
    { name: 'state-kb', value: mean / 1024, unit: 'KB', bound: 20, better: 'lower', note: `${note}, as stored` },
  ];
}

interface Newcomer {
  readonly entity: SimEntity;
  readonly bornAt: number;
  /** Its fault begins so many minutes after its first frame. */
  readonly minutes: number;
}

/** Minutes after the first frame from which on a plain fault is seen, for each newcomer that one begins later. */
async function firstSeen(
  entities: readonly SimEntity[],
  newcomers: readonly Newcomer[],
  seed: number,
): Promise<number> {
  const latest = Math.max(...newcomers.map(({ bornAt, minutes }) => bornAt + minutes * STEPS_A_MINUTE));
  const span = { ...spanOf(1), steps: latest + 2 * FAULT_MINUTES * STEPS_A_MINUTE };
  const simulation = simulationOf([...entities, ...newcomers.map(({ entity }) => entity)], span, seed);
  const faults = new Map<string, Fault>();
  newcomers.forEach(({ entity, bornAt, minutes }, id) => {
    const life = simulation.lives.find((one) => one.entity === entity)!;
    life.absent.fill(1, 0, bornAt);
    const from = bornAt + minutes * STEPS_A_MINUTE;
    const to = from + FAULT_MINUTES * STEPS_A_MINUTE;
    const columns = entity.features.flatMap(({ noise }, column) => (noise === 'smooth' ? [column] : [])).slice(0, 3);
    const fault: Fault = { id, kind: 'level', entity: entity.id, from, to, magnitude: PLAIN, columns };
    plant(life, [fault], robustDeviations(life), seed);
    faults.set(entity.id, fault);
  });
  const { anomalies } = await drive(simulation);
  const seen = newcomers.map(({ entity, minutes }) => {
    const { from, to } = faults.get(entity.id)!;
    const found = [...anomalies.values()].some(
      (one) =>
        one.entity === entity.id &&
        one.start >= span.start + (from - 1) * STEP_MS &&
        one.start < span.start + to * STEP_MS,
    );
    return { minutes, found };
  });
  seen.sort((a, b) => b.minutes - a.minutes);
  const missed = seen.findIndex(({ found }) => !found);
  return missed < 0 ? seen.at(-1)!.minutes : missed === 0 ? Number.POSITIVE_INFINITY : seen[missed - 1]!.minutes;
}

/** How many minutes an entity must have been watched before a plain fault is seen: with siblings, and alone. */
export async function firstRows(seed: number): Promise<Row[]> {
  const pods = createFleet(seed, 50).entities.filter(({ kind }) => kind === 'pod');
  const hosts = createFleet(seed, 50).entities.filter(({ kind }) => kind === 'host');
  const old = pods.slice(0, 12).map((pod, n) => likeness(pod, `pod/old-${n}`));
  const born = BORN_AFTER_HOURS * HOUR_STEPS;
  const young = [1, 2, 5, 10].map((minutes, n) => ({
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
  const fleet = await firstSeen(old, young, seed);
  const own = await firstSeen([], alone, seed);
  const shared = { unit: 'min', better: 'lower' } as const;
  const note = `from the first frame to where a fault of ${PLAIN} deviations is seen, step 15 s`;
  return [
    { ...shared, name: 'first-useful-score', value: fleet, bound: 1, note: `fleet model, ${note}` },
    { ...shared, name: 'first-useful-score-own', value: own, bound: 120, note: `no siblings, ${note}` },
  ];
}
