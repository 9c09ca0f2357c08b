/**
 * The thread that PGlite runs in: it blocks while a statement runs, and the rest of the program must not. Opens the
 * data folder given as `workerData`, then answers one request after the other.
 */
import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { explainStop, databaseFolder, isNoSpace, prepareDatabaseFolder } from './data-folder.ts';
import { EngineStopped } from './engine-stopped.ts';
import { openEngine, type PgliteEngine } from './pglite-engine.ts';
import type { Answer, Request } from './pglite-messages.ts';
import { VigiaError } from '../runtime/errors.ts';
import { toPlain } from './statement-error.ts';

// One compiler thread: each that takes part leaves its memory behind, 40 MB together.
setFlagsFromString('--wasm-num-compilation-tasks=1');

const { folder } = workerData as { folder: string };
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
const answer = (message: Answer): void => parentPort?.postMessage(message);

async function open(): Promise<PgliteEngine> {
  await prepareDatabaseFolder(folder);
  try {
    return await openEngine({ folder: databaseFolder(folder) });
  } catch (error) {
    throw await explainStop(folder, error);
  }
}

async function explain(error: unknown): Promise<unknown> {
  if (error instanceof EngineStopped) return explainStop(folder, error);
  return isNoSpace(error) ? new VigiaError('STORE_FULL', { folder }, error) : error;
}

async function handle(engine: PgliteEngine, request: Request): Promise<void> {
  const { id } = request;
  try {
    if (request.type === 'close') {
      await engine.close();
      answer({ type: 'result', id, rows: [], affected: 0 });
      parentPort?.close();
      return;
    }
    const { rows, affected } = await engine.query(request.sql, request.parameters);
    answer({ type: 'result', id, rows, affected });
  } catch (error) {
    answer({ type: 'error', id, error: toPlain(await explain(error)), stopped: engine.stopped() });
    if (engine.stopped()) parentPort?.close();
  }
}

try {
  const engine = await open();
  // The main thread sends one request at a time, so there is no queue here.
  parentPort?.on('message', (request: Request) => void handle(engine, request));
  answer({ type: 'ready' });
} catch (error) {
  answer({ type: 'failed', error: toPlain(error) });
}
