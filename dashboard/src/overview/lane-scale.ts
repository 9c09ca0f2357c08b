/** The lanes reach this far. */
export const REACH_SECONDS = 7 * 86_400;

/** Up to about here the axis is even; beyond, each doubling takes the same room. */
const EVEN_SECONDS = 1800;

const FULL = Math.log1p(REACH_SECONDS / EVEN_SECONDS);

/** Where a time stands on the axis that compresses towards the right: 0 is now, 1 is seven days ahead; what is outside is at the edge. */
export const lanePosition = (seconds: number): number =>
  Math.log1p(Math.min(REACH_SECONDS, Math.max(0, seconds)) / EVEN_SECONDS) / FULL;

export const LANE_TICKS: readonly number[] = [
  0,
  3600,
  3 * 3600,
  6 * 3600,
  12 * 3600,
  86_400,
  3 * 86_400,
  REACH_SECONDS,
];

export interface Horizon {
  readonly seconds: number;
  readonly probability: number;
}

/** More likely than not. */
const LIKELY = 0.5;

/** The horizon worth naming: the first within which it is likelier than not, otherwise the longest. */
export function tellingHorizon(horizons: readonly Horizon[]): Horizon | undefined {
  return horizons.find(({ probability }) => probability >= LIKELY) ?? horizons.at(-1);
}
