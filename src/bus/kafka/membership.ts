import type { Consumer, GroupPartitionsAssigner } from '@platformatic/kafka';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { assign, type Claim } from './assignment.ts';
import { closeQuietly, createConsumer, DEADLINE_MS } from './client.ts';
import { inTime, OutOfTime } from './in-time.ts';
import { hasReason } from './kafka-error.ts';
import type { KafkaBusOptions } from './options.ts';

const PROTOCOL = 'vigia-cooperative';
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 3000;

export interface MembershipDeps {
  readonly options: KafkaBusOptions;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly topic: string;
  readonly groupId: string;
  readonly instance: string;
  readonly sessionMs: number;
  /** Partitions held or being taken, as the group is told when joining. */
  readonly held: () => readonly number[];
  /** The group has decided; `fresh` when the member had been cut off and is a new one. */
  readonly onAssigned: (partitions: readonly number[], fresh: boolean) => void;
  readonly onError: (error: Error) => void;
}

/** What a member said of itself when it joined; a stranger's words count as nothing held. */
function readClaim(member: string, metadata: unknown): Claim {
  try {
    const { instance, held, generation } = JSON.parse(String(metadata)) as Claim;
    if (typeof instance === 'string' && Array.isArray(held) && typeof generation === 'number') {
      return { member, instance, held, generation };
    }
  } catch {
    // Not written by this program.
  }
  return { member, instance: member, held: [], generation: 0 };
}

const assignTopics: GroupPartitionsAssigner = (_leader, members, topics, { topics: known }) => {
  const claims = [...members].map(([member, { metadata }]) => readClaim(member, metadata));
  const result = claims.map(({ member }) => ({ memberId: member, assignments: new Map() }));
  for (const topic of topics) {
    const shares = assign(claims, known.get(topic)?.partitionsCount ?? 0);
    for (const { memberId, assignments } of result) {
      assignments.set(topic, { topic, partitions: [...(shares.get(memberId) ?? [])] });
    }
  }
  return result;
};

type Joined = { readonly generationId?: number; readonly assignments?: readonly { partitions?: number[] }[] };

/** One member of one consumer group: joins, is kept alive, joins again through whatever happens, commits, leaves. */
export class Membership {
  readonly #deps: MembershipDeps;
  #consumer: Consumer | undefined;
  #connecting: Promise<void> | undefined;
  /** As the group calls it, or did last. */
  #memberId: string | null = null;
  /** What the group is told when it joins again after a lost connection, so that it knows the member. */
  #known: string | null = null;
  #generation = 0;
  /** In touch with the group since it last decided. */
  #member = false;
  #left = false;

  constructor(deps: MembershipDeps) {
    this.#deps = deps;
  }

  /** False from when the group cannot be reached until it has been joined again: it may have given the partitions to others. */
  get isMember(): boolean {
    return this.#member;
  }

  start(): void {
    if (this.#left || this.#connecting !== undefined) return;
    this.#connecting = this.#connect().finally(() => {
      this.#connecting = undefined;
    });
  }

  async #connect(): Promise<void> {
    const { clock, signal, onError } = this.#deps;
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted && !this.#left; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      const consumer = this.#create();
      this.#consumer = consumer;
      try {
        await this.#join(consumer);
        void this.#announce(this.#generation);
        return;
      } catch (thrown) {
        this.#drop(consumer);
        onError(toError(thrown));
        // Another incarnation has this name: an earlier one of this very process whose answer was lost, or a process
        // that must not have it. It is not fought over; who comes later has the place.
        if (hasReason(thrown, 'FENCED_INSTANCE_ID')) {
          this.#known = null;
          await clock.sleep(this.#deps.sessionMs, signal).catch(() => undefined);
        }
        await clock.sleep(pauseMs, signal).catch(() => undefined);
      }
    }
  }

  /**
   * Who takes the place of an earlier incarnation gets what that had been given, and the group is not asked: what that
   * one was about to give up or to take would stay with nobody. So the group is told, unless it has met meanwhile.
   */
  async #announce(generation: number): Promise<void> {
    const { clock, sessionMs, signal } = this.#deps;
    await clock.sleep(sessionMs, signal).catch(() => undefined);
    if (!signal.aborted && this.#generation === generation) await this.rejoin();
  }

  /** May take two rounds of the group. */
  async #join(consumer: Consumer): Promise<void> {
    const { clock, sessionMs } = this.#deps;
    await inTime(clock, 2 * sessionMs + DEADLINE_MS, consumer.joinGroup(this.#joining()));
  }

  #joining() {
    const { sessionMs } = this.#deps;
    const claim = () => this.#claim();
    return {
      sessionTimeout: sessionMs,
      rebalanceTimeout: sessionMs,
      heartbeatInterval: Math.round(sessionMs / 4),
      partitionAssigner: assignTopics,
      // Read anew whenever the member joins, by the client's own heartbeat too.
      protocols: [
        {
          name: PROTOCOL,
          version: 0,
          get metadata() {
            return claim();
          },
        },
      ],
    };
  }

  #claim(): string {
    const { instance, held } = this.#deps;
    return JSON.stringify({ instance, held: held(), generation: this.#generation });
  }

  #create(): Consumer {
    const { options, groupId, instance, sessionMs, topic } = this.#deps;
    const consumer = createConsumer(options, { groupId, sessionMs, instance });
    consumer.topics.track(topic);
    consumer.memberId = this.#known;
    consumer.on('consumer:group:join', (joined: Joined) => this.#joined(consumer, joined));
    consumer.on('consumer:heartbeat:error', ({ error }: { error?: Error }) => this.#broken(consumer, error));
    // Joining again after a heartbeat that told of a rebalance has failed.
    consumer.on('error' as 'consumer:lag:error', (error: Error) => this.#broken(consumer, error));
    return consumer;
  }

  #joined(consumer: Consumer, { assignments }: Joined): void {
    if (consumer !== this.#consumer || this.#left) return;
    const fresh = this.#memberId !== null && this.#memberId !== consumer.memberId;
    this.#memberId = consumer.memberId;
    this.#known = consumer.memberId;
    this.#generation = consumer.generationId;
    this.#member = true;
    const partitions = (assignments ?? []).flatMap((assignment) => assignment.partitions ?? []);
    this.#deps.onAssigned(partitions, fresh);
  }

  /** The client stops its heartbeats after an error and never asks for the coordinator again, so it is replaced. */
  #broken(consumer: Consumer, error: Error | undefined): void {
    if (consumer !== this.#consumer || this.#left) return;
    this.#drop(consumer);
    this.#deps.onError(error ?? new Error('heartbeat'));
    this.start();
  }

  /** Closes the connections without leaving the group. */
  #drop(consumer: Consumer): void {
    if (this.#consumer === consumer) [this.#consumer, this.#member] = [undefined, false];
    consumer.memberId = null;
    void closeQuietly(consumer);
  }

  /** Tells the group what is held now. */
  async rejoin(): Promise<void> {
    const consumer = this.#consumer;
    if (consumer === undefined || this.#left) return;
    try {
      await this.#join(consumer);
    } catch (thrown) {
      this.#broken(consumer, toError(thrown));
    }
  }

  /** Rejects when it cannot be done now; may be tried again. */
  async commit(offsets: ReadonlyMap<number, bigint>): Promise<void> {
    const { topic } = this.#deps;
    const consumer = this.#require();
    try {
      const list = [...offsets].map(([partition, offset]) => ({ topic, partition, offset, leaderEpoch: -1 }));
      await inTime(this.#deps.clock, DEADLINE_MS, consumer.commit({ offsets: list }));
    } catch (thrown) {
      const moved = hasReason(thrown, 'NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE');
      if (moved || thrown instanceof OutOfTime) this.#broken(consumer, toError(thrown));
      throw thrown;
    }
  }

  /** Where the group stands; partitions without a commit are left out. */
  async committed(partitions: readonly number[]): Promise<Map<number, bigint>> {
    const { topic } = this.#deps;
    const consumer = this.#require();
    const asked = consumer.listCommittedOffsets({ topics: [{ topic, partitions: [...partitions] }] });
    const found = await inTime(this.#deps.clock, DEADLINE_MS, asked).catch((thrown: unknown) => {
      if (thrown instanceof OutOfTime) this.#broken(consumer, thrown);
      throw thrown;
    });
    const offsets = found.get(topic) ?? [];
    return new Map(
      partitions.flatMap((partition) => {
        const offset = offsets[partition];
        return offset === undefined || offset < 0n ? [] : [[partition, offset] as const];
      }),
    );
  }

  #require(): Consumer {
    if (this.#consumer === undefined) throw new Error('not connected at this time');
    return this.#consumer;
  }

  async leave(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    const consumer = this.#consumer;
    this.#consumer = undefined;
    if (consumer === undefined) return;
    // Leaves the group on the way.
    await closeQuietly(consumer);
  }
}
