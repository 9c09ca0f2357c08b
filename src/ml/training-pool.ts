import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import { MlError, requireInteger } from './ml-error.ts';
import type { TaskProgress, TrainingResult, TrainingTask } from './training-tasks.ts';
import type { TrainingAnswer } from './training-worker.ts';

export type TrainingPoolOptions = {
  /** The CPU budget: threads that train at the same time, 1 … 64. Tasks beyond wait in the order in which they came. */
  readonly threads: number;
  /** How far training gives way to everything else on the machine, 0 … 19 as in nice(1) [10]. Linux only. */
  readonly niceness?: number;
  /** Most tasks that wait [64]; one more is refused with `ML_TOO_LARGE`. */
  readonly queue?: number;
  /** Largest JavaScript heap of a thread [1024]; rows and kernels lie outside of it. */
  readonly heapMegabytes?: number;
};

/** What watches and stops one task. */
export type TrainingControl = {
  /** Stops at once, waiting or running: the thread is ended and replaced. */
  readonly signal?: AbortSignal;
  /** After every epoch, tree or round; isolation forest and one-class SVM are too short to report. */
  readonly onProgress?: (progress: TaskProgress) => void;
};

/** Trains models beside the event loop. */
export type TrainingPool = {
  /**
   * Runs one task in a thread. Its rows are copied on the way, which takes this thread about 0.6 ms a megabyte; rows in a
   * SharedArrayBuffer are shared instead: do not write to them meanwhile. The bytes come back without a copy and hold the same
   * model as the same fit on this thread.
   * Throws what the algorithm throws, `ML_CANCELLED` after an abort, `ML_TOO_LARGE` when the queue is full or a thread ran out of memory.
   */
  run(task: TrainingTask, control?: TrainingControl): Promise<TrainingResult>;
  /** Ends all threads; tasks that had not ended throw `ML_CANCELLED`. */
  close(): Promise<void>;
};

/** The compiled worker: Node 20 cannot start a TypeScript one. */
const WORKER = new URL('training-worker.js', import.meta.url);
/** A thread without work is ended after this long. */
const IDLE_MILLISECONDS = 10_000;

/** Starts a pool; threads start with the first tasks. */
export function createTrainingPool(options: TrainingPoolOptions): TrainingPool {
  const threads = requireInteger('threads', options.threads, 1, 64);
  const niceness = requireInteger('niceness', options.niceness ?? 10, 0, 19);
  const queue = requireInteger('queue', options.queue ?? 64, 0);
  const pool = new Tinypool({
    filename: WORKER.href,
    name: 'train',
    runtime: 'worker_threads',
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: IDLE_MILLISECONDS,
    workerData: { niceness },
    resourceLimits: { maxOldGenerationSizeMb: requireInteger('heapMegabytes', options.heapMegabytes ?? 1024, 16) },
  });
  let closed = false;
  let unfinished = 0;

  async function run(task: TrainingTask, { signal, onProgress }: TrainingControl = {}): Promise<TrainingResult> {
    // Counted here, since the pool's own limit leaves a listener on the signal of a task that it refused.
    if (unfinished >= threads + queue) throw new MlError('ML_TOO_LARGE', 'too many trainings wait already');
    unfinished += 1;
    const { port1, port2 } = new MessageChannel();
    const report = (progress: TaskProgress): void => onProgress?.(progress);
    port1.on('message', report);
    try {
      const answer = (await pool.run(
        { task, port: port2 },
        { transferList: [port2], ...(signal && { signal }) },
      )) as TrainingAnswer;
      // The answer may overtake reports on the other channel.
      for (let late = receiveMessageOnPort(port1); late; late = receiveMessageOnPort(port1)) {
        report(late.message as TaskProgress);
      }
      if ('failed' in answer) throw new MlError(answer.failed.code, answer.failed.message);
      return answer;
    } catch (error) {
      throw explain(error, closed || signal?.aborted === true);
    } finally {
      unfinished -= 1;
      port1.close();
      port2.close();
    }
  }

  return {
    run,
    close: async () => {
      closed = true;
      await pool.destroy();
    },
  };
}

/** Errors of the pool itself, in our words. */
function explain(error: unknown, stopped: boolean): unknown {
  if (stopped) return new MlError('ML_CANCELLED', 'training was cancelled');
  if ((error as { code?: unknown }).code !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new MlError('ML_TOO_LARGE', 'training needs more memory than its thread may use');
}
