export interface KafkaTls {
  /** PEM; without it the machine's own authorities decide. */
  readonly ca?: string;
  /** PEM, for brokers that want to know their clients. */
  readonly cert?: string;
  readonly key?: string;
  /** Name that the broker's certificate must bear, when it is not the host's. */
  readonly serverName?: string;
}

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export interface KafkaBusOptions {
  /** `host:port`, at least one that is up. */
  readonly brokers: readonly string[];
  /** Names this process; must differ between processes, and stay the same over a restart. */
  readonly clientId: string;
  /** Before the name of every topic and group; default `vigia.`. */
  readonly prefix?: string;
  readonly security?: { readonly tls?: KafkaTls; readonly sasl?: KafkaSasl };
  /** How topics are made that are not there yet. */
  readonly topicDefaults: {
    readonly partitions: number;
    readonly replication: number;
    readonly retentionMs: number;
  };
  readonly compression?: 'none' | 'lz4' | 'snappy' | 'gzip';
  /** A member that is not heard of for so long loses its partitions, ms; default 10 s. */
  readonly sessionMs?: number;
  /** How long `start` waits for brokers, ms; default 60 s. */
  readonly startMs?: number;
}
