import { Type } from 'typebox';
import { Duration, Secret } from './units.ts';

const closed = { additionalProperties: false } as const;

const Tls = Type.Object(
  {
    ca: Type.Optional(
      Type.String({ minLength: 1, description: "File with the brokers' authority, PEM; else the machine's own." }),
    ),
    cert: Type.Optional(Type.String({ minLength: 1, description: 'File with the certificate of this client, PEM.' })),
    key: Type.Optional(Type.String({ minLength: 1, description: 'File with its key, PEM.' })),
    serverName: Type.Optional(
      Type.String({ minLength: 1, description: "Name in the brokers' certificates, when it is not the host's." }),
    ),
  },
  { ...closed, description: 'Speaks TLS; an empty section is enough where the machine trusts the brokers.' },
);

const Sasl = Type.Object(
  {
    mechanism: Type.Enum(['plain', 'scram-sha-256', 'scram-sha-512'], { default: 'scram-sha-512' }),
    username: Type.String({ minLength: 1, maxLength: 512 }),
    password: Secret(),
  },
  { ...closed, description: 'How this client signs in.' },
);

export const BusSection = Type.Object(
  {
    kafka: Type.Optional(
      Type.Object(
        {
          brokers: Type.Array(Type.String({ pattern: '^[^:/\\s]+:\\d{1,5}$' }), {
            minItems: 1,
            maxItems: 100,
            description: 'Addresses to begin with, `host:port`.',
          }),
          prefix: Type.String({
            default: 'vigia.',
            pattern: '^[a-zA-Z0-9._-]{0,64}$',
            description: 'Before the name of every topic and group.',
          }),
          partitions: Type.Integer({
            default: 12,
            minimum: 1,
            maximum: 1000,
            description: 'Of topics that are made; the most instances of a stage that can work at the same time.',
          }),
          replication: Type.Integer({
            default: 1,
            minimum: 1,
            maximum: 9,
            description: 'Copies of topics that are made; 3 outlive the loss of a broker.',
          }),
          retention: Duration({ default: '2d', least: '1h', description: 'How long messages are kept.' }),
          compression: Type.Enum(['none', 'lz4', 'snappy', 'gzip'], { default: 'lz4' }),
          session: Duration({
            default: '10s',
            least: '6s',
            most: '5m',
            description: 'An instance that is not heard of for so long loses its share to the others.',
          }),
          connect: Duration({
            default: '1m',
            most: '1h',
            description: 'How long a start waits for brokers before it ends with an error.',
          }),
          tls: Type.Optional(Tls),
          sasl: Type.Optional(Sasl),
        },
        { ...closed, description: 'Apache Kafka, for stages in processes of their own.' },
      ),
    ),
  },
  { ...closed, default: {}, description: 'How messages travel between stages; in memory when nothing is set.' },
);
