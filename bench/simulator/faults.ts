import { createRandom, type Random } from '../../src/ml/random.ts';
import type { Fleet, SimEntity } from './fleet.ts';
import type { Life } from './life.ts';
import type { Span } from './routine.ts';

/** A fault that was planted. */
export interface Fault {
  readonly id: number;
  readonly kind: FaultKind;
  readonly entity: string;
  /** Steps; `to` is excluded. */
  readonly from: number;
  readonly to: number;
  /** In robust deviations of the features hit. */
  readonly magnitude: number;
  /** Columns that it shows in. */
  readonly columns: readonly number[];
}

/** What a fault does to one feature hit. */
interface Blow {
  readonly life: Life;
  readonly fault: Fault;
  readonly column: number;
  /** Up or down. */
  readonly sign: number;
  /** One robust deviation of this feature. */
  readonly unit: number;
  readonly random: Random;
}

/** Changes the value of a feature hit at one step of a fault; `done` goes from 0 to 1 while it lasts. */
type Change = (value: number, at: { readonly step: number; readonly done: number; readonly mean: number }) => number;

const loadOf = ({ life, column }: Blow): number => {
  const { base, load } = life.entity.features[column]!;
  return base * load;
};

/** The ten kinds. `silence` is of frames, not of values. */
const KINDS = {
  /** Every now and then a value far out. */
  spikes:
    ({ fault, sign, unit, random }) =>
    (value) =>
      random.next() < 0.4 ? value + sign * unit * fault.magnitude * (1.5 + random.exponential()) : value,
  /** Another level, at once. */
  level:
    ({ fault, sign, unit }) =>
    (value) =>
      value + sign * unit * fault.magnitude,
  /** A leak: further and further away. */
  leak:
    ({ fault, sign, unit }) =>
    (value, { done }) =>
      value + sign * unit * fault.magnitude * 2 * done,
  /** The same level, but restless. */
  variance:
    ({ fault, unit, random }) =>
    (value) =>
      value + unit * (1 + fault.magnitude) * random.normal(),
  /** It no longer moves. */
  flatline: (blow) => {
    const { fault, sign, unit } = blow;
    let stuck = Number.NaN;
    return (_, { mean }) => {
      if (Number.isNaN(stuck)) stuck = mean + sign * unit * fault.magnitude * 0.5;
      return stuck;
    };
  },
  /** It no longer follows load as its neighbours do. */
  relation:
    (blow) =>
    (value, { step }) =>
      value -
      (1 + blow.fault.magnitude / 2) * loadOf(blow) * blow.life.load[step]! +
      blow.sign * blow.unit * 0.5 * blow.fault.magnitude,
  /** Load as at another hour: all that follows load moves with it. */
  season: (blow) => {
    const { fault, unit, life } = blow;
    const direction = fault.id % 2 === 0 ? 1 : -1;
    const load = life.entity.features[blow.column]!.load;
    return (value) => value + direction * Math.sign(load) * unit * fault.magnitude;
  },
  /** Full: up against a ceiling, and steady there. */
  saturation:
    ({ fault, unit }) =>
    (value, { mean }) => {
      const ceiling = mean + unit * fault.magnitude;
      return ceiling + 0.2 * (value - mean);
    },
  /** More errors than there should be. */
  errors:
    ({ fault, unit, random }) =>
    (value) =>
      value + unit * fault.magnitude * random.exponential(),
  silence: null,
} as const satisfies Record<string, ((blow: Blow) => Change) | null>;

export type FaultKind = keyof typeof KINDS;
export const FAULT_KINDS = Object.keys(KINDS) as readonly FaultKind[];

/** How many features a fault shows in. */
const MOST_COLUMNS = 4;
/** Between two faults of one entity, so that what is told of one is not taken for the other. */
const APART_MS = 3 * 3_600_000;

export interface FaultPlan {
  readonly count: number;
  /** No fault begins before this step. */
  readonly from: number;
}

/** The columns that a kind of fault can be seen in. */
function columnsFor(kind: FaultKind, entity: SimEntity, random: Random): readonly number[] {
  const all = entity.features.map((_, column) => column);
  const suits = all.filter((column) => {
    const spec = entity.features[column]!;
    if (kind === 'errors') return spec.noise === 'counts';
    if (kind === 'season' || kind === 'relation') return Math.abs(spec.load) >= 0.3 && spec.noise !== 'counts';
    return spec.noise !== 'counts';
  });
  random.shuffle(suits);
  const count = kind === 'season' ? suits.length : kind === 'relation' ? 1 : 1 + random.int(MOST_COLUMNS);
  return suits.slice(0, count).sort((a, b) => a - b);
}

/**
 * So many faults of every kind in turn, spread evenly over time, entities and magnitudes (1 to 4), and from 5 to 60 minutes
 * long with short ones as frequent as long ones.
 */
export function planFaults(fleet: Fleet, span: Span, plan: FaultPlan, seed: number): readonly Fault[] {
  const random = createRandom(seed).fork('faults');
  const busy = new Map<string, (readonly [number, number])[]>();
  const apart = Math.ceil(APART_MS / span.stepMs);
  const minute = 60_000 / span.stepMs;
  const faults: Fault[] = [];
  for (let id = 0; id < plan.count; id++) {
    const kind = FAULT_KINDS[id % FAULT_KINDS.length]!;
    const magnitude =
      1 + 3 * (((Math.floor(id / FAULT_KINDS.length) + random.next()) / (plan.count / FAULT_KINDS.length)) % 1);
    const length = Math.round(5 * 12 ** random.next() * minute);
    for (let tries = 0; tries < 1000; tries++) {
      const entity = fleet.entities[random.int(fleet.entities.length)]!;
      const columns = columnsFor(kind, entity, random);
      const from = plan.from + random.int(span.steps - plan.from - length);
      const taken = busy.get(entity.id) ?? [];
      if (columns.length === 0 || taken.some(([a, b]) => from < b + apart && a < from + length + apart)) continue;
      busy.set(entity.id, [...taken, [from, from + length]]);
      faults.push({ id, kind, entity: entity.id, from, to: from + length, magnitude, columns });
      break;
    }
  }
  return faults.sort((a, b) => a.from - b.from);
}

/** Does to a life what its faults do; changes it in place. `deviations` are those of the life without faults. */
export function plant(life: Life, faults: readonly Fault[], deviations: Float64Array, seed: number): void {
  const columns = life.entity.features.length;
  for (const fault of faults) {
    const make = KINDS[fault.kind];
    if (make === null) {
      life.absent.fill(1, fault.from, fault.to);
      continue;
    }
    const random = createRandom(seed).fork(`fault ${fault.id}`);
    for (const column of fault.columns) {
      const own = random.fork(column);
      const sign = own.next() < 0.5 ? -1 : 1;
      const change = make({ life, fault, column, sign, unit: deviations[column]!, random: own });
      const { low, high } = life.entity.features[column]!;
      for (let step = fault.from; step < fault.to; step++) {
        const at = step * columns + column;
        const done = (step - fault.from + 1) / (fault.to - fault.from);
        const value = change(life.values[at]!, { step, done, mean: life.mean[at]! });
        life.values[at] = Math.min(high, Math.max(low, value));
      }
    }
  }
}
