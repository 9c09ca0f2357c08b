import type { Run } from '../model/action.ts';
import type { ExecutionResult, Executor } from '../model/executor.ts';
import { phrase } from '../model/phrase.ts';
import { toError } from '../runtime/errors.ts';
import { type ActOwn, audit, VIGIA } from './act-deps.ts';

/** A run that is being carried out. */
interface Execution {
  readonly run: Run;
  readonly abort: AbortController;
  done: Promise<void>;
  killed: boolean;
  /** What it has printed so far; null where that cannot be seen before its end. */
  soFar: (() => string) | null;
  /** What of it was written down. */
  told: string;
}

/** What is carried out, and how. */
export interface Assignment {
  readonly run: Run;
  readonly executor: Executor;
  readonly args: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  /** See `RunStore.begin`. */
  readonly token: number;
}

/** A process that was not heard of for so long has lost its runs; it ends them itself before anybody else takes over. */
export const LAPSE_MS = 60_000;
const RENEW_WITHIN_MS = LAPSE_MS / 2;

/** Tries to write the end of a run while the store is away; then a restart finds the run and says that it is unknown. */
const MAX_WRITES = 8;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5000;

/** Characters of what a run has printed that are written down while it goes on; the rest when it has ended. */
const LIVE_OUTPUT = 8192;

/** Carries out runs that were decided upon, and writes down how they ended. Owns every execution until its end. */
export class Runner {
  readonly #deps: ActOwn;
  readonly #executions = new Map<string, Execution>();
  readonly #ended: (run: Run) => Promise<void>;
  #stopped = false;
  /** Monotonic. */
  #renewedAt = 0;

  constructor(deps: ActOwn, ended: (run: Run) => Promise<void>) {
    this.#deps = deps;
    this.#ended = ended;
  }

  get running(): number {
    return this.#executions.size;
  }

  /** Starts the execution of a run that is stored as running. It goes on by itself. */
  launch(assignment: Assignment): void {
    const abort = new AbortController();
    if (this.#stopped) abort.abort();
    const { run } = assignment;
    if (this.#executions.size === 0) this.#renewedAt = this.#deps.clock.monotonic();
    const execution: Execution = { run, abort, done: Promise.resolve(), killed: false, soFar: null, told: '' };
    this.#executions.set(run.id, execution);
    execution.done = this.#carryOut(assignment, execution).finally(() => this.#executions.delete(run.id));
  }

  /** Writes down what was printed since the last time, so that people can follow a run from wherever they are. */
  async tell(): Promise<void> {
    const { store, log, onRun } = this.#deps;
    for (const execution of this.#executions.values()) {
      const output = execution.soFar?.().slice(-LIVE_OUTPUT) ?? '';
      if (output === execution.told) continue;
      const run: Run = { ...execution.run, output };
      try {
        // What has ended meanwhile has said all that it had to say.
        if (await store.runs.transition(run, ['running'])) onRun?.(run);
        execution.told = output;
      } catch (thrown) {
        log.warn({ run: run.id, error: toError(thrown).message }, 'the output of a run could not be told');
      }
    }
  }

  /** Ends everything that runs, because the kill switch was pressed. */
  kill(): void {
    for (const execution of this.#executions.values()) {
      execution.killed = true;
      execution.abort.abort();
    }
  }

  /** Keeps the leases of what runs here; what was lost, or cannot be kept because the store is away, is ended. */
  async renew(): Promise<void> {
    if (this.#executions.size === 0) return;
    const { store, clock, holder, log } = this.#deps;
    const before = [...this.#executions];
    try {
      const mine = new Set(await store.runs.renew(holder, clock.now()));
      this.#renewedAt = clock.monotonic();
      for (const [id, { abort }] of before) if (!mine.has(id)) abort.abort();
    } catch (thrown) {
      log.error({ error: toError(thrown).message }, 'the leases of runs could not be renewed');
      if (clock.monotonic() - this.#renewedAt > RENEW_WITHIN_MS) for (const [, { abort }] of before) abort.abort();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const executions = [...this.#executions.values()];
    for (const { abort } of executions) abort.abort();
    await Promise.all(executions.map(({ done }) => done));
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    await Promise.all([...this.#executions.values()].map(({ done }) => done));
  }

  async #carryOut({ run, executor, args, timeoutMs, token }: Assignment, execution: Execution): Promise<void> {
    let result: ExecutionResult;
    try {
      const follow = (soFar: () => string): void => void (execution.soFar = soFar);
      const request = { key: run.id, entity: run.entity, args, timeoutMs, fence: token, follow };
      result = await executor.execute(request, execution.abort.signal);
    } catch (thrown) {
      const detail = toError(thrown).message;
      result = { status: 'failed', exitCode: null, output: '', error: { code: 'INTERNAL', values: { detail } } };
    }
    const { code, values } = result.error ?? { code: null, values: {} };
    const ended: Run = {
      ...run,
      state: result.status,
      endedAt: this.#deps.clock.now(),
      exitCode: result.exitCode,
      output: result.output,
      error: execution.killed ? phrase('act.killed') : code === null ? null : phrase(`errors.${code}`, { ...values }),
    };
    await this.#write(ended);
  }

  async #write(run: Run): Promise<void> {
    const { store, clock, log } = this.#deps;
    for (let tries = 1; tries <= MAX_WRITES; tries++) {
      try {
        if (!(await store.runs.finish(run))) return;
        await audit(this.#deps, 'run.end', run, VIGIA);
        await this.#ended(run);
        return;
      } catch (thrown) {
        log.error({ run: run.id, error: toError(thrown).message, tries }, 'the end of a run could not be stored');
        if (this.#stopped) return;
        await clock.sleep(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries));
      }
    }
  }
}
