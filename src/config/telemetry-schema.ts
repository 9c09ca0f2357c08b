import { Type } from 'typebox';
import { Secret } from './units.ts';

const closed = { additionalProperties: false } as const;

const TracesSection = Type.Object(
  {
    endpoint: Type.String({
      pattern: '^https?://[^\\s?#]+$',
      expects: 'url',
      description: 'Where OTLP/HTTP takes traces, such as `http://collector:4318/v1/traces`.',
    }),
    headers: Type.Record(Type.String({ pattern: '^[A-Za-z0-9-]{1,100}$' }), Secret(), {
      default: {},
      description: 'Sent with each request, such as `authorization`; the values are references.',
    }),
    ratio: Type.Number({
      default: 0.01,
      minimum: 0,
      maximum: 1,
      description: 'Share of traces that are told, decided where a message sets out.',
    }),
    queue: Type.Integer({
      default: 4096,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Spans that wait to be sent; what comes beyond is dropped and counted.',
    }),
  },
  { ...closed, description: 'Traces of the way that a message takes through the stages; off when left out.' },
);

export const TelemetrySection = Type.Object(
  { traces: Type.Optional(TracesSection) },
  { ...closed, default: {}, description: 'What Vigía tells others of its own work, beside metrics.' },
);
