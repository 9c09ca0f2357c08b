import { describe, expect, it } from 'vitest';
import { createRandom } from '../ml/random.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Feature, Frame } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import { EntityWatch, type WatchOptions } from './entity-watch.ts';
import { residualFactory } from './residual-detector.ts';
import { severityThresholds } from './severity.ts';

const DAY = 86_400_000;
const thresholds = severityThresholds(
  { pages: { count: 2, windowMs: DAY }, warnings: { count: 20, windowMs: DAY } },
  1,
);

const feature = (name: string, unit: string, limit: Feature['limit'] = null): Feature => ({
  name,
  metric: name,
  labels: {},
  kind: 'level',
  unit,
  limit,
});
const layout = internLayout([
  feature('cpu_user', 'ratio'),
  feature('cpu_idle', 'ratio'),
  feature('memory_used_bytes', 'bytes', { side: 'above', value: 8e9 }),
  feature('disk_written_bytes', 'bytes_per_second'),
  feature('load1', ''),
  feature('filesystem_used_bytes', 'bytes'),
]);

interface Trouble {
  readonly cpu?: number;
  readonly memory?: number;
  readonly disk?: number;
}

/** A developer's machine: drifting CPU and memory, heavy-tailed writes, and builds now and then. */
class Machine {
  readonly #random;
  readonly #stepMs: number;
  readonly #buildsAnHour: number;
  #step: number;
  #wander = 0;
  #memory = 4e9;
  #load = 0.3;
  #build = 0;

  constructor(seed: number, stepMs: number, buildsAnHour = 0) {
    this.#random = createRandom(seed);
    this.#stepMs = stepMs;
    this.#buildsAnHour = buildsAnHour;
    this.#step = Math.floor(1_790_000_000_000 / stepMs);
  }

  next(trouble: Trouble = {}): Frame {
    const random = this.#random;
    if (this.#build-- <= 0 && random.next() < (this.#buildsAnHour * this.#stepMs) / 3_600_000)
      this.#build = Math.round((random.exponential() * 60_000) / this.#stepMs) + 1;
    const builds = this.#build > 0 ? 1 : 0;
    this.#wander = 0.95 * this.#wander + 0.01 * random.normal();
    this.#memory += 1e7 * random.normal() + 0.01 * (4e9 - this.#memory) + builds * 1e7;
    const cpu = 0.2 + this.#wander + 0.02 * Math.abs(random.normal()) + builds * 0.6 + (trouble.cpu ?? 0);
    this.#load += ((cpu - this.#load) * this.#stepMs) / 60_000;
    const written = 5e4 * random.exponential() ** 2 + builds * 2e7 * random.next();
    const values = [cpu, 2 - cpu, this.#memory + (trouble.memory ?? 0), written, this.#load, trouble.disk ?? 0];
    const time = this.#step++ * this.#stepMs;
    return {
      entity: 'host/dev',
      fleet: 'default',
      time,
      stepMs: this.#stepMs,
      layout,
      values: Float32Array.from(values),
      derived: new Float32Array(0),
      closedAt: time + this.#stepMs,
    };
  }
}

const options = (stepMs: number, warmUp: number): WatchOptions => ({
  stepMs,
  detector: residualFactory(warmUp),
  seed: 0,
  settings: { warmUp, minimumDurationMs: 30_000 },
  adoptMs: 6 * 3_600_000,
});

type Told = Anomaly & { readonly after: number };

/** Lets frames by; what was told, with the seconds since the first of them. */
function watchFor(
  watch: EntityWatch,
  machine: Machine,
  frames: number,
  trouble: (seconds: number) => Trouble = () => ({}),
): Told[] {
  const told: Told[] = [];
  let first = Number.NaN;
  for (let i = 0; i < frames; i++) {
    const frame = machine.next(trouble((i * watchStep(watch)) / 1000));
    if (i === 0) first = frame.time;
    for (const change of watch.take(frame, () => thresholds).changes)
      told.push({ ...change, after: (frame.time - first) / 1000 });
  }
  return told;
}
const steps = new WeakMap<EntityWatch, number>();
const watchStep = (watch: EntityWatch): number => steps.get(watch) ?? 0;

function calm(stepMs: number, warmUp: number, frames: number, { seed = 1, builds = 0 } = {}) {
  const watch = new EntityWatch('host/dev', options(stepMs, warmUp));
  steps.set(watch, stepMs);
  const machine = new Machine(seed, stepMs, builds);
  return { watch, machine, told: watchFor(watch, machine, frames) };
}

describe('after a short warm-up', () => {
  const seeds = [1, 2, 3, 4, 5];
  const cases: readonly [string, RegExp, (seconds: number) => Trouble][] = [
    ['a process that burns a core', /cpu/, () => ({ cpu: 1 })],
    ['a process that grows by 20 MB a second', /memory/, (seconds) => ({ memory: seconds * 20e6 })],
    ['a disk that fills steadily', /filesystem/, (seconds) => ({ disk: seconds * 7e5 })],
  ];

  it.each(cases)('%s is seen within a minute and a quarter, and named', (_, name, trouble) => {
    for (const seed of seeds) {
      const { watch, machine } = calm(1000, 40, 45, { seed });
      const told = watchFor(watch, machine, 75, trouble);
      const found = told.find(({ contributions }) => name.test(contributions[0]?.feature ?? ''));
      expect(found, `seed ${seed}`).toBeDefined();
      expect(['spike', 'dip', 'level_shift', 'trend']).toContain(found?.kind);
      expect(found?.provisional).toBe(true);
      expect(found?.contributions.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    }
  });
});

describe('an ordinary machine', () => {
  it('without builds has hardly anything to tell in two days', () => {
    for (const seed of [1, 2]) {
      const { told } = calm(15_000, 120, (2 * DAY) / 15_000, { seed });
      expect(new Set(told.map(({ id }) => id)).size, `seed ${seed}`).toBeLessThanOrEqual(4);
      expect(told.filter(({ severity }) => severity !== 'info')).toEqual([]);
    }
  });

  it('with two builds an hour gets used to them, and pages nobody', () => {
    const { watch, machine, told } = calm(15_000, 120, DAY / 15_000, { seed: 3, builds: 2 });
    const later = watchFor(watch, machine, DAY / 15_000);
    expect([...told, ...later].filter(({ severity }) => severity === 'critical')).toEqual([]);
    expect(new Set(told.map(({ id }) => id)).size).toBeLessThanOrEqual(40);
    expect(new Set(later.map(({ id }) => id)).size).toBeLessThanOrEqual(4);
  });
});

describe('the life of an anomaly', () => {
  const story = () => {
    const { watch, machine } = calm(5000, 120, 1500);
    const during = watchFor(watch, machine, 120, () => ({ cpu: 1 }));
    const after = watchFor(watch, machine, 60);
    return {
      watch,
      during,
      after,
      mine: [...during, ...after].filter(({ contributions }) => /cpu/.test(contributions[0]?.feature ?? '')),
    };
  };

  it('opens once, keeps its id, grows to a warning at most, and ends when it is over', () => {
    const { mine } = story();
    expect(new Set(mine.map(({ id }) => id)).size).toBe(1);
    expect(mine[0]?.end).toBeNull();
    expect(mine.filter(({ severity }) => severity === 'critical')).toEqual([]);
    const last = mine.at(-1)!;
    expect(last.end).not.toBeNull();
    expect((last.end! - last.start) / 1000).toBeGreaterThan(540);
    expect((last.end! - last.start) / 1000).toBeLessThan(800);
  });

  it('is told only when it changes', () => {
    const { mine } = story();
    const said = mine.map(({ kind, severity, end }) => `${kind} ${severity} ${end === null}`);
    said.slice(1).forEach((one, i) => expect(one).not.toBe(said[i]));
    expect(mine.length).toBeLessThan(10);
  });

  it('is not begun by a blip', () => {
    const { watch, machine } = calm(5000, 120, 1500);
    const told = watchFor(watch, machine, 60, (seconds) => ({ cpu: seconds < 10 ? 1.5 : 0 }));
    expect(told.filter(({ contributions }) => /cpu/.test(contributions[0]?.feature ?? ''))).toEqual([]);
  });

  it('is the same, frame by frame, when it goes on from a saved state', () => {
    const { watch, machine } = calm(5000, 120, 600);
    const other = calm(5000, 120, 600);
    watchFor(watch, machine, 20, () => ({ cpu: 1 }));
    watchFor(other.watch, other.machine, 20, () => ({ cpu: 1 }));
    const restored = EntityWatch.fromJSON('host/dev', JSON.parse(JSON.stringify(watch.toJSON())), options(5000, 120));
    steps.set(restored, 5000);
    const [a, b] = [watchFor(restored, machine, 100), watchFor(other.watch, other.machine, 100)];
    const ended = (told: readonly Told[]) =>
      told.filter(({ end }) => end !== null).map(({ id, end, severity, frames }) => [id, end, severity, frames]);
    expect(ended(a)).toEqual(ended(b));
    expect(ended(a).length).toBeGreaterThan(0);
  });

  it('of a shift that lasts becomes the normal in the end', () => {
    const watch = new EntityWatch('host/dev', { ...options(15_000, 60), adoptMs: 1_800_000 });
    steps.set(watch, 15_000);
    const machine = new Machine(1, 15_000);
    watchFor(watch, machine, 600);
    const told = watchFor(watch, machine, 2400, () => ({ cpu: 1 }));
    const cpu = told.filter(({ contributions }) => /cpu/.test(contributions[0]?.feature ?? ''));
    expect(cpu.at(-1)?.end).not.toBeNull();
    expect(cpu.at(-1)!.after).toBeLessThan(5 * 3600);
  });
});

describe('what is known of an entity', () => {
  it('counts the frames that are still needed', () => {
    const { watch } = calm(5000, 120, 34);
    expect(watch.learning(1_000_000)).toEqual({
      ready: false,
      frames: 34,
      needed: 120,
      readyAt: 1_000_000 + 86 * 5000,
    });
    expect(calm(5000, 120, 121).watch.learning(0)).toEqual({ ready: true, frames: 120, needed: 120, readyAt: null });
  });

  it('holds the newest values with their band', () => {
    const current = calm(5000, 120, 200).watch.current()!;
    expect(current.layout).toBe(layout);
    current.expected.forEach((value, f) => {
      expect(current.low[f]).toBeLessThanOrEqual(value);
      expect(current.high[f]).toBeGreaterThanOrEqual(value);
      expect(current.scores[f]).toBeLessThan(0.7);
    });
  });
});

describe('silence', () => {
  it('is an anomaly after the usual interval, and ends with the next frame', () => {
    const { watch, machine } = calm(5000, 120, 1000);
    expect(watch.silence.passed(25_000, 1)).toBeNull();
    const silent = watch.silence.passed(31_000, 2)!;
    expect(silent).toMatchObject({ kind: 'missing', end: null, severity: 'warning' });
    expect(watch.silence.passed(60_000, 3)).toBeNull();
    for (let i = 0; i < 8; i++) machine.next();
    const [ended] = watchFor(watch, machine, 1);
    expect(ended).toMatchObject({ id: silent.id, end: silent.start + 40_000 });
  });

  it('of what comes every five minutes is no shorter than that', () => {
    const { watch } = calm(300_000, 20, 50);
    expect(watch.silence.passed(600_000, 1)).toBeNull();
    expect(watch.silence.passed(1_600_000, 2)).not.toBeNull();
  });
});
