import { MessageChannel } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import type { FailureFitted, FailureFitter } from '../../model/failure-fitter.ts';
import { createHazardFactory } from '../hazard/hazard-factory.ts';
import { importPredictor } from '../load-predictor.ts';
import { fitFailures } from './fit-failures.ts';

/** The compiled worker: Node 20 cannot start a TypeScript one. */
const WORKER = new URL('fit-worker.js', import.meta.url);
const IDLE_MS = 10_000;
/** Heap of the thread; rows and kernels lie outside of it. */
const HEAP_MEGABYTES = 1536;

/** One training at a time in a thread of its own; an abort ends the thread. */
export function failureFitThread(): FailureFitter {
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
    fit: async (request, { signal, onProgress }) => {
      const { port1, port2 } = new MessageChannel();
      port1.on('message', onProgress);
      try {
        return (await pool.run({ request, port: port2 }, { transferList: [port2], signal })) as FailureFitted;
      } finally {
        port1.close();
      }
    },
    close: () => pool.destroy(),
  };
}

/** Trains on the calling thread: for where the program runs from its sources. */
export function failureFitHere(): FailureFitter {
  return {
    fit: async (request, control) => {
      const { predictor = null } = request;
      return fitFailures(
        request,
        predictor === null ? createHazardFactory() : await importPredictor(predictor),
        control,
      );
    },
    close: async () => undefined,
  };
}
