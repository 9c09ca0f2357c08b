import type { Delivery, Handler, Rejected, SubscribeOptions, Subscription } from './bus.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';
import { MemoryOwners } from './memory-owners.ts';
import type { Receipt } from './receipt.ts';

/** Most consumers of one group that can work at the same time; more keys than this share a partition. */
const PARTITIONS = 16;

/** A message in a group's queue; it is itself what the handler gets. */
interface Entry extends Delivery<unknown> {
  attempt: number;
  readonly receipt: Receipt | undefined;
}

interface Partition {
  queue: Entry[];
  /** True while one of its messages is being worked on or waits for its next try. */
  busy: boolean;
}

/** A batch on its way. `rest` holds what follows one by one once the batch as a whole has failed too often. */
interface Work {
  entries: Entry[];
  rest: Entry[];
  /** Failures that say something about the messages; lost infrastructure is not counted here. */
  refusals: number;
  /** Failures in a row of any kind, for the back-off, and when the first of them was. */
  failures: number;
  since: number;
  readonly member: Member;
  readonly partitions: readonly number[];
  /** Called when a try is over, however it ended. */
  settled: (() => void)[];
}

interface Member {
  readonly handler: Handler<unknown>;
  readonly options: SubscribeOptions;
  active: number;
  left: Promise<void> | undefined;
}

export interface GroupDeps {
  readonly clock: Clock;
  /** Most messages queued or being worked on. */
  readonly capacity: number;
  readonly backoff: { readonly firstMs: number; readonly maxMs: number };
  /** How long durable publishers are kept waiting while there is no infrastructure to commit with. */
  readonly patienceMs: number;
  /** Aborted when the bus ends. */
  readonly signal: AbortSignal;
  /** Buries what can never be processed; rejects only when that should be tried again. */
  readonly bury: (rejected: readonly Rejected<unknown>[]) => Promise<void>;
  readonly onRedelivery: (error: Error, pauseMs: number) => void;
  /** A member could not take or give up partitions. */
  readonly onHandOver: (error: Error) => void;
  /** The group cannot commit for want of infrastructure. */
  readonly onTrouble: (error: Error) => void;
  readonly onLag: (messages: number) => void;
  readonly onCommit: () => void;
}

const isRetryable = (error: Error): boolean => (error as { retryable?: unknown }).retryable === true;

/** FNV-1a, folded to a partition. */
function partitionOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) & (PARTITIONS - 1);
}

/** One consumer group of one topic: its partitions, its members, and what is under way. */
export class MemoryGroup {
  readonly #deps: GroupDeps;
  readonly #partitions: Partition[] = Array.from({ length: PARTITIONS }, () => ({ queue: [], busy: false }));
  readonly #members: Member[] = [];
  readonly #owners: MemoryOwners<Member>;
  /** What is being worked on. */
  readonly #active = new Set<Work>();
  /** What failed and waits for its next try. */
  readonly #waiting = new Set<Work>();
  /** Work whose pause is over, or that was taken apart; goes before anything new. */
  readonly #due: Work[] = [];
  #pending = 0;
  #trouble: Error | undefined;
  #next = 0;
  #scheduled = false;

  constructor(deps: GroupDeps) {
    this.#deps = deps;
    this.#owners = new MemoryOwners<Member>(PARTITIONS, {
      clock: deps.clock,
      pauseMs: deps.backoff.firstMs,
      signal: deps.signal,
      partitionOf,
      release: (partitions, member) => this.#release(partitions, member),
      onError: deps.onHandOver,
      onChange: () => this.#schedule(),
    });
  }

  get pending(): number {
    return this.#pending;
  }

  /** Why nothing can be committed at this time. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  get room(): number {
    return this.#deps.capacity - this.#pending;
  }

  get consumed(): boolean {
    return this.#members.length > 0;
  }

  push(key: string, value: unknown, receipt: Receipt | undefined): void {
    this.#partitions[partitionOf(key)]!.queue.push({ key, value, attempt: 1, receipt });
    this.#pending += 1;
    this.#deps.onLag(this.#pending);
    this.#schedule();
  }

  join(handler: Handler<unknown>, options: SubscribeOptions): Subscription {
    const member: Member = { handler, options, active: 0, left: undefined };
    this.#members.push(member);
    void this.#owners.share(this.#members);
    return {
      lag: () => this.#pending,
      assigned: () => this.#owners.count(member),
      stop: () => (member.left ??= this.#leave(member)),
    };
  }

  #leave(member: Member): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1);
    return this.#owners.share(this.#members);
  }

  /** Waits for what is in hand, and puts back in the queues what would have been tried again. */
  async #release(partitions: ReadonlySet<number>, member: Member): Promise<void> {
    const touches = (work: Work) => work.member === member && work.partitions.some((index) => partitions.has(index));
    for (;;) {
      for (const work of this.#due.filter(touches)) {
        this.#due.splice(this.#due.indexOf(work), 1);
        this.#putBack(work);
      }
      for (const work of [...this.#waiting].filter(touches)) this.#putBack(work);
      const active = [...this.#active].find(touches);
      if (active === undefined) return;
      await new Promise<void>((resolve) => active.settled.push(resolve));
    }
  }

  #putBack(work: Work): void {
    this.#waiting.delete(work);
    const entries = [...work.entries, ...work.rest];
    for (const index of work.partitions) {
      const partition = this.#partitions[index]!;
      partition.queue.unshift(...entries.filter(({ key }) => partitionOf(key) === index));
      partition.busy = false;
    }
  }

  /** Not at once: what is published in one turn of the event loop is handed over together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (const member of this.#members.slice()) {
      const { concurrency = 1 } = member.options;
      while (member.active < concurrency && !this.#deps.signal.aborted) {
        const work = this.#dueOf(member) ?? this.#take(member, concurrency);
        if (work === undefined) break;
        void this.#run(work);
      }
    }
  }

  #dueOf(member: Member): Work | undefined {
    const index = this.#due.findIndex((work) => work.member === member);
    return index === -1 ? undefined : this.#due.splice(index, 1)[0];
  }

  /** Takes from as many free partitions as are this worker's share, so that a lone worker gets full batches. */
  #take(member: Member, concurrency: number): Work | undefined {
    const { maxBatch = 500 } = member.options;
    const share = Math.ceil(this.#owners.count(member) / concurrency);
    const entries: Entry[] = [];
    const partitions: number[] = [];
    const first = this.#next;
    for (let i = 0; i < PARTITIONS && partitions.length < share && entries.length < maxBatch; i += 1) {
      const index = (first + i) % PARTITIONS;
      const partition = this.#partitions[index]!;
      if (partition.busy || partition.queue.length === 0 || this.#owners.of(index) !== member) continue;
      for (const entry of partition.queue.splice(0, maxBatch - entries.length)) entries.push(entry);
      partition.busy = true;
      partitions.push(index);
      this.#next = index + 1;
    }
    if (entries.length === 0) return undefined;
    return { entries, rest: [], refusals: 0, failures: 0, since: 0, member, partitions, settled: [] };
  }

  async #run(work: Work): Promise<void> {
    const { member } = work;
    member.active += 1;
    this.#active.add(work);
    try {
      const rejected = await member.handler(work.entries, this.#deps.signal);
      if (rejected !== undefined && rejected.length > 0) await this.#deps.bury(rejected);
      this.#commit(work);
    } catch (thrown) {
      await this.#failed(work, toError(thrown), member.options.maxAttempts ?? 3);
    }
    member.active -= 1;
    this.#active.delete(work);
    for (const settled of work.settled.splice(0)) settled();
    this.#schedule();
  }

  #commit(work: Work): void {
    this.#trouble = undefined;
    this.#pending -= work.entries.length;
    this.#deps.onLag(this.#pending);
    for (const entry of work.entries) entry.receipt?.commit();
    const next = work.rest.shift();
    if (next === undefined) {
      for (const index of work.partitions) this.#partitions[index]!.busy = false;
    } else {
      work.entries = [next];
      work.failures = 0;
      this.#due.push(work);
    }
    this.#deps.onCommit();
  }

  async #failed(work: Work, error: Error, maxAttempts: number): Promise<void> {
    if (this.#deps.signal.aborted) return;
    if (!isRetryable(error)) {
      work.refusals += 1;
      if (work.refusals >= maxAttempts) {
        await this.#giveUp(work, error);
        return;
      }
    }
    this.#again(work, error);
  }

  /** The batch as a whole is hopeless: its messages are tried one by one, and one that is alone is buried. */
  async #giveUp(work: Work, error: Error): Promise<void> {
    const [alone] = work.entries;
    if (work.entries.length > 1 || alone === undefined) {
      for (const entry of work.entries) entry.attempt += 1;
      work.rest = work.entries;
      work.entries = [];
      this.#commit(work);
      return;
    }
    try {
      await this.#deps.bury([{ message: alone, reason: error.message }]);
      this.#commit(work);
    } catch (thrown) {
      this.#again(work, toError(thrown));
    }
  }

  #again(work: Work, error: Error): void {
    const { firstMs, maxMs } = this.#deps.backoff;
    const pauseMs = Math.min(maxMs, firstMs * 2 ** Math.min(work.failures, 20));
    const now = this.#deps.clock.monotonic();
    if (work.failures === 0) work.since = now;
    work.failures += 1;
    if (isRetryable(error) && now - work.since >= this.#deps.patienceMs) {
      this.#trouble = error;
      this.#deps.onTrouble(error);
    }
    for (const entry of work.entries) entry.attempt += 1;
    this.#deps.onRedelivery(error, pauseMs);
    this.#waiting.add(work);
    const due = (): void => {
      if (!this.#waiting.delete(work)) return;
      this.#due.push(work);
      this.#schedule();
    };
    // Only the end of the bus cuts the pause short, and then nobody asks for the work any more.
    this.#deps.clock.sleep(pauseMs, this.#deps.signal).then(due, () => undefined);
  }
}
