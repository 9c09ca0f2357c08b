import type { MessagePort } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import { giveWay } from './give-way.ts';
import { MlError, type MlErrorCode } from './ml-error.ts';
import { type TrainingResult, type TrainingTask, runTrainingTask } from './training-tasks.ts';

/** What the pool hands to a worker, and what comes back: errors lose their class between threads. */
export type TrainingRequest = { readonly task: TrainingTask; readonly port: MessagePort };
export type TrainingAnswer =
  | TrainingResult
  | { readonly failed: { readonly code: MlErrorCode; readonly message: string } };

giveWay((Tinypool.workerData as { niceness: number }).niceness);

/** Marks a result so that its bytes are moved to the caller's thread, not copied. */
function moved(result: TrainingResult): TrainingResult {
  return Tinypool.move({
    [Tinypool.transferableSymbol]: result.bytes.buffer,
    [Tinypool.valueSymbol]: result,
  } as unknown as ArrayBuffer) as unknown as TrainingResult;
}

/** Runs one task; the pool calls it by name. */
export function train({ task, port }: TrainingRequest): TrainingAnswer {
  try {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    return moved(runTrainingTask(task, (progress) => port.postMessage(progress)));
  } catch (error) {
    if (error instanceof MlError) return { failed: { code: error.code, message: error.message } };
    throw error;
  } finally {
    port.close();
  }
}
