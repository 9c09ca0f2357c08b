import type { Consumer, KafkaRecord, RecordsBatch } from '@platformatic/kafka';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { closeQuietly, DEADLINE_MS } from './client.ts';
import { inTime, OutOfTime } from './in-time.ts';

/** How long a broker may wait for something to tell, ms; also how long a partition waits that had no room. */
const WAIT_MS = 200;
/**
 * Compressed bytes of one answer, and of one partition in it; a batch that is larger comes alone. What it holds is up to
 * twenty times as large (frames repeat what their features are) and waits in memory.
 */
const FETCH_BYTES = 256 * 1024;
const PARTITION_BYTES = 16 * 1024;
const PAUSE_MS = 300;
const CONTROL_BATCH = 0x20;
const OFFSET_OUT_OF_RANGE = 1;

/** The part that is read of what a broker answers. */
interface FetchResponse {
  readonly responses?: readonly {
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly errorCode: number;
      readonly highWatermark: bigint;
      readonly logStartOffset: bigint;
      readonly records?: readonly RecordsBatch[];
    }[];
  }[];
}

interface Position {
  /** What comes next. */
  offset: bigint;
  /** The end of the partition as last heard; null before. */
  end: bigint | null;
}

export interface FetchedRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly record: KafkaRecord;
}

export interface FetcherDeps {
  readonly createConsumer: () => Consumer;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly topic: string;
  /** False while a partition has enough queued: it is left out of the requests. */
  readonly hasRoom: (partition: number) => boolean;
  readonly onRecords: (records: readonly FetchedRecord[]) => void;
  readonly onError: (error: Error) => void;
}

/** Brings the records of some partitions of a topic, one request at a time to each broker. */
export class Fetcher {
  readonly #deps: FetcherDeps;
  readonly #positions = new Map<number, Position>();
  #consumer: Consumer;
  readonly #busy = new Set<number>();
  #stopped = false;
  #planning = false;
  #again = false;

  constructor(deps: FetcherDeps) {
    this.#deps = deps;
    this.#consumer = deps.createConsumer();
  }

  begin(partition: number, offset: bigint): void {
    this.#positions.set(partition, { offset, end: null });
    this.wake();
  }

  end(partition: number): void {
    this.#positions.delete(partition);
  }

  /** The end of a partition as last heard. */
  endOf(partition: number): bigint | null {
    return this.#positions.get(partition)?.end ?? null;
  }

  /** There may be room again. */
  wake(): void {
    if (this.#planning) this.#again = true;
    else void this.#plan();
  }

  /** Asks for the ends of all partitions that are held. */
  async refreshEnds(): Promise<void> {
    if (this.#positions.size === 0) return;
    const ends = await this.#offsets(-1n);
    for (const [partition, position] of this.#positions) {
      const end = ends[partition];
      if (end !== undefined && (position.end === null || end > position.end)) position.end = end;
    }
  }

  firstOffsets(from: 'earliest' | 'latest'): Promise<readonly bigint[]> {
    return this.#offsets(from === 'earliest' ? -2n : -1n);
  }

  async #offsets(timestamp: bigint): Promise<readonly bigint[]> {
    const { topic } = this.#deps;
    const offsets = await this.#inTime((consumer) => consumer.listOffsets({ topics: [topic], timestamp }));
    return offsets.get(topic) ?? [];
  }

  /** A consumer that does not answer is replaced. */
  async #inTime<T>(ask: (consumer: Consumer) => Promise<T>): Promise<T> {
    const consumer = this.#consumer;
    try {
      return await inTime(this.#deps.clock, DEADLINE_MS, ask(consumer));
    } catch (thrown) {
      if (thrown instanceof OutOfTime && consumer === this.#consumer && !this.#over) {
        this.#consumer = this.#deps.createConsumer();
        void closeQuietly(consumer);
      }
      throw thrown;
    }
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#positions.clear();
    await closeQuietly(this.#consumer);
  }

  async #plan(): Promise<void> {
    this.#planning = true;
    do {
      this.#again = false;
      try {
        await this.#ask();
      } catch (thrown) {
        await this.#failed(thrown);
        this.#again = true;
      }
    } while (this.#again && !this.#over);
    this.#planning = false;
  }

  get #over(): boolean {
    return this.#stopped || this.#deps.signal.aborted;
  }

  async #failed(thrown: unknown): Promise<void> {
    if (this.#over) return;
    const { clock, onError, signal } = this.#deps;
    onError(toError(thrown));
    this.#consumer.clearMetadata();
    await clock.sleep(PAUSE_MS, signal).catch(() => undefined);
  }

  async #ask(): Promise<void> {
    const { hasRoom, topic } = this.#deps;
    if (this.#positions.size === 0 || this.#over) return;
    const { topics } = await this.#inTime((consumer) => consumer.metadata({ topics: [topic] }));
    const { id, partitions } = topics.get(topic)!;
    const byLeader = new Map<number, number[]>();
    for (const partition of this.#positions.keys()) {
      const leader = partitions[partition]?.leader ?? -1;
      if (leader < 0) throw new Error(`partition ${partition} of ${topic} has no leader`);
      if (this.#busy.has(leader) || !hasRoom(partition)) continue;
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
    }
    for (const [leader, wanted] of byLeader) void this.#fetch(leader, id, wanted);
  }

  async #fetch(node: number, topicId: string, partitions: readonly number[]): Promise<void> {
    const asked = new Map(partitions.map((partition) => [partition, this.#positions.get(partition)!]));
    this.#busy.add(node);
    try {
      const request = [...asked].map(([partition, { offset }]) => ({
        partition,
        fetchOffset: offset,
        partitionMaxBytes: PARTITION_BYTES,
        currentLeaderEpoch: -1,
        lastFetchedEpoch: -1,
      }));
      const response = await this.#inTime((consumer) =>
        consumer.fetch({
          node,
          maxWaitTime: WAIT_MS,
          minBytes: 1,
          maxBytes: FETCH_BYTES,
          topics: [{ topicId, partitions: request }],
        }),
      );
      this.#take(response, asked);
    } catch (thrown) {
      // Some partitions of an answer may be well, and others out of range.
      const { response } = thrown as { response?: FetchResponse };
      if (response === undefined || !this.#take(response, asked)) await this.#failed(thrown);
    }
    this.#busy.delete(node);
    if (!this.#over) this.wake();
  }

  /** False when a partition could not be read for a reason that time may heal. */
  #take({ responses }: FetchResponse, asked: ReadonlyMap<number, Position>): boolean {
    const records: FetchedRecord[] = [];
    let well = true;
    for (const answer of responses?.flatMap(({ partitions }) => partitions) ?? []) {
      const { partitionIndex: partition, errorCode, highWatermark, logStartOffset } = answer;
      const position = asked.get(partition);
      // Given up, or begun anew, while the answer was on its way.
      if (position === undefined || this.#positions.get(partition) !== position) continue;
      if (errorCode === OFFSET_OUT_OF_RANGE) position.offset = inRange(position.offset, logStartOffset, highWatermark);
      else if (errorCode !== 0) well = false;
      else {
        position.end = highWatermark;
        for (const batch of answer.records ?? []) this.#read(batch, partition, position, records);
      }
    }
    if (records.length > 0) this.#deps.onRecords(records);
    return well;
  }

  #read(batch: RecordsBatch, partition: number, position: Position, records: FetchedRecord[]): void {
    if ((batch.attributes & CONTROL_BATCH) === 0) {
      for (const record of batch.records) {
        const offset = batch.firstOffset + BigInt(record.offsetDelta);
        if (offset >= position.offset) records.push({ partition, offset, record });
      }
    }
    const next = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    if (next > position.offset) position.offset = next;
  }
}

/** What was to be read is gone by retention, or was never there after a loss of the log: go on with what is there. */
const inRange = (offset: bigint, start: bigint, end: bigint): bigint =>
  start >= 0n && offset < start ? start : end >= 0n ? end : offset;
