import type { Delivery, Handler, Rejected, SubscribeOptions } from './bus.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';

/** A message in a member's queue; it is itself what the handler gets. */
export interface Entry extends Delivery<unknown> {
  attempt: number;
  readonly partition: number;
  /** Why it cannot be given to the handler at all; it goes to the dead letters in its turn. */
  readonly refusal?: string | undefined;
}

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

export interface WorkDeps<E extends Entry> {
  readonly clock: Clock;
  readonly backoff: Backoff;
  /** Aborted when the bus ends. */
  readonly signal: AbortSignal;
  /** Buries what can never be processed; rejects only when that should be tried again. */
  readonly bury: (rejected: readonly Rejected<unknown>[]) => Promise<void>;
  readonly onRedelivery: (error: Error, pauseMs: number) => void;
  /** It has failed for want of infrastructure for so long. */
  readonly onTrouble?: (error: Error, forMs: number) => void;
  /** These are processed, in the order of their partitions. */
  readonly onDone: (entries: readonly E[]) => void;
}

/** A batch on its way. `rest` holds what follows one by one once the batch as a whole has failed too often. */
interface Work<E extends Entry> {
  entries: E[];
  rest: E[];
  /** Failures that say something about the messages; lost infrastructure is not counted here. */
  refusals: number;
  /** Failures in a row of any kind, for the back-off, and when the first of them was. */
  failures: number;
  since: number;
  readonly partitions: readonly number[];
  /** Called when a try is over, however it ended. */
  settled: (() => void)[];
}

interface Partition<E> {
  queue: E[];
  /** True while one of its messages is being worked on or waits for its next try. */
  busy: boolean;
}

const isRetryable = (error: Error): boolean => (error as { retryable?: unknown }).retryable === true;

/** One member of a consumer group at work: the queues of its partitions, and what it does to their messages. */
export class MemberWork<E extends Entry> {
  readonly #deps: WorkDeps<E>;
  readonly #handler: Handler<unknown>;
  readonly #options: SubscribeOptions;
  readonly #partitions = new Map<number, Partition<E>>();
  /** What is being worked on. */
  readonly #active = new Set<Work<E>>();
  /** What failed and waits for its next try. */
  readonly #waiting = new Set<Work<E>>();
  /** Work whose pause is over, or that was taken apart; goes before anything new. */
  readonly #due: Work<E>[] = [];
  /** Partitions about to leave: nothing of them is begun. */
  #leaving: ReadonlySet<number> = new Set();
  #next = 0;
  #scheduled = false;

  constructor(handler: Handler<unknown>, options: SubscribeOptions, deps: WorkDeps<E>) {
    this.#handler = handler;
    this.#options = options;
    this.#deps = deps;
  }

  get partitions(): number {
    return this.#partitions.size;
  }

  has(partition: number): boolean {
    return this.#partitions.has(partition);
  }

  queued(partition: number): number {
    return this.#partitions.get(partition)?.queue.length ?? 0;
  }

  /** True when nothing is queued, waiting or being worked on. */
  get idle(): boolean {
    if (this.#active.size + this.#waiting.size + this.#due.length > 0) return false;
    return [...this.#partitions.values()].every(({ queue }) => queue.length === 0);
  }

  assign(partition: number, queue: E[] = []): void {
    this.#partitions.set(partition, { queue, busy: false });
    this.#schedule();
  }

  push(entry: E): void {
    this.#partitions.get(entry.partition)!.queue.push(entry);
    this.#schedule();
  }

  /** Lets what is in hand end, takes the partitions away, and gives back what was not begun or would come again. */
  async release(partitions: ReadonlySet<number>): Promise<Map<number, E[]>> {
    this.#leaving = new Set([...this.#leaving, ...partitions]);
    const touches = (work: Work<E>) => work.partitions.some((index) => partitions.has(index));
    for (;;) {
      for (const work of [...this.#waiting, ...this.#due].filter(touches)) this.#putBack(work);
      const active = [...this.#active].find(touches);
      if (active === undefined) break;
      await new Promise<void>((resolve) => active.settled.push(resolve));
    }
    const left = new Map<number, E[]>();
    for (const index of partitions) {
      left.set(index, this.#partitions.get(index)?.queue ?? []);
      this.#partitions.delete(index);
    }
    this.#leaving = new Set([...this.#leaving].filter((index) => !partitions.has(index)));
    return left;
  }

  #putBack(work: Work<E>): void {
    this.#waiting.delete(work);
    const due = this.#due.indexOf(work);
    if (due !== -1) this.#due.splice(due, 1);
    const entries = [...work.entries, ...work.rest];
    for (const index of work.partitions) {
      const partition = this.#partitions.get(index)!;
      partition.queue = [...entries.filter((entry) => entry.partition === index), ...partition.queue];
      partition.busy = false;
    }
    this.#schedule();
  }

  /** Not at once: what arrives in one turn of the event loop is handed over together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    const { concurrency = 1 } = this.#options;
    while (this.#active.size < concurrency && !this.#deps.signal.aborted) {
      const work = this.#due.shift() ?? this.#take(concurrency);
      if (work === undefined) return;
      void this.#run(work);
    }
  }

  /** Takes from as many free partitions as are this worker's share, so that a lone worker gets full batches. */
  #take(concurrency: number): Work<E> | undefined {
    const { maxBatch = 500 } = this.#options;
    const indices = [...this.#partitions.keys()];
    const share = Math.ceil(indices.length / concurrency);
    const entries: E[] = [];
    const partitions: number[] = [];
    const first = this.#next;
    for (let i = 0; i < indices.length && partitions.length < share && entries.length < maxBatch; i += 1) {
      const at = (first + i) % indices.length;
      const index = indices[at]!;
      const partition = this.#partitions.get(index)!;
      if (partition.busy || partition.queue.length === 0 || this.#leaving.has(index)) continue;
      for (const entry of partition.queue.splice(0, maxBatch - entries.length)) entries.push(entry);
      partition.busy = true;
      partitions.push(index);
      this.#next = at + 1;
    }
    if (entries.length === 0) return undefined;
    return { entries, rest: [], refusals: 0, failures: 0, since: 0, partitions, settled: [] };
  }

  async #run(work: Work<E>): Promise<void> {
    this.#active.add(work);
    try {
      await this.#handle(work.entries);
      this.#done(work);
    } catch (thrown) {
      await this.#failed(work, toError(thrown));
    }
    this.#active.delete(work);
    for (const settled of work.settled.splice(0)) settled();
    this.#schedule();
  }

  async #handle(entries: readonly E[]): Promise<void> {
    const refused = entries.flatMap((message) =>
      message.refusal === undefined ? [] : [{ message, reason: message.refusal }],
    );
    const good = refused.length === 0 ? entries : entries.filter(({ refusal }) => refusal === undefined);
    const rejected = good.length === 0 ? [] : ((await this.#handler(good, this.#deps.signal)) ?? []);
    if (refused.length + rejected.length > 0) await this.#deps.bury([...refused, ...rejected]);
  }

  #done(work: Work<E>): void {
    const { entries } = work;
    const next = work.rest.shift();
    if (next === undefined) {
      for (const index of work.partitions) this.#partitions.get(index)!.busy = false;
    } else {
      work.entries = [next];
      work.failures = 0;
      this.#due.push(work);
    }
    this.#deps.onDone(entries);
  }

  async #failed(work: Work<E>, error: Error): Promise<void> {
    if (this.#deps.signal.aborted) return;
    if (!isRetryable(error)) {
      work.refusals += 1;
      if (work.refusals >= (this.#options.maxAttempts ?? 3)) {
        await this.#giveUp(work, error);
        return;
      }
    }
    this.#again(work, error);
  }

  /** The batch as a whole is hopeless: its messages are tried one by one, and one that is alone is buried. */
  async #giveUp(work: Work<E>, error: Error): Promise<void> {
    const [alone] = work.entries;
    if (work.entries.length > 1 || alone === undefined) {
      for (const entry of work.entries) entry.attempt += 1;
      work.rest = work.entries;
      work.entries = [];
      this.#done(work);
      return;
    }
    try {
      await this.#deps.bury([{ message: alone, reason: error.message }]);
      this.#done(work);
    } catch (thrown) {
      this.#again(work, toError(thrown));
    }
  }

  #again(work: Work<E>, error: Error): void {
    const { backoff, clock, signal, onRedelivery, onTrouble } = this.#deps;
    const pauseMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(work.failures, 20));
    const now = clock.monotonic();
    if (work.failures === 0) work.since = now;
    work.failures += 1;
    if (isRetryable(error)) onTrouble?.(error, now - work.since);
    for (const entry of work.entries) entry.attempt += 1;
    onRedelivery(error, pauseMs);
    this.#waiting.add(work);
    const due = (): void => {
      if (!this.#waiting.delete(work)) return;
      this.#due.push(work);
      this.#schedule();
    };
    // Only the end of the bus cuts the pause short, and then nobody asks for the work any more.
    clock.sleep(pauseMs, signal).then(due, () => undefined);
  }
}
