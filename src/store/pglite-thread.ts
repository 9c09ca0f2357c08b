import { Worker } from 'node:worker_threads';
import { toError, VigiaError } from '../runtime/errors.ts';
import type { Answer, Request } from './pglite-messages.ts';
import type { Session, SessionResult } from './session-dialect.ts';
import { fromPlain } from './statement-error.ts';

/** The compiled worker; tests from source use the database in memory, for Node 20 cannot start a TypeScript worker. */
const WORKER = new URL('pglite-worker.js', import.meta.url);
const CLOSE_MS = 10_000;

/** The engine keeps its own memory outside of V8's heap; what lies inside is one batch of rows. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 16 };

export interface PgliteThread extends Session {
  readonly alive: () => boolean;
  close(): Promise<void>;
}

const gone = (detail: string): VigiaError => new VigiaError('STORE_UNAVAILABLE', { detail });

interface Waiter {
  readonly resolve: (result: SessionResult) => void;
  readonly reject: (error: Error) => void;
}

class Thread implements PgliteThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiter>();
  #alive = true;
  #lastId = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  alive(): boolean {
    return this.#alive;
  }

  query(sql: string, parameters: readonly unknown[]): Promise<SessionResult> {
    return this.#ask((id) => ({ id, type: 'query', sql, parameters }));
  }

  #ask(request: (id: number) => Request): Promise<SessionResult> {
    if (!this.#alive) return Promise.reject(gone('its thread has ended'));
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      this.#worker.postMessage(request(id));
    });
  }

  settle(answer: Exclude<Answer, { type: 'ready' | 'failed' }>): void {
    const waiter = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.type === 'result') waiter?.resolve(answer);
    else {
      const error = fromPlain(answer.error);
      waiter?.reject(error);
      if (answer.stopped) this.end(error);
    }
  }

  /** Nothing more will be answered. */
  end(error: Error): void {
    this.#alive = false;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => this.end(gone(`it did not close within ${CLOSE_MS / 1000} s`)), CLOSE_MS);
    try {
      if (this.#alive) await this.#ask((id) => ({ id, type: 'close' }));
    } finally {
      clearTimeout(timer);
      await this.#worker.terminate();
    }
  }
}

/** Starts the thread and resolves when the database is open; rejects with what stands in its way. */
export function startPgliteThread(folder: string): Promise<PgliteThread> {
  const worker = new Worker(WORKER, { workerData: { folder }, resourceLimits: RESOURCE_LIMITS });
  const thread = new Thread(worker);
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      thread.end(error);
      reject(error);
    };
    worker.on('message', (answer: Answer) => {
      if (answer.type === 'ready') resolve(thread);
      else if (answer.type === 'failed') {
        fail(fromPlain(answer.error));
        void worker.terminate();
      } else thread.settle(answer);
    });
    worker.on('error', (error) => fail(gone(toError(error).message)));
    worker.on('exit', (code) => fail(gone(`its thread ended with code ${code}`)));
  });
}
