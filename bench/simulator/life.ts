import { createRandom } from '../../src/ml/random.ts';
import type { Event } from '../../src/model/event.ts';
import type { FeatureSpec } from './catalogue.ts';
import type { SimEntity } from './fleet.ts';
import { createNoise, poisson } from './noise.ts';
import { createDrift, type Deploy, event, jobCourse, planRestarts, type Span } from './routine.ts';

/** What happened to one entity. Rows are steps, columns features; `NaN` never occurs in them. */
export interface Life {
  readonly entity: SimEntity;
  readonly span: Span;
  readonly values: Float32Array;
  /** The true mean: season, drift, jobs and deploys as they were, without noise and faults. */
  readonly mean: Float32Array;
  /** What load strayed from its season, shared by all features that follow load. */
  readonly load: Float32Array;
  /** 1 where no frame came. */
  readonly absent: Uint8Array;
  readonly events: readonly Event[];
}

/** Load strays from its season by so much, and half of that is left after so long. */
const LOAD_DEVIATION = 0.07;
const LOAD_HALF_LIFE_MS = 15 * 60_000;
/** While a deploy is under way: what a feature changes by, relative, either way. */
const DEPLOY_STIR = 0.25;
const RESTART_MS = 150_000;

const memoryOver = (aMinuteLater: number, stepMs: number): number => aMinuteLater ** (stepMs / 60_000);

/** Lives one entity's life; the same seed gives the same life. Deploys are those of its service, in time order. */
export function live(entity: SimEntity, span: Span, deploys: readonly Deploy[], seed: number): Life {
  const random = createRandom(seed).fork(entity.id);
  const columns = entity.features.length;
  const load = createLoad(span, random.fork('load'));
  const season = Float32Array.from({ length: span.steps }, (_, step) => entity.season(span.start + step * span.stepMs));
  const job = jobCourse(entity, span, random.fork('job'));
  const values = new Float32Array(span.steps * columns);
  const mean = new Float32Array(span.steps * columns);
  entity.features.forEach((spec, column) => {
    const own = random.fork(spec.name);
    const drift = createDrift(span, own.fork('drift'));
    const stir = deployCourse(span, deploys, own.fork('deploys'));
    const noise = createValueNoise(spec, span.stepMs, own);
    for (let step = 0; step < span.steps; step++) {
      const shape = 1 + spec.load * season[step]! + (job === null ? 0 : spec.job * job[step]!);
      const expected = spec.base * (1 + drift(step) + stir[step]!) * Math.max(0.02, shape);
      const at = step * columns + column;
      mean[at] = Math.min(spec.high, Math.max(spec.low, expected));
      values[at] = noise(expected, load[step]!);
    }
  });
  const restarts = planRestarts(entity, span, random.fork('restarts'));
  const absent = new Uint8Array(span.steps);
  for (const step of restarts) absent.fill(1, step, step + Math.ceil(RESTART_MS / span.stepMs));
  const events = restarts.map((step) => event(entity, span.start + step * span.stepMs, 'restart', 'restarted'));
  return { entity, span, values, mean, load, absent, events };
}

function createLoad(span: Span, random: ReturnType<typeof createRandom>): Float32Array {
  const noise = createNoise('smooth', random, 0.5 ** (span.stepMs / LOAD_HALF_LIFE_MS));
  return Float32Array.from({ length: span.steps }, () => LOAD_DEVIATION * noise());
}

/** The value at a step, from its mean and what load strays by. */
function createValueNoise(
  spec: FeatureSpec,
  stepMs: number,
  random: ReturnType<typeof createRandom>,
): (expected: number, load: number) => number {
  const within = (value: number): number => Math.min(spec.high, Math.max(spec.low, value));
  if (spec.noise === 'counts') {
    const seconds = stepMs / 1000;
    return (expected, load) => poisson(random, Math.max(0, expected * (1 + spec.load * load) * seconds)) / seconds;
  }
  const noise = createNoise(spec.noise, random, memoryOver(spec.memory, stepMs));
  return (expected, load) => within(expected + spec.base * (spec.load * load + spec.deviation * noise()));
}

/** What deploys change of one feature, relative, for every step: a stir while they go on, then what stays. */
function deployCourse(span: Span, deploys: readonly Deploy[], random: ReturnType<typeof createRandom>): Float32Array {
  const course = new Float32Array(span.steps);
  const direction = random.next() < 0.5 ? -1 : 1;
  for (const { time, minutes, lasting } of deploys) {
    const first = Math.max(0, Math.ceil((time - span.start) / span.stepMs));
    const last = Math.min(span.steps, Math.ceil((time + minutes * 60_000 - span.start) / span.stepMs));
    const strength = DEPLOY_STIR * random.next();
    for (let step = first; step < span.steps; step++) {
      course[step]! += direction * (step < last ? strength : 0.5 * lasting);
    }
  }
  return course;
}

/** Robust deviation of every feature around its true mean: 1.4826 times the median absolute deviation. */
export function robustDeviations({ entity, span, values, mean }: Life): Float64Array {
  const columns = entity.features.length;
  return Float64Array.from({ length: columns }, (_, column) => {
    const residuals: number[] = [];
    // Some thousands tell it well enough; a prime stride meets every hour.
    for (let step = 0; step < span.steps; step += 7) {
      residuals.push(Math.abs(values[step * columns + column]! - mean[step * columns + column]!));
    }
    residuals.sort((a, b) => a - b);
    const median = residuals[residuals.length >> 1] ?? 0;
    // Of what is mostly zero, such as a count, the mean absolute deviation.
    const typical = residuals.reduce((sum, x) => sum + x, 0) / Math.max(1, residuals.length);
    return Math.max(1.4826 * median, 1.2533 * typical * 0.5, 1e-12);
  });
}
