import type { Random } from '../../src/ml/random.ts';
import type { Course } from './course.ts';

/** What is usual for one entity, drawn once and changed a little by deploys. */
export interface Habits {
  readonly size: number;
  /** Share of the day by which its noon is shifted. */
  readonly phase: number;
  readonly swing: number;
  readonly weekend: number;
  cpu: number;
  memory: number;
  /** By which its disk grows a day, and what it is cleaned up to each week. */
  readonly growth: number;
  readonly disk: number;
  latency: number;
  connections: number;
  readonly queue: number;
  readonly errors: number;
  readonly warnings: number;
  /** Hour of the daily batch job, and how much it takes; 0 for none. */
  readonly batchHour: number;
  readonly batch: number;
  /** Slow noise of load, memory and latency, and bursts that mean nothing. */
  readonly slow: [number, number, number];
  burst: { kind: number; left: number; height: number };
  deploy(random: Random): void;
}

const HOUR = 3600;
const BURSTS_A_DAY = 0.5;

export function habitsOf(random: Random): Habits {
  const even = (from: number, to: number): number => from + (to - from) * random.next();
  const habits: Habits = {
    size: Math.exp(even(-1.5, 1.5)),
    phase: even(0, 0.3),
    swing: even(0.2, 0.6),
    weekend: even(0.5, 1),
    cpu: even(5, 20),
    memory: even(0.3, 0.65),
    growth: even(0.001, 0.012),
    disk: even(0.25, 0.65),
    latency: Math.exp(even(2.5, 5)),
    connections: even(0.05, 0.3),
    queue: Math.exp(even(1, 4)),
    errors: Math.exp(even(-7, -5)),
    warnings: Math.exp(even(-1, 2)),
    batchHour: even(0, 24),
    batch: random.next() < 0.5 ? even(0.3, 1) : 0,
    slow: [0, 0, 0],
    burst: { kind: 0, left: 0, height: 0 },
    deploy: (chance) => {
      habits.cpu *= Math.exp(0.1 * chance.normal());
      habits.memory = Math.max(0.2, Math.min(0.7, habits.memory + 0.03 * chance.normal()));
      habits.latency *= Math.exp(0.08 * chance.normal());
      habits.connections = Math.max(0.03, Math.min(0.35, habits.connections * Math.exp(0.1 * chance.normal())));
    },
  };
  return habits;
}

/** Load around 1: hour, weekday, noise that lasts for about an hour. */
export function loadAt(habits: Habits, now: number, noise: Random): number {
  const day = now / 86_400;
  const weekday = (Math.floor(day) + 4) % 7;
  const hourly = 1 + habits.swing * Math.sin(2 * Math.PI * (day - 0.25 - habits.phase));
  habits.slow[0] = 0.92 * habits.slow[0] + 0.03 * noise.normal();
  return Math.max(0.02, hourly * (weekday === 0 || weekday === 6 ? habits.weekend : 1) * (1 + habits.slow[0]));
}

export interface Moment {
  readonly habits: Habits;
  readonly course: Course;
  readonly load: number;
  readonly now: number;
  readonly step: number;
}

/** Heavy tails: one value in thirty is three times as far out. */
const heavy = (noise: Random): number => (noise.next() < 1 / 30 ? 3 : 1) * noise.normal();

/** Events of a Poisson process, by a rounded normal where there are many. */
function counted(noise: Random, mean: number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * noise.normal()));
  let [left, count] = [Math.exp(-mean), -1];
  for (let product = 1; product > left && count < 200; count++) product *= noise.next();
  return count;
}

/** How much of the daily batch job runs, 0 to 1: for an hour and a half. */
function batchAt({ batch, batchHour }: Habits, now: number): number {
  const since = (((now / HOUR - batchHour) % 24) + 24) % 24;
  return since < 1.5 ? batch * Math.min(1, 4 * since, 4 * (1.5 - since)) : 0;
}

/** Bursts of errors, connections, queues, retransmits or latency that look like a beginning and pass within minutes to an hour. */
function burstAt(habits: Habits, step: number, noise: Random): (kind: number) => number {
  const { burst } = habits;
  const [starts, kind, length, height] = [noise.next(), noise.next(), noise.next(), noise.next()];
  burst.left -= step;
  if (burst.left <= 0 && starts < (BURSTS_A_DAY * step) / 86_400)
    [burst.kind, burst.left, burst.height] = [Math.floor(5 * kind), 600 + 3000 * length, 0.15 + 0.5 * height];
  return (asked) => (burst.left > 0 && burst.kind === asked ? burst.height : 0);
}

/** The frame of one moment, in the order of the columns. */
// oxlint-disable-next-line eslint/max-lines-per-function -- one line a column, each beside what moves it
export function measure({ habits, course, load, now, step }: Moment, noise: Random, out: Float64Array): void {
  const { size, slow } = habits;
  const level = (kind: number): number =>
    course.kind === kind ? course.progress : course.echo.kind === kind ? course.echo.level : 0;
  const batch = batchAt(habits, now);
  const burst = burstAt(habits, step, noise);
  slow[1] = 0.98 * slow[1] + 0.004 * noise.normal();
  slow[2] = 0.9 * slow[2] + 0.05 * noise.normal();
  const weeks = (now / 86_400 / 7) % 1;
  const jitter = (deviation: number): number => Math.exp(deviation * heavy(noise));
  const sick = burst(0) ** 2;
  const leak = (1 - habits.memory - 0.1) * level(0);
  const memory = habits.memory + 0.06 * load + 0.08 * batch + slow[1] + leak + 0.006 * heavy(noise);
  const requests = 50 * size * load * jitter(0.05);
  const errors = level(2);
  const late = level(4);
  // A disk that fails, fails in bursts.
  const bad = level(6) ** 1.5 * (noise.next() < 0.3 ? 1 : 0.1);
  const crashes = level(5);
  out[0] = Math.min(
    100,
    (habits.cpu + 25 * load + 25 * batch) * jitter(0.06) + 5 * late + 10 * Math.max(0, memory - 0.9),
  );
  out[1] = Math.min(1, memory);
  out[2] = Math.min(
    1,
    habits.disk + 7 * habits.growth * weeks + 0.06 * batch + (0.95 - habits.disk) * level(1) + 0.002 * heavy(noise),
  );
  out[3] = requests * (1 - 0.1 * errors);
  out[4] = requests * (habits.errors * jitter(0.5) + 0.3 * sick + (0.12 * (Math.exp(3 * errors) - 1)) / 19);
  out[5] =
    habits.latency *
    (1 + 0.5 * load * load) *
    (1 + 3 * late ** 1.5 + 0.3 * level(7) + burst(1)) *
    Math.exp(slow[2]) *
    jitter(0.08);
  out[6] = Math.min(
    1,
    habits.connections + 0.18 * load + 0.15 * batch + 0.4 * burst(2) + 0.55 * level(3) + 0.02 * heavy(noise),
  );
  out[7] = habits.queue * load * jitter(0.4) * (1 + 3 * batch) + 2000 * size * (level(7) + 0.3 * burst(3));
  out[8] = counted(noise, 2 * size * load + 60 * burst(4) + 12 * bad);
  out[9] = counted(noise, 0.02 + 8 * bad);
  out[10] = counted(noise, 0.002 + 0.9 * crashes * crashes);
  out[11] = 0.02 * load * jitter(0.2) + 0.5 * Math.max(0, memory - 0.85) ** 2 + 0.01 * level(0);
  out[12] = requests * 8 * jitter(0.1) + 3e3 * size * batch;
  out[13] = counted(noise, habits.warnings * (1 + load) + 20 * errors + 8 * crashes + 4 * bad + 10 * sick + 5 * late);
}
