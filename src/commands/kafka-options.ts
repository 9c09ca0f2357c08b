import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { KafkaBusOptions } from '../bus/kafka/options.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import type { Config } from '../config/schema.ts';

function pem(folder: string, file: string): string {
  const path = resolve(folder, file);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const detail = (error as NodeJS.ErrnoException).code ?? toError(error).message;
    throw new VigiaError('CONFIG_UNREADABLE', { file: path, detail }, error);
  }
}

/** What the Kafka bus is opened with; null when the configuration names no brokers. Reads certificates. */
export function kafkaOptions(
  { bus }: Pick<Config, 'bus'>,
  { clientId, folder }: { readonly clientId: string; readonly folder: string },
): KafkaBusOptions | null {
  if (bus.kafka === undefined) return null;
  const { brokers, compression, connect, partitions, prefix, replication, retention, sasl, session, tls } = bus.kafka;
  const { ca, cert, key, serverName } = tls ?? {};
  return {
    brokers,
    clientId,
    prefix,
    compression,
    sessionMs: session,
    startMs: connect,
    topicDefaults: { partitions, replication, retentionMs: retention },
    security: {
      ...(sasl && { sasl }),
      ...(tls && {
        tls: {
          ...(ca !== undefined && { ca: pem(folder, ca) }),
          ...(cert !== undefined && { cert: pem(folder, cert) }),
          ...(key !== undefined && { key: pem(folder, key) }),
          ...(serverName !== undefined && { serverName }),
        },
      }),
    },
  };
}
