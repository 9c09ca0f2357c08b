import type { Feature, FrameLayout } from '../model/frame.ts';

/**
 * Deviations that nobody would act upon, by unit: the least that counts as one standard deviation. They keep a feature
 * that has hardly ever moved from exploding at its first step.
 */
const UNIT_FLOORS: Readonly<Record<string, number>> = {
  bytes: 1 << 20,
  bytes_per_second: 64 << 10,
  ratio: 0.02,
  percent: 1,
  seconds: 0.002,
  per_second: 0.2,
  celsius: 0.5,
};
const OTHER_FLOOR = 1e-6;

const floorOf = ({ unit }: Feature): number => UNIT_FLOORS[unit] ?? OTHER_FLOOR;

const known = new WeakMap<FrameLayout, Float64Array>();

/** The floor of every feature of a layout. */
export function featureFloors(layout: FrameLayout): Float64Array {
  let floors = known.get(layout);
  if (floors === undefined) {
    floors = Float64Array.from(layout.features, floorOf);
    known.set(layout, floors);
  }
  return floors;
}

const MEASURES_FROM_ZERO = new Set(['bytes', 'ratio', 'percent', 'seconds']);

/** What cannot be negative should not be expected to be. */
const lowestOf = ({ unit, kind }: Feature): number =>
  kind === 'rate' || MEASURES_FROM_ZERO.has(unit) || unit.endsWith('_per_second') ? 0 : Number.NEGATIVE_INFINITY;

const knownLowest = new WeakMap<FrameLayout, Float64Array>();

/** The lowest value that each feature of a layout can have. */
export function featureLowest(layout: FrameLayout): Float64Array {
  let lowest = knownLowest.get(layout);
  if (lowest === undefined) {
    lowest = Float64Array.from(layout.features, lowestOf);
    knownLowest.set(layout, lowest);
  }
  return lowest;
}
