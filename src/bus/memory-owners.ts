import type { Owns, SubscribeOptions } from './bus.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';

/** What the owners need to know of a member. */
export interface Owner {
  readonly options: SubscribeOptions;
}

export interface OwnersDeps<M extends Owner> {
  readonly clock: Clock;
  readonly pauseMs: number;
  readonly signal: AbortSignal;
  readonly partitionOf: (key: string) => number;
  /** Resolves when the member has let go of these partitions. */
  readonly release: (member: M, partitions: ReadonlySet<number>) => Promise<void>;
  /** The member may begin with this partition. */
  readonly hold: (member: M, partition: number) => void;
  readonly onError: (error: Error) => void;
}

/** Which member of a group holds which partition, with a proper hand-over when members come and go. */
export class MemoryOwners<M extends Owner> {
  readonly #deps: OwnersDeps<M>;
  /** `undefined` while a partition is on its way or nobody is there. */
  readonly #owners: (M | undefined)[];
  #members: readonly M[] = [];
  #turn: Promise<void> = Promise.resolve();

  constructor(partitions: number, deps: OwnersDeps<M>) {
    this.#deps = deps;
    this.#owners = Array.from({ length: partitions }, () => undefined);
  }

  of(partition: number): M | undefined {
    return this.#owners[partition];
  }

  /** Shares the partitions among these members; resolves when it is so. One change after the other. */
  share(members: readonly M[]): Promise<void> {
    this.#members = members.slice();
    this.#turn = this.#turn.then(() => this.#settle());
    return this.#turn;
  }

  async #settle(): Promise<void> {
    const members = this.#members;
    const coming = new Map<M, Set<number>>();
    const leaving = new Map<M, Set<number>>();
    const note = (map: Map<M, Set<number>>, member: M, partition: number) =>
      map.set(member, (map.get(member) ?? new Set()).add(partition));
    this.#owners.forEach((owner, partition) => {
      const next = members[partition % members.length];
      if (next === owner) return;
      if (owner !== undefined) note(leaving, owner, partition);
      if (next !== undefined) note(coming, next, partition);
      this.#owners[partition] = undefined;
    });
    await Promise.all([...leaving].map(([member, partitions]) => this.#revoke(member, partitions)));
    await Promise.all([...coming].map(([member, partitions]) => this.#assign(member, partitions)));
  }

  async #revoke(member: M, partitions: ReadonlySet<number>): Promise<void> {
    await this.#deps.release(member, partitions);
    try {
      await member.options.onRevoked?.(this.#owns(partitions));
    } catch (thrown) {
      this.#deps.onError(toError(thrown));
    }
  }

  async #assign(member: M, partitions: ReadonlySet<number>): Promise<void> {
    const { clock, pauseMs, signal, onError, hold } = this.#deps;
    while (!signal.aborted) {
      try {
        await member.options.onAssigned?.(this.#owns(partitions));
        for (const partition of partitions) {
          this.#owners[partition] = member;
          hold(member, partition);
        }
        return;
      } catch (thrown) {
        onError(toError(thrown));
        if (!this.#members.includes(member)) return;
        await clock.sleep(pauseMs, signal).catch(() => undefined);
      }
    }
  }

  #owns(partitions: ReadonlySet<number>): Owns {
    return (key) => partitions.has(this.#deps.partitionOf(key));
  }
}
