import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';

const PAUSE_MS = 300;
/** How long a partition that leaves waits for its last commit, ms; without it some work is done twice. */
const FLUSH_MS = 5000;

export interface CommitsDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly commit: (offsets: ReadonlyMap<number, bigint>) => Promise<void>;
  readonly onCommitted: () => void;
  readonly onError: (error: Error) => void;
}

/** Offsets that are processed, on their way to the group's log: one request at a time, the newest offsets in each. */
export class Commits {
  readonly #deps: CommitsDeps;
  readonly #done = new Map<number, bigint>();
  readonly #committed = new Map<number, bigint>();
  #running = false;

  constructor(deps: CommitsDeps) {
    this.#deps = deps;
  }

  begin(partition: number, offset: bigint): void {
    this.#committed.set(partition, offset);
  }

  /** The next offset that the group would begin with. */
  of(partition: number): bigint | undefined {
    return this.#committed.get(partition);
  }

  done(partition: number, next: bigint): void {
    this.#done.set(partition, next);
    if (!this.#running) void this.#run();
  }

  /** What these partitions still owe is committed, or given up after a while; then they are forgotten. */
  async flush(partitions: Iterable<number>): Promise<void> {
    const gone = [...partitions];
    const until = this.#deps.clock.monotonic() + FLUSH_MS;
    while (gone.some((partition) => this.#owes(partition)) && this.#deps.clock.monotonic() < until) {
      if (this.#deps.signal.aborted) break;
      await this.#deps.clock.sleep(5, this.#deps.signal).catch(() => undefined);
    }
    this.forget(gone);
  }

  forget(partitions: Iterable<number>): void {
    for (const partition of partitions) {
      this.#done.delete(partition);
      this.#committed.delete(partition);
    }
  }

  #owes(partition: number): boolean {
    const done = this.#done.get(partition);
    return done !== undefined && done !== this.#committed.get(partition);
  }

  async #run(): Promise<void> {
    this.#running = true;
    // What is done in one turn of the event loop is committed together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (!this.#deps.signal.aborted) {
      const owed = new Map([...this.#done].filter(([partition]) => this.#owes(partition)));
      if (owed.size === 0) break;
      await this.#try(owed);
    }
    this.#running = false;
  }

  async #try(owed: ReadonlyMap<number, bigint>): Promise<void> {
    const { clock, commit, onCommitted, onError, signal } = this.#deps;
    try {
      await commit(owed);
      for (const [partition, offset] of owed) if (this.#done.has(partition)) this.#committed.set(partition, offset);
      onCommitted();
    } catch (thrown) {
      onError(toError(thrown));
      await clock.sleep(PAUSE_MS, signal).catch(() => undefined);
    }
  }
}
