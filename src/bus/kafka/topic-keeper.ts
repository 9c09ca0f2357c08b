import type { Admin } from '@platformatic/kafka';
import type { Clock } from '../../runtime/clock.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import { closeQuietly, DEADLINE_MS } from './client.ts';
import { inTime, OutOfTime } from './in-time.ts';
import { busError, hasReason } from './kafka-error.ts';
import type { KafkaBusOptions } from './options.ts';

const SETTLE_MS = 100;
const SETTLE_TRIES = 100;

export interface TopicKeeperDeps {
  readonly createAdmin: () => Admin;
  readonly options: KafkaBusOptions;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sees to it that topics are there, and knows how many partitions they have. Names are Kafka's, with the prefix. */
export class TopicKeeper {
  readonly #deps: TopicKeeperDeps;
  readonly #known = new Map<string, number>();
  readonly #asked = new Map<string, Promise<number>>();

  #admin: Admin;

  constructor(deps: TopicKeeperDeps) {
    this.#deps = deps;
    this.#admin = deps.createAdmin();
  }

  close(): Promise<void> {
    return closeQuietly(this.#admin);
  }

  async #ask<T>(ask: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.#admin;
    try {
      return await inTime(this.#deps.clock, DEADLINE_MS, ask(admin));
    } catch (thrown) {
      if (thrown instanceof OutOfTime && admin === this.#admin) {
        this.#admin = this.#deps.createAdmin();
        void closeQuietly(admin);
      }
      throw thrown;
    }
  }

  /** Rejects with one of the codes `BUS_…`. */
  partitions(topic: string): Promise<number> | number {
    const known = this.#known.get(topic);
    if (known !== undefined) return known;
    let asked = this.#asked.get(topic);
    if (asked === undefined) {
      asked = this.ensure([topic])
        .then(() => this.#known.get(topic)!)
        .finally(() => this.#asked.delete(topic));
      this.#asked.set(topic, asked);
    }
    return asked;
  }

  /** Makes the topics that are missing and checks those that are there. */
  async ensure(topics: readonly string[]): Promise<void> {
    const { options } = this.#deps;
    const { partitions, replication, retentionMs } = options.topicDefaults;
    try {
      const there = new Set(await this.#ask((admin) => admin.listTopics()));
      const missing = topics.filter((topic) => !there.has(topic));
      if (missing.length > 0) {
        const configs = [
          { name: 'retention.ms', value: String(retentionMs) },
          { name: 'min.insync.replicas', value: replication > 2 ? '2' : '1' },
        ];
        const wanted = { topics: missing, partitions, replicas: replication, configs };
        await this.#ask((admin) => admin.createTopics(wanted)).catch((thrown: unknown) => {
          // Another process was faster.
          if (!hasReason(thrown, 'TOPIC_ALREADY_EXISTS')) throw thrown;
        });
      }
      for (const topic of topics) await this.#check(topic);
    } catch (thrown) {
      throw busError(thrown, options.brokers, replication);
    }
  }

  /** A topic that was just made is not known to every broker at once. */
  async #check(topic: string): Promise<void> {
    const { clock, log, options } = this.#deps;
    const { partitions: wanted, replication } = options.topicDefaults;
    for (let tries = 1; ; tries += 1) {
      try {
        const { topics } = await this.#ask((admin) => admin.metadata({ topics: [topic], forceUpdate: true }));
        const { partitions, partitionsCount: found } = topics.get(topic)!;
        if (found < wanted) throw new VigiaError('BUS_PARTITIONS', { topic, found, wanted });
        const copies = Math.min(...partitions.map(({ replicas }) => replicas.length));
        if (copies < replication) log.warn({ topic, copies, replication }, 'a topic has fewer copies than are wanted');
        this.#known.set(topic, found);
        return;
      } catch (thrown) {
        if (thrown instanceof VigiaError || tries >= SETTLE_TRIES) throw thrown;
        await clock.sleep(SETTLE_MS);
      }
    }
  }
}
