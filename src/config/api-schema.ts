import { Type } from 'typebox';
import { Secret } from './units.ts';
import { JsonWebhook } from './webhook-schema.ts';

const closed = { additionalProperties: false } as const;

export const ApiSection = Type.Object(
  {
    host: Type.String({ default: '127.0.0.1', minLength: 1, description: 'Address to listen on.' }),
    port: Type.Integer({ default: 8440, minimum: 0, maximum: 65_535, description: '0 takes any free port.' }),
    allowedHosts: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      maxItems: 100,
      description: 'Further names that this server answers to, beside localhost.',
    }),
    tokens: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 100, description: 'Who this is, as the audit log says it.' }),
          role: Type.Enum(['viewer', 'operator', 'admin']),
          token: Secret({ description: 'Made by `vigia token`.' }),
        },
        closed,
      ),
      { default: [], maxItems: 1000, description: 'Who may use the API; with any, everybody needs one.' },
    ),
    webhooks: Type.Array(JsonWebhook, {
      default: [],
      maxItems: 100,
      description: 'Senders of JSON that becomes events, at `/api/v1/webhooks/json/NAME`.',
    }),
  },
  { ...closed, default: {}, description: 'REST interface and dashboard.' },
);

export const MetricsSection = Type.Object(
  {
    host: Type.String({ default: '127.0.0.1', minLength: 1, description: 'Address to listen on.' }),
    port: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 65_535,
        description: 'Beside the interface; a process without the interface has 9440 when nothing is set.',
      }),
    ),
  },
  { ...closed, default: {}, description: 'Health, readiness and metrics at a port of their own, without tokens.' },
);
