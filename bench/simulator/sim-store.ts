import type { Json } from '../../src/model/detector.ts';
import type { Frame, RollupFrame } from '../../src/model/frame.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { FrameColumns, FrameStore, Store } from '../../src/store/store.ts';
import type { Life } from './life.ts';
import type { Simulation } from './simulate.ts';

/** The frame of an entity at a step, as prepare would send it; detect has no use for derived features. */
export function frameOf({ entity, span, values }: Life, step: number): Frame {
  const columns = entity.features.length;
  const time = span.start + step * span.stepMs;
  return {
    entity: entity.id,
    fleet: 'default',
    time,
    stepMs: span.stepMs,
    layout: entity.layout,
    values: values.subarray(step * columns, (step + 1) * columns),
    derived: NO_DERIVED,
    closedAt: time + span.stepMs,
  };
}

const NO_DERIVED = new Float32Array(0);

/** Frames need not be written, for they are known: they can be read as far as the clock has come. */
function simulatedFrames({ span, lives }: Simulation, clock: Clock): FrameStore {
  const byEntity = new Map(lives.map((life) => [life.entity.id, life]));
  const now = (): number => Math.min(span.steps, Math.floor((clock.now() - span.start) / span.stepMs));
  const steps = function* (life: Life, from: number, to: number): Iterable<number> {
    const first = Math.max(0, Math.ceil((from - span.start) / span.stepMs));
    const last = Math.min(now(), Math.ceil((to - span.start) / span.stepMs));
    for (let step = first; step < last; step++) if (life.absent[step] === 0) yield step;
  };
  return {
    append: async () => undefined,
    appendRollups: async () => undefined,
    replay: async (entity, { from, to }, limit) => {
      const life = byEntity.get(entity);
      return life === undefined ? [] : [...steps(life, from, to)].slice(0, limit).map((step) => frameOf(life, step));
    },
    rollups: async (_tier, entity, { from, to }, limit): Promise<readonly RollupFrame[]> => {
      const life = byEntity.get(entity);
      if (life === undefined) return [];
      return [...steps(life, from, to)].slice(0, limit).map((step) => {
        const { time, layout, values } = frameOf(life, step);
        return { entity, time, stepMs: span.stepMs, layout, mean: values, low: values, high: values };
      });
    },
    columns: async ({ entity, tier, range, features, limit }): Promise<FrameColumns> => {
      const life = byEntity.get(entity);
      if (life === undefined)
        return { tier, stepMs: span.stepMs, times: new Float64Array(0), features: [], mean: [], low: [], high: [] };
      const taken = [...steps(life, range.from, range.to)].slice(-limit);
      const names = life.entity.features.map(({ name }) => name);
      const asked = features === null ? names : names.filter((name) => features.includes(name));
      const mean = asked.map((name) => {
        const column = names.indexOf(name);
        return Float32Array.from(taken, (step) => life.values[step * names.length + column]!);
      });
      const times = Float64Array.from(taken, (step) => span.start + step * span.stepMs);
      return { tier, stepMs: span.stepMs, times, features: asked, mean, low: mean, high: mean };
    },
    // Nobody who takes part asks for many at once.
    many: async () => new Map(),
    newest: async () => {
      const times = new Map<string, number>();
      for (const life of lives) {
        let step = now() - 1;
        while (step >= 0 && life.absent[step] === 1) step -= 1;
        if (step >= 0) times.set(life.entity.id, span.start + step * span.stepMs);
      }
      return times;
    },
    layout: async (entity) => byEntity.get(entity)?.entity.layout ?? null,
  };
}

/** The newest state of every entity, as detect would have it stored. */
export type States = Map<string, Json>;

/**
 * What stages look up every minute, most often to find it unchanged: in a month of minutes that would be most of the work.
 * Answers are remembered until something is written.
 */
function remembered({ models, entities, edges, silences, events }: Store): Partial<Store> {
  return {
    models: remembering(models, ['list'], ['upsert']),
    entities: remembering(entities, ['list'], ['upsert']),
    edges: remembering(edges, ['mark', 'list'], ['upsert', 'remove']),
    events: remembering(events, ['list'], ['append'], isEmpty),
    silences: remembering(silences, ['active'], ['insert', 'replace'], isEmpty),
  };
}

/** Of a list or of a page. */
const isEmpty = (answer: unknown): boolean =>
  (Array.isArray(answer) ? answer : (answer as { readonly items: readonly unknown[] }).items).length === 0;

type Asynchronous = (...parameters: never[]) => Promise<unknown>;

/** `part` with the answers of `reads` remembered until one of `writes`; those that `lasts` refuses are not. */
function remembering<T extends object>(
  part: T,
  reads: readonly (keyof T)[],
  writes: readonly (keyof T)[],
  lasts?: (answer: unknown) => boolean,
): T {
  const answers = new Map<string, Promise<unknown>>();
  const made = { ...part };
  for (const name of reads) {
    const read = part[name] as Asynchronous;
    const wrapped = async (...parameters: never[]): Promise<unknown> => {
      // With `lasts` the question holds the time, which the answer does not depend on while there is nothing.
      const key = `${String(name)} ${lasts === undefined ? JSON.stringify(parameters) : ''}`;
      const answer = answers.get(key) ?? read(...parameters);
      const known = await answer;
      if (lasts === undefined || lasts(known)) answers.set(key, answer);
      return known;
    };
    made[name] = wrapped as T[typeof name];
  }
  for (const name of writes) {
    const write = part[name] as Asynchronous;
    const wrapped = (...parameters: never[]): Promise<unknown> => {
      answers.clear();
      return write(...parameters).finally(() => answers.clear());
    };
    made[name] = wrapped as T[typeof name];
  }
  return made;
}

/** The real store, but for frames, which the simulation knows, and for what a month of runs would only write. */
export const simulatedStore = (
  store: Store,
  { simulation, clock, states }: { readonly simulation: Simulation; readonly clock: Clock; readonly states: States },
): Store => ({
  ...store,
  ...remembered(store),
  frames: simulatedFrames(simulation, clock),
  checkpoints: {
    save: async (checkpoints) => {
      for (const { stage, key, state } of checkpoints) if (stage === 'detect') states.set(key, state);
    },
    load: async () => null,
    loadAll: nothing,
  },
  maintenance: {
    retain: async () => ({ bytes: 0, budgetBytes: 0, dropped: [] }),
    rollHours: async () => 0,
  },
});

async function* nothing(): AsyncGenerator<never> {
  // No checkpoint was ever saved.
}
