import { Type } from 'typebox';
import { CHANNEL_KINDS, NOTICE_KINDS } from '../model/notification.ts';
import { LANGUAGES } from '../text/language.ts';
import { Duration, PerTime } from './units.ts';

const closed = { additionalProperties: false } as const;
const text = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 2000, description }));

const MailSection = Type.Object(
  {
    host: Type.String({ minLength: 1, maxLength: 255 }),
    port: Type.Integer({ default: 587, minimum: 1, maximum: 65_535 }),
    secure: Type.Boolean({ default: false, description: 'TLS from the first byte, as on port 465.' }),
    tls: Type.Boolean({ default: true, description: 'Send nothing without TLS; false for a relay on this machine.' }),
    user: text('Name to sign in with.'),
    password: text('`${env:NAME}` or `${file:path}`.'),
    from: Type.String({ minLength: 3, maxLength: 320, description: 'Address of the sender.' }),
    to: Type.Array(Type.String({ minLength: 3, maxLength: 320 }), { minItems: 1, maxItems: 50 }),
  },
  { ...closed, description: 'Of a channel of kind `email`.' },
);

/** A way to people. */
const ChannelEntry = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,99}$', expects: 'name' }),
    kind: Type.Enum([...CHANNEL_KINDS]),
    url: text(
      'Address to send to; for Slack and Teams a reference, as it is a secret. PagerDuty and Opsgenie have their own.',
    ),
    key: text('Reference to the key of PagerDuty or Opsgenie, or to that which a webhook is signed with.'),
    mail: Type.Optional(MailSection),
    tell: Type.Array(Type.Enum([...NOTICE_KINDS]), {
      default: ['page', 'resolved', 'approval', 'escalation'],
      minItems: 1,
      description: 'What it is told of: page, warning, resolved, approval, escalation.',
    }),
    language: Type.Optional(Type.Enum([...LANGUAGES], { description: 'That of the program when left out.' })),
    approve: Type.Optional(
      Type.Enum(['operator', 'admin'], {
        description: 'Role of the signed links to approvals that it gets; none when left out.',
      }),
    ),
    group: Duration({
      default: '10s',
      most: '1h',
      description: 'How long a message waits for others to go with it.',
    }),
    rate: PerTime({ default: '30 per hour', description: 'Messages at most; what comes beyond waits.' }),
  },
  closed,
);

export const NotifySection = Type.Object(
  {
    link: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s?#]+$',
        expects: 'url',
        description: 'Where people reach the dashboard; for links in messages.',
      }),
    ),
    linkKey: text(
      'Reference to the key that signs links to approvals, where several processes act; a file in the data folder otherwise.',
    ),
    channels: Type.Array(ChannelEntry, { default: [], maxItems: 50, description: 'Ways to people.' }),
  },
  { ...closed, default: {}, description: 'How people are told.' },
);
