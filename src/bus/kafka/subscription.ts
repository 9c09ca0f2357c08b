import type { Consumer } from '@platformatic/kafka';
import type { Handler, Owns, Rejected, SubscribeOptions, Subscription } from '../bus.ts';
import type { Encoded } from '../encoding/encoding.ts';
import { type Backoff, type Entry, MemberWork } from '../member-work.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { Commits } from './commits.ts';
import { type FetchedRecord, Fetcher } from './fetcher.ts';
import { Membership, type MembershipDeps } from './membership.ts';
import { partitionOf } from './partition-of.ts';

const PAUSE_MS = 300;
const LEAST_ROOM = 50;
const DEFAULT_BATCH = 500;

export interface KafkaEntry extends Entry {
  readonly offset: bigint;
  /** As it was fetched, for the dead letters. */
  readonly raw: FetchedRecord;
}

/** What is read of a record. */
interface RecordReader {
  readonly decode: (fetched: FetchedRecord) => Encoded;
  readonly traceOf: (fetched: FetchedRecord) => string | undefined;
}

/** Read when it is its turn: until then the few bytes that came wait, and many that come at once hold nobody up. */
class FetchedEntry implements KafkaEntry {
  attempt = 1;
  readonly raw: FetchedRecord;
  readonly #reader: RecordReader;
  #read: Encoded | undefined;

  constructor(raw: FetchedRecord, reader: RecordReader) {
    this.raw = raw;
    this.#reader = reader;
  }

  get partition(): number {
    return this.raw.partition;
  }

  get offset(): bigint {
    return this.raw.offset;
  }

  get key(): string {
    return this.#encoded.key;
  }

  get value(): unknown {
    return this.#encoded.value;
  }

  get trace(): string | undefined {
    return this.#reader.traceOf(this.raw);
  }

  get refusal(): string | undefined {
    return this.#encoded.refusal;
  }

  get #encoded(): Encoded {
    this.#read ??= this.#reader.decode(this.raw);
    return this.#read;
  }
}

export interface KafkaSubscriptionDeps extends RecordReader {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly backoff: Backoff;
  readonly partitions: number;
  readonly membership: Omit<MembershipDeps, 'held' | 'onAssigned' | 'onError' | 'clock' | 'signal'>;
  readonly createFetchConsumer: () => Consumer;
  readonly bury: (rejected: readonly Rejected<unknown>[]) => Promise<void>;
  readonly onRedelivery: (error: Error, pauseMs: number) => void;
  readonly onLag: (messages: number, held: number) => void;
  readonly onError: (error: Error) => void;
}

/** One member of one group of one topic: takes and gives up partitions, fetches, works, commits. */
export class KafkaSubscription implements Subscription {
  readonly #deps: KafkaSubscriptionDeps;
  readonly #options: SubscribeOptions;
  readonly #membership: Membership;
  readonly #fetcher: Fetcher;
  readonly #commits: Commits;
  readonly #work: MemberWork<KafkaEntry>;
  /** What the group has given as of last. */
  #given: ReadonlySet<number> = new Set();
  /** Held or being prepared: what the group is told. */
  readonly #held = new Set<number>();
  #turn: Promise<void> = Promise.resolve();
  #turns = 0;
  #joined = false;
  #stopping: Promise<void> | undefined;

  constructor(handler: Handler<unknown>, options: SubscribeOptions, deps: KafkaSubscriptionDeps) {
    this.#deps = deps;
    this.#options = options;
    const { clock, onError, signal } = deps;
    this.#membership = new Membership({
      ...deps.membership,
      clock,
      signal,
      onError,
      held: () => [...this.#held],
      onAssigned: (partitions, fresh) => this.#decided(partitions, fresh),
    });
    this.#commits = new Commits({
      clock,
      signal,
      commit: (offsets) => this.#membership.commit(offsets),
      onCommitted: () => this.#tell(),
      onError,
    });
    this.#work = new MemberWork<KafkaEntry>(handler, options, { ...deps, onDone: (entries) => this.#done(entries) });
    this.#fetcher = new Fetcher({
      clock,
      signal,
      topic: deps.membership.topic,
      createConsumer: deps.createFetchConsumer,
      hasRoom: (partition) => this.#work.queued(partition) < this.#room,
      onRecords: (records) => this.#take(records),
      onError,
    });
    this.#membership.start();
  }

  /** Messages that may wait of one partition before no more are fetched: in all of them together a batch and a half. */
  get #room(): number {
    return Math.max(LEAST_ROOM, Math.ceil((1.5 * (this.#options.maxBatch ?? DEFAULT_BATCH)) / this.#held.size));
  }

  lag(): number {
    let lag = 0n;
    for (const partition of this.#held) {
      const end = this.#fetcher.endOf(partition);
      const committed = this.#commits.of(partition);
      if (end !== null && committed !== undefined && end > committed) lag += end - committed;
    }
    return Number(lag);
  }

  assigned(): number {
    return this.#membership.isMember ? this.#work.partitions : 0;
  }

  /** True when nothing that was published before the call is left to do for the partitions held here. */
  async caughtUp(): Promise<boolean> {
    if (!this.#joined || this.#turns > 0) return false;
    await this.refresh();
    return this.lag() === 0 && this.#work.idle;
  }

  /** Asks how far the topic has grown, as paused partitions do not hear of it. */
  async refresh(): Promise<void> {
    try {
      await this.#fetcher.refreshEnds();
    } catch (thrown) {
      this.#deps.onError(toError(thrown));
    }
    this.#tell();
  }

  #tell(): void {
    this.#deps.onLag(this.lag(), this.assigned());
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#given = new Set();
    await this.#next(() => this.#giveUp(this.#held));
    await this.#membership.leave();
    await this.#fetcher.close();
    this.#deps.onLag(0, 0);
  }

  #decided(partitions: readonly number[], fresh: boolean): void {
    if (this.#stopping !== undefined) return;
    this.#given = new Set(partitions);
    void this.#next(() => this.#change(fresh));
  }

  /** One change of partitions after the other. */
  #next(change: () => Promise<void>): Promise<void> {
    this.#turns += 1;
    this.#turn = this.#turn.then(change).finally(() => {
      this.#turns -= 1;
    });
    return this.#turn;
  }

  async #change(fresh: boolean): Promise<void> {
    const given = this.#given;
    const gone = [...this.#held].filter((partition) => !given.has(partition));
    // Somebody else may have gone on meanwhile: to commit now could take the group back.
    if (fresh) this.#commits.forget(gone);
    await this.#giveUp(new Set(gone));
    await this.#takeOn([...given].filter((partition) => !this.#held.has(partition)));
    this.#joined = true;
    if (gone.length > 0) await this.#membership.rejoin();
  }

  async #giveUp(gone: ReadonlySet<number>): Promise<void> {
    const partitions = new Set(gone);
    if (partitions.size === 0) return;
    for (const partition of partitions) this.#fetcher.end(partition);
    await this.#work.release(partitions);
    await this.#commits.flush(partitions);
    try {
      await this.#options.onRevoked?.(this.#owns(partitions));
    } catch (thrown) {
      this.#deps.onError(toError(thrown));
    }
    for (const partition of partitions) this.#held.delete(partition);
  }

  /** Tries until it has worked or the group has decided otherwise. */
  async #takeOn(came: readonly number[]): Promise<void> {
    const { clock, signal, onError } = this.#deps;
    const partitions = new Set(came);
    for (const partition of partitions) this.#held.add(partition);
    while (partitions.size > 0 && !signal.aborted) {
      if (came.some((partition) => !this.#given.has(partition))) break;
      try {
        const offsets = await this.#offsets(came);
        await this.#options.onAssigned?.(this.#owns(partitions));
        for (const [partition, offset] of offsets) {
          this.#commits.begin(partition, offset);
          this.#work.assign(partition);
          this.#fetcher.begin(partition, offset);
        }
        return;
      } catch (thrown) {
        onError(toError(thrown));
        await clock.sleep(PAUSE_MS, signal).catch(() => undefined);
      }
    }
    for (const partition of partitions) this.#held.delete(partition);
  }

  async #offsets(partitions: readonly number[]): Promise<Map<number, bigint>> {
    const offsets = await this.#membership.committed(partitions);
    const without = partitions.filter((partition) => !offsets.has(partition));
    if (without.length > 0) {
      const first = await this.#fetcher.firstOffsets(this.#options.from ?? 'earliest');
      for (const partition of without) offsets.set(partition, first[partition] ?? 0n);
    }
    return offsets;
  }

  #owns(partitions: ReadonlySet<number>): Owns {
    return (key) => partitions.has(partitionOf(key, this.#deps.partitions));
  }

  #take(records: readonly FetchedRecord[]): void {
    for (const raw of records) {
      if (this.#work.has(raw.partition)) this.#work.push(new FetchedEntry(raw, this.#deps));
    }
    this.#tell();
  }

  #done(entries: readonly KafkaEntry[]): void {
    for (const { partition, offset } of entries) this.#commits.done(partition, offset + 1n);
    this.#fetcher.wake();
  }
}
