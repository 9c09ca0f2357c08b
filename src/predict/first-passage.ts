import { normalCdf } from '../ml/stats-robust.ts';

/** How a quantity moves: `drift` towards the limit in units a second, `deviation` in units a square-root second. */
export interface Motion {
  readonly drift: number;
  readonly deviation: number;
  /** Standard error of the drift. */
  readonly driftError: number;
  /** How long it has moved like this, in seconds. */
  readonly lasted: number;
}

/** The distribution of the time until a limit is reached, on a grid that is finer than any horizon asked for. */
export interface Passage {
  /** Grid edges in seconds, ascending. */
  readonly times: Float64Array;
  /** Probability that the limit is reached by each edge; ascending, at most 1. */
  readonly reached: Float64Array;
}

const GRID_POINTS = 240;
const GRID_FROM_SECONDS = 1;
/** Nodes and weights for an expectation over a standard normal (five-point Gauss–Hermite quadrature). */
const NODES = [-2.856970013872806, -1.355626179974266, 0, 1.355626179974266, 2.856970013872806] as const;
const WEIGHTS = [
  0.011257411327721, 0.222075922005613, 0.533333333333333, 0.222075922005613, 0.011257411327721,
] as const;

/**
 * How a trend's chances fade with time. That something which has lasted `a` lasts another `t` has the probability
 * `(a / (a + t)) ** PERSISTENCE`: Gott's argument (Nature 363, 1993) has the exponent 1 for a moment drawn blindly;
 * a trend that passed a test for steadiness is less than blind luck, hence the root.
 */
const PERSISTENCE = 0.5;

/** P(Brownian motion with drift has covered `distance` by `time`): the inverse Gaussian distribution function. */
export function passageProbability(distance: number, time: number, drift: number, deviation: number): number {
  if (distance <= 0) return 1;
  if (time <= 0) return 0;
  const spread = deviation * Math.sqrt(time);
  if (spread <= distance * 1e-9) return drift * time >= distance ? 1 : 0;
  const direct = normalCdf((drift * time - distance) / spread);
  const exponent = (2 * drift * distance) / (deviation * deviation);
  const mirror = normalCdf(-(drift * time + distance) / spread);
  // The product of a huge factor and a tiny probability; beyond e^700 the mirror term is nothing but rounding.
  const reflected = mirror <= 0 || exponent > 700 ? 0 : Math.exp(exponent) * mirror;
  return Math.min(1, Math.max(0, direct + reflected));
}

/**
 * Distribution of the time until `distance` is covered, up to `horizon` seconds: first passage of Brownian motion with
 * an uncertain drift, thinned by the chance that the trend ends before. Fails where movement is not a trend with noise;
 * the caller tests that first. O(points).
 */
export function passage(distance: number, motion: Motion, horizon: number): Passage {
  const times = new Float64Array(GRID_POINTS);
  const reached = new Float64Array(GRID_POINTS);
  const growth = Math.log(Math.max(horizon, GRID_FROM_SECONDS * 2) / GRID_FROM_SECONDS) / (GRID_POINTS - 1);
  let before = 0;
  let total = 0;
  let previous = 0;
  for (let i = 0; i < GRID_POINTS; i++) {
    const time = GRID_FROM_SECONDS * Math.exp(growth * i);
    let covered = 0;
    for (let k = 0; k < NODES.length; k++) {
      const drift = motion.drift + (NODES[k] ?? 0) * motion.driftError;
      covered += (WEIGHTS[k] ?? 0) * passageProbability(distance, time, drift, motion.deviation);
    }
    const lasts = Math.pow(motion.lasted / (motion.lasted + (previous + time) / 2), PERSISTENCE);
    total += Math.max(0, covered - before) * lasts;
    before = Math.max(before, covered);
    previous = time;
    times[i] = time;
    reached[i] = Math.min(1, total);
  }
  return { times, reached };
}

/** Probability of having reached the limit by `seconds`, between grid edges in proportion. */
export function reachedBy({ times, reached }: Passage, seconds: number): number {
  const last = times.length - 1;
  if (seconds >= (times[last] ?? 0)) return reached[last] ?? 0;
  const i = times.findIndex((time) => time > seconds);
  if (i === 0) return reached[0] ?? 0;
  const [left, right] = [times[i - 1] ?? 0, times[i] ?? 0];
  const [low, high] = [reached[i - 1] ?? 0, reached[i] ?? 0];
  return low + ((high - low) * (seconds - left)) / (right - left);
}

/** Time in seconds by which a share `q` of what is reached within the grid is reached; null when nothing is. */
export function passageQuantile({ times, reached }: Passage, q: number): number | null {
  const total = reached[reached.length - 1] ?? 0;
  if (total <= 0) return null;
  const wanted = q * total;
  const i = reached.findIndex((value) => value >= wanted);
  if (i <= 0) return times[0] ?? null;
  const [low, high] = [reached[i - 1] ?? 0, reached[i] ?? 0];
  const [left, right] = [times[i - 1] ?? 0, times[i] ?? 0];
  return high > low ? left + ((right - left) * (wanted - low)) / (high - low) : right;
}
