import { isIP } from 'node:net';
import {
  Admin,
  type Broker,
  Consumer,
  kGetBootstrapConnection,
  kGetConnection,
  NetworkError,
  Producer,
} from '@platformatic/kafka';
import type { KafkaBusOptions } from './options.ts';

const CONNECT_MS = 5000;
const REQUEST_MS = 8000;
/** What brokers wait for copies before a produce request fails. */
const PRODUCE_MS = 5000;
/** What Kafka allows for the name of a static member. */
const INSTANCE_CHARACTERS = 200;
/** After this a client that has said nothing is replaced; longer than any request takes to fail by itself. */
export const DEADLINE_MS = 12_000;

type Client = Admin | Consumer | Producer;

const parseBroker = (address: string): Broker => {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
};

/** The list from a random place on. */
function rotated<T>(list: readonly T[]): T[] {
  const first = Math.floor(Math.random() * list.length);
  return [...list.slice(first), ...list.slice(0, first)];
}

/**
 * Two things that the client does not do itself: while leaders change, metadata may name a broker that is gone, and
 * it would throw where nobody can catch; and it always asks the first address that lets itself be connected to, be it
 * a balancer with nothing behind it.
 */
function guard(client: Client, brokers: readonly string[]): void {
  const get = client[kGetConnection].bind(client);
  client[kGetConnection] = (broker, callback) => {
    if (broker !== undefined && broker !== null) {
      get(broker, callback);
      return;
    }
    client.clearMetadata();
    callback(new NetworkError('the broker that is asked for is not known at this time'), undefined);
  };
  client[kGetBootstrapConnection] = (callback) => {
    const found = [...(client.currentMetadata?.brokers.values() ?? [])];
    client.connections.getFirstAvailable(rotated([...brokers.map(parseBroker), ...found]), callback);
  };
}

function baseOptions({ brokers, clientId, security = {} }: KafkaBusOptions) {
  const { tls, sasl } = security;
  const { serverName, ...certificates } = tls ?? {};
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    timeout: PRODUCE_MS,
    // Tries again belong to the callers, who know what is at stake.
    retries: 0,
    ...(tls && {
      tls: certificates,
      // The name that the host goes by; an address is no name.
      tlsServerName: serverName ?? !brokers.every((address) => isIP(parseBroker(address).host) !== 0),
    }),
    ...(sasl && {
      sasl: {
        mechanism: sasl.mechanism.toUpperCase() as 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512',
        username: sasl.username,
        password: sasl.password,
      },
    }),
  };
}

export function createAdmin(options: KafkaBusOptions): Admin {
  const admin = new Admin(baseOptions(options));
  guard(admin, options.brokers);
  return admin;
}

export function createProducer(options: KafkaBusOptions): Producer {
  const { compression = 'lz4' } = options;
  const producer = new Producer({
    ...baseOptions(options),
    idempotent: true,
    acks: -1,
    compression,
    // The caller sends the rest again itself, see `Outbox`.
    repeatOnStaleMetadata: false,
  });
  guard(producer, options.brokers);
  return producer;
}

export interface GroupSettings {
  readonly groupId: string;
  readonly sessionMs: number;
  /** Makes it a static member: who comes with the same name takes the place at once, with its partitions (KIP-345). */
  readonly instance?: string;
}

export function createConsumer(options: KafkaBusOptions, { groupId, sessionMs, instance }: GroupSettings): Consumer {
  const consumer = new Consumer({
    ...baseOptions(options),
    groupId,
    ...(instance !== undefined && {
      groupInstanceId: instance.replaceAll(/[^\w.-]/g, '_').slice(-INSTANCE_CHARACTERS),
    }),
    // Joining is one request, which takes as long as the slowest member.
    requestTimeout: Math.max(REQUEST_MS, sessionMs + CONNECT_MS),
    sessionTimeout: sessionMs,
    rebalanceTimeout: sessionMs,
    heartbeatInterval: Math.round(sessionMs / 4),
    autocommit: false,
  });
  guard(consumer, options.brokers);
  return consumer;
}

/** Closes the connections; what fails on the way has no consequence any more. */
export async function closeQuietly(client: Client): Promise<void> {
  try {
    await (client instanceof Consumer ? client.close(true) : client.close());
  } catch {
    // Nobody waits for it.
  }
}
