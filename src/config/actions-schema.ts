import { Type } from 'typebox';
import { ACTION_MODES } from '../model/action.ts';
import { ANOMALY_KINDS } from '../model/anomaly.ts';
import { TEMPLATE_NAMES } from './action-templates.ts';
import { Duration } from './units.ts';

const closed = { additionalProperties: false } as const;

/** One entry of the catalogue; `mode`, `cooldown`, `settle` and `approvalExpiry` are those of `act` when left out. */
export const ActionEntry = Type.Object(
  {
    template: Type.Optional(
      Type.Enum([...TEMPLATE_NAMES], {
        description: 'An action that ships with the product; what stands beside it wins, and nothing else is needed.',
      }),
    ),
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,99}$', expects: 'name' }),
    title: Type.Object({ en: Type.String({ minLength: 1 }), es: Type.String({ minLength: 1 }) }, closed),
    match: Type.Object(
      {
        entityKinds: Type.Array(Type.String(), { default: [], description: 'Empty means any.' }),
        anomalyKinds: Type.Array(Type.Enum([...ANOMALY_KINDS]), { default: [], description: 'Empty means any.' }),
        failureKinds: Type.Array(Type.String({ minLength: 1 }), {
          default: [],
          description: 'Predicted failures: `capacity`, or kinds of `failures`. Empty means any.',
        }),
        features: Type.Array(Type.String(), { default: [], description: 'With `*` for anything; empty means any.' }),
        predictions: Type.Boolean({ default: true, description: 'Also for incidents that are only predicted.' }),
      },
      { ...closed, default: {}, description: 'For what it may be recommended.' },
    ),
    executor: Type.String({
      minLength: 1,
      description: '`command`, `webhook`, `docker`, `systemd`, `kubernetes`, `notify`, or one that a package brings.',
    }),
    args: Type.Record(Type.String(), Type.Unknown(), {
      default: {},
      description:
        'For the executor: `argv` of a command; `url`, `method`, `headers`, `body`, `sign`, `retries` of a webhook; see the guide.',
    }),
    mode: Type.Optional(Type.Enum([...ACTION_MODES])),
    upTo: Type.Optional(
      Type.Enum([...ACTION_MODES], {
        description: 'The boldest mode it may climb to by proven benefit; its own when left out.',
      }),
    ),
    disruption: Type.Enum(['none', 'low', 'medium', 'high'], {
      default: 'low',
      description: 'What it is expected to cost those who use the target, also when all goes well.',
    }),
    risk: Type.Enum(['low', 'high'], {
      default: 'low',
      description: 'What is lost when it goes wrong. What is of high risk is never done without an approval.',
    }),
    leastSure: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description:
          'The least chance of success with which it is done without asking: the more, the more it takes away.',
      }),
    ),
    timeout: Duration({ default: '1m', least: '100ms', most: '1h' }),
    cooldown: Type.Optional(Duration()),
    settle: Type.Optional(Duration()),
    approvalExpiry: Type.Optional(Duration({ least: '10s' })),
    approver: Type.Enum(['operator', 'admin'], {
      default: 'operator',
      description: 'The least role that may approve.',
    }),
    preconditions: Type.Array(
      Type.Object(
        {
          feature: Type.String({ minLength: 1, maxLength: 512, description: 'Of the target, `*` for anything.' }),
          above: Type.Optional(Type.Number()),
          below: Type.Optional(Type.Number()),
        },
        closed,
      ),
      { default: [], maxItems: 20, description: 'What has to hold by the newest values; missing does not hold.' },
    ),
    evidence: Type.Array(
      Type.Object(
        {
          feature: Type.String({ minLength: 1, maxLength: 512, description: 'Of the target, `*` for anything.' }),
          above: Type.Optional(Type.Number()),
          below: Type.Optional(Type.Number()),
        },
        closed,
      ),
      {
        default: [],
        maxItems: 20,
        description:
          'What has to hold after the settle window, beside what drove the incident; missing is inconclusive.',
      },
    ),
    rollback: Type.Optional(Type.String({ minLength: 1, description: 'Action that undoes it when it did harm.' })),
    opposes: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      maxItems: 100,
      description: 'Actions that do the contrary.',
    }),
    prior: Type.Object(
      {
        resolved: Type.Number({ default: 1, exclusiveMinimum: 0, maximum: 1000 }),
        failed: Type.Number({ default: 1, exclusiveMinimum: 0, maximum: 1000 }),
      },
      { ...closed, default: {}, description: 'What is believed before the first run, as counts.' },
    ),
  },
  closed,
);
