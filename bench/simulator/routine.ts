import { createRandom, type Random } from '../../src/ml/random.ts';
import type { Event } from '../../src/model/event.ts';
import type { Fleet, SimEntity } from './fleet.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The stretch of time that is simulated, in steps. */
export interface Span {
  /** Unix ms, a multiple of the step. */
  readonly start: number;
  readonly stepMs: number;
  readonly steps: number;
}

/** A harmless change that people made: visible for some minutes, and something of it stays. */
export interface Deploy {
  readonly time: number;
  readonly service: string;
  /** For so long it is seen to happen. */
  readonly minutes: number;
  /** What stays, relative, for the features of the entities deployed. */
  readonly lasting: number;
}

const DEPLOYS_A_WEEK = 2;

/** Deploys of every service, by day and on workdays, in time order. */
export function planDeploys(fleet: Fleet, span: Span, seed: number): readonly Deploy[] {
  const days = Math.floor((span.steps * span.stepMs) / DAY_MS);
  const deploys: Deploy[] = [];
  for (const service of fleet.deployed.keys()) {
    const random = createRandom(seed).fork(`deploys ${service}`);
    for (let day = 0; day < days; day++) {
      const midnight = span.start + day * DAY_MS;
      const weekday = new Date(midnight).getUTCDay();
      const here = random.next() < DEPLOYS_A_WEEK / 5;
      const minute = 9 * 60 + random.int(8 * 60);
      const minutes = 3 + random.int(5);
      const lasting = 0.04 * random.normal();
      if (!here || weekday === 0 || weekday === 6) continue;
      deploys.push({ time: midnight + minute * MINUTE_MS, service, minutes, lasting });
    }
  }
  return deploys.sort((a, b) => a.time - b.time);
}

/** The events that tell of deploys: one for the service and one for each of its pods. */
export const deployEvents = (fleet: Fleet, deploys: readonly Deploy[]): Event[] =>
  deploys.flatMap(({ time, service }) =>
    (fleet.deployed.get(service) ?? []).map((entity) => event(entity, time, 'deploy', 'a new version')),
  );

export const event = (entity: SimEntity, time: number, name: string, text: string): Event => ({
  id: `${name} ${entity.id} ${time}`,
  time,
  entity: entity.id,
  fleet: 'default',
  name,
  source: 'simulator',
  severity: 'info',
  text,
  labels: {},
});

/** How much of a daily job is under way, 0 to 1, for every step. It starts some minutes early or late. */
export function jobCourse(entity: SimEntity, span: Span, random: Random): Float32Array | null {
  if (entity.job === null) return null;
  const course = new Float32Array(span.steps);
  const days = Math.ceil((span.steps * span.stepMs) / DAY_MS);
  for (let day = 0; day < days; day++) {
    const midnight = span.start + day * DAY_MS;
    const sunday = new Date(midnight).getUTCDay() === 0;
    const from = midnight + (entity.job.minute + 2 * random.normal()) * MINUTE_MS;
    const minutes = entity.job.minutes * (sunday ? 2 : 1) * (1 + 0.08 * random.normal());
    const first = Math.max(0, Math.ceil((from - span.start) / span.stepMs));
    const last = Math.min(span.steps, Math.ceil((from + minutes * MINUTE_MS - span.start) / span.stepMs));
    for (let step = first; step < last; step++) course[step] = 1;
  }
  return course;
}

/** Steps at which an entity restarts by itself. */
export function planRestarts(entity: SimEntity, span: Span, random: Random): readonly number[] {
  const chance = (entity.restartsADay * span.stepMs) / DAY_MS;
  if (chance === 0) return [];
  const steps: number[] = [];
  for (let step = 0; step < span.steps; step++) if (random.next() < chance) steps.push(step);
  return steps;
}

/** A slow walk of the level of a feature, about a tenth in a month either way. */
export function createDrift(span: Span, random: Random): (step: number) => number {
  const days = Math.ceil((span.steps * span.stepMs) / DAY_MS) + 1;
  const levels = new Float64Array(days + 1);
  for (let day = 1; day <= days; day++) levels[day] = levels[day - 1]! + 0.012 * random.normal();
  return (step) => {
    const at = (step * span.stepMs) / DAY_MS;
    const day = Math.floor(at);
    return levels[day]! + (at - day) * (levels[day + 1]! - levels[day]!);
  };
}
