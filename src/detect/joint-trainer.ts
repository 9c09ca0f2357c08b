import { Tinypool } from 'tinypool';
import type { ModelTrainer, TrainedModel } from '../model/trainer.ts';
import type { FitRequest } from './fit-joint.ts';
import { JOINT_ARTEFACT } from './joint-artefact.ts';
import { jointCadence } from './joint-part.ts';

/** Two hours at a step of 15 seconds would be 480 rows: half of that makes the first model. */
const LEAST_ROWS = 240;
/** Of all entities together: with 30 features 18 MB on their way to the thread. */
const MOST_ROWS = 150_000;
/** The compiled worker: Node 20 cannot start a TypeScript one. */
const WORKER = new URL('fit-worker.js', import.meta.url);
const IDLE_MS = 10_000;
const HEAP_MEGABYTES = 1024;

/** Where fitting is done. */
export interface FitPlace {
  run(request: FitRequest, signal: AbortSignal): Promise<TrainedModel | null>;
  close(): Promise<void>;
}

/** A thread beside the event loop; it starts with the first request and ends when there are none. */
export function fitThread(): FitPlace {
  const pool = new Tinypool({
    filename: WORKER.href,
    name: 'fit',
    runtime: 'worker_threads',
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES },
  });
  return {
    run: (request, signal) => {
      // Only the values, the bulk of it: the times are still read when the model is registered.
      const buffers = request.histories.flatMap(({ stretches }) =>
        stretches.map(({ values }) => values.buffer as ArrayBuffer),
      );
      return pool.run(request, { transferList: buffers, signal }) as Promise<TrainedModel | null>;
    },
    close: () => pool.destroy(),
  };
}

/** Trains the joint members; `members` are addresses of packages that bring more of them. */
export function createJointTrainer(options: {
  readonly stepMs: number;
  readonly members: readonly string[];
  readonly place: FitPlace;
  /** By how much each member's word is worth more or less, for what people said; by default nothing is known. */
  readonly trust?: () => Promise<Readonly<Record<string, number>>>;
}): ModelTrainer {
  const { stepMs, members, place, trust = async () => ({}) } = options;
  const cadenceMs = jointCadence(stepMs);
  return {
    kind: JOINT_ARTEFACT,
    cadenceMs,
    leastRows: LEAST_ROWS,
    mostRows: MOST_ROWS,
    train: async (histories, { seed, signal }) =>
      place.run({ histories, cadenceMs, seed, members, trust: await trust() }, signal),
    close: () => place.close(),
  };
}
