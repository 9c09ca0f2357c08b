import type { Handler, Message, Rejected, SubscribeOptions, Subscription } from './bus.ts';
import type { Clock } from '../runtime/clock.ts';
import { type Backoff, type Entry, MemberWork } from './member-work.ts';
import { MemoryOwners } from './memory-owners.ts';
import type { Receipt } from './receipt.ts';

/** Most consumers of one group that can work at the same time; more keys than this share a partition. */
const PARTITIONS = 16;

interface MemoryEntry extends Entry {
  readonly receipt: Receipt | undefined;
}

interface Member {
  readonly work: MemberWork<MemoryEntry>;
  readonly options: SubscribeOptions;
  left: Promise<void> | undefined;
}

export interface GroupDeps {
  readonly clock: Clock;
  /** Most messages queued or being worked on. */
  readonly capacity: number;
  readonly backoff: Backoff;
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

/** FNV-1a, folded to a partition. */
function partitionOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) & (PARTITIONS - 1);
}

/** One consumer group of one topic: its members, and the messages of partitions that nobody holds. */
export class MemoryGroup {
  readonly #deps: GroupDeps;
  readonly #members: Member[] = [];
  readonly #owners: MemoryOwners<Member>;
  /** What came for a partition while nobody held it. */
  readonly #parked: MemoryEntry[][] = Array.from({ length: PARTITIONS }, () => []);
  #pending = 0;
  #trouble: Error | undefined;

  constructor(deps: GroupDeps) {
    this.#deps = deps;
    this.#owners = new MemoryOwners<Member>(PARTITIONS, {
      clock: deps.clock,
      pauseMs: deps.backoff.firstMs,
      signal: deps.signal,
      partitionOf,
      release: async ({ work }, partitions) => {
        for (const [index, queue] of await work.release(partitions)) this.#parked[index]!.unshift(...queue);
      },
      hold: ({ work }, partition) => work.assign(partition, this.#parked[partition]!.splice(0)),
      onError: deps.onHandOver,
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

  push({ key, value, trace }: Message<unknown>, receipt: Receipt | undefined): void {
    const entry = { key, value, trace, attempt: 1, partition: partitionOf(key), receipt };
    const work = this.#owners.of(entry.partition)?.work;
    if (work?.has(entry.partition) === true) work.push(entry);
    else this.#parked[entry.partition]!.push(entry);
    this.#pending += 1;
  }

  /** Says how much there is to do, once for all that was pushed together. */
  pushed(): void {
    this.#deps.onLag(this.#pending);
  }

  join(handler: Handler<unknown>, options: SubscribeOptions): Subscription {
    const { patienceMs } = this.#deps;
    const work = new MemberWork<MemoryEntry>(handler, options, {
      ...this.#deps,
      onDone: (entries) => this.#done(entries),
      onTrouble: (error, forMs) => {
        if (forMs < patienceMs) return;
        this.#trouble = error;
        this.#deps.onTrouble(error);
      },
    });
    const member: Member = { work, options, left: undefined };
    this.#members.push(member);
    void this.#owners.share(this.#members);
    return {
      lag: () => this.#pending,
      assigned: () => work.partitions,
      stop: () => (member.left ??= this.#leave(member)),
    };
  }

  #leave(member: Member): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1);
    return this.#owners.share(this.#members);
  }

  #done(entries: readonly MemoryEntry[]): void {
    this.#trouble = undefined;
    this.#pending -= entries.length;
    this.#deps.onLag(this.#pending);
    for (const entry of entries) entry.receipt?.commit();
    this.#deps.onCommit();
  }
}
