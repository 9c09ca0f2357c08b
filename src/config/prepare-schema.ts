import { Type } from 'typebox';
import { Duration } from './units.ts';

const closed = { additionalProperties: false } as const;

const Filter = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9][a-z0-9_-]{0,39}$',
      expects: 'name',
      description: 'Under this name it is counted.',
    }),
    action: Type.Enum(['drop', 'keep'], { default: 'drop' }),
    metric: Type.Optional(Type.String({ minLength: 1, description: 'Metric name, with `*` for anything.' })),
    labels: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Label values, with `*` for anything.' }),
    ),
    entity: Type.Optional(Type.String({ minLength: 1, description: 'Entity id, with `*` for anything.' })),
  },
  closed,
);

const BroughtStep = Type.Object(
  {
    package: Type.String({ minLength: 1, maxLength: 512, description: 'Name of a package, or path to one.' }),
    options: Type.Record(Type.String(), Type.Unknown(), {
      default: {},
      description: 'Handed to the step as they are.',
    }),
  },
  closed,
);

const SessionKey = Type.Object(
  {
    entity: Type.Optional(Type.String({ minLength: 1, description: 'Entity id, with `*` for anything.' })),
    fields: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
      default: [],
      maxItems: 8,
      description: 'What a line says of itself; lines that have all of them, with the same values, are one session.',
    }),
    word: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        pattern: '[^*]',
        description: 'A word in the text instead, `*` for letters, digits, `_` and `-`: `blk_*`.',
      }),
    ),
  },
  closed,
);

const Sessions = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'Learn in which order the lines of a session come.' }),
    automatic: Type.Boolean({
      default: true,
      description: 'Know sessions by fields such as `trace_id`, `request_id`, `session_id`, where no key below fits.',
    }),
    keys: Type.Array(SessionKey, {
      default: [],
      maxItems: 50,
      description: 'What makes lines of an entity one session; the first that fits counts.',
    }),
    idle: Duration({
      default: '1m',
      least: '1s',
      most: '1h',
      description: 'A session is over when no line of it has come for so long, by the time of the log.',
    }),
    lateness: Duration({
      default: '30s',
      most: '10m',
      description: 'Lines may come so much later than others of their entity.',
    }),
  },
  { ...closed, default: {}, description: 'Lines of log that belong together: one request, one job, one block.' },
);

export const PrepareSection = Type.Object(
  {
    lateness: Duration({ default: '2s', most: '10m', description: 'How long a step waits for late samples.' }),
    featuresPerEntity: Type.Integer({
      default: 400,
      minimum: 1,
      maximum: 10_000,
      description: 'Features beyond these are left out and counted.',
    }),
    units: Type.Enum(['as-sent', 'base'], {
      default: 'as-sent',
      description: '`base`: milliseconds become seconds, KiB bytes, percent a ratio, and so on.',
    }),
    filters: Type.Array(Filter, {
      default: [],
      maxItems: 200,
      description:
        'The first that fits a series decides whether it becomes a feature; raw samples are kept all the same.',
    }),
    steps: Type.Array(BroughtStep, {
      default: [],
      maxItems: 20,
      description: 'Further steps between samples and features, each from a package; after filters and units.',
    }),
    inventory: Type.Array(
      Type.Object(
        {
          file: Type.String({ minLength: 1, description: 'A CSV or YAML file; read again when it changes.' }),
        },
        closed,
      ),
      {
        default: [],
        maxItems: 20,
        description: 'What is known of entities from elsewhere: labels, and what they depend on.',
      },
    ),
    sessions: Sessions,
    selection: Type.Object(
      {
        budget: Type.Integer({
          default: 100,
          minimum: 5,
          maximum: 1000,
          description: 'Features of an entity kind that models which look at many together are given.',
        }),
        enforce: Type.Boolean({
          default: false,
          description: 'Train models on the chosen features alone; otherwise the choice is only shown.',
        }),
      },
      { ...closed, default: {}, description: 'Which features are constant, doubled, noise or beyond the budget.' },
    ),
  },
  { ...closed, default: {}, description: 'From samples to frames.' },
);
