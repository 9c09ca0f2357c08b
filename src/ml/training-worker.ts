import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import { MlError, type MlErrorCode } from './ml-error.ts';
import { type TrainingResult, type TrainingTask, runTrainingTask } from './training-tasks.ts';

/** What the pool hands to a worker, and what comes back: errors lose their class between threads. */
export type TrainingRequest = { readonly task: TrainingTask; readonly port: MessagePort };
export type TrainingAnswer =
  | TrainingResult
  | { readonly failed: { readonly code: MlErrorCode; readonly message: string } };

/**
 * Makes this thread, and not its process, give way to others. Linux numbers threads like processes; elsewhere a thread has no
 * priority of its own and this does nothing.
 */
function yieldToOthers(niceness: number): void {
  if (process.platform !== 'linux' || niceness <= 0) return;
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), niceness);
  } catch {
    // No /proc, or not allowed: training is then as urgent as the rest.
  }
}

yieldToOthers((Tinypool.workerData as { niceness: number }).niceness);

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
