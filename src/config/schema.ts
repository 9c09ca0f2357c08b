import { type StaticDecode, Type } from 'typebox';
import { ACTION_MODES } from '../model/action.ts';
import { LANGUAGES } from '../text/language.ts';
import { ActSection } from './act-schema.ts';
import { ActionEntry } from './actions-schema.ts';
import { ApiSection, MetricsSection } from './api-schema.ts';
import { BusSection } from './bus-schema.ts';
import { CollectSection, EntityRule, LimitRule } from './collect-schema.ts';
import { NotifySection } from './notify-schema.ts';
import { CorrelateSection, TopologyEdge } from './correlate-schema.ts';
import { FailureEntry, PredictSection } from './failures-schema.ts';
import { PrepareSection } from './prepare-schema.ts';
import { KubernetesSection } from './kubernetes-schema.ts';
import { TelemetrySection } from './telemetry-schema.ts';
import { Duration, PerTime, REFERENCE, Size } from './units.ts';

const closed = { additionalProperties: false } as const;

/** A PostgreSQL address: a reference, or written out, with no password in it or one that is a reference. */
const DATABASE_URL =
  `^(${REFERENCE.source}|postgres(ql)?://([^:@/?#\\s]+(:${REFERENCE.source})?@)?` +
  '[^@/?#\\s]+(/[^@?#\\s]*)?(\\?(?!.*password)[^#\\s]*)?)$';

const StoreSection = Type.Object(
  {
    url: Type.Optional(
      Type.String({
        pattern: DATABASE_URL,
        expects: 'secret_url',
        description: 'PostgreSQL or TimescaleDB. Without it the embedded database in the data folder is used.',
      }),
    ),
    replica: Type.Optional(
      Type.String({
        pattern: DATABASE_URL,
        expects: 'secret_url',
        description: 'A read replica of it, which charts and long lists are read from while it is not far behind.',
      }),
    ),
    connections: Type.Integer({
      default: 8,
      minimum: 2,
      maximum: 1000,
      description: 'Connections to the server that one process may have.',
    }),
    statementTimeout: Duration({
      default: '60s',
      least: '1s',
      most: '1h',
      description: 'A statement that takes longer is cancelled by the server.',
    }),
    timescale: Type.Boolean({
      default: true,
      description: 'Use TimescaleDB where the server has it and the database is new; plain tables otherwise.',
    }),
    diskBudget: Size({ default: '2GiB', least: '64MiB', description: 'The oldest raw data goes when it is spent.' }),
    retention: Type.Object(
      {
        samples: Duration({ default: '7d', least: '1h', description: 'Raw samples, and what was expected.' }),
        steps: Duration({ default: '2d', least: '1h', description: 'Frames of a step.' }),
        minutes: Duration({ default: '60d', least: '1d', description: 'Frames of a minute.' }),
        hours: Duration({ default: '400d', least: '1d', description: 'Frames of an hour.' }),
      },
      { ...closed, default: {}, description: 'How long each resolution is kept.' },
    ),
  },
  { ...closed, default: {}, description: 'Where data is kept, how much and how long.' },
);

const DetectSection = Type.Object(
  {
    warmUp: Type.Integer({ default: 120, minimum: 10, description: 'Frames to learn from before anything is judged.' }),
    minimumDuration: Duration({ default: '30s', description: 'What lasts less is no anomaly.' }),
    pace: Type.Number({
      default: 1,
      minimum: 1,
      maximum: 100,
      description:
        'How much faster than usual things go wrong here: with 10, what lasts six seconds is told as if it had lasted a minute.',
    }),
    mute: Type.Boolean({ default: false, description: 'For overrides: what matches is learnt but not reported.' }),
    adopt: Duration({
      default: '6h',
      least: '10m',
      description: 'What stays abnormal for so long becomes the new normal, with a note.',
    }),
    retrain: Duration({
      default: '24h',
      least: '10m',
      description: 'How often the models of entity kinds are trained.',
    }),
    window: Duration({
      default: '14d',
      least: '1h',
      most: '60d',
      description: 'Length of the history that they are trained on, as far as it is kept.',
    }),
    ownModels: Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
      default: [],
      maxItems: 50,
      description: 'Entities with a model of their own, `*` for anything; 50 at most.',
    }),
    members: Type.Array(
      Type.Object(
        { package: Type.String({ minLength: 1, maxLength: 512, description: 'Name of a package, or path to one.' }) },
        closed,
      ),
      { default: [], maxItems: 10, description: 'Further members of the ensemble, each from a package.' },
    ),
    detector: Type.Optional(
      Type.Object(
        { package: Type.String({ minLength: 1, maxLength: 512, description: 'Name of a package, or path to one.' }) },
        { ...closed, description: 'A detector instead of the seasonal residual.' },
      ),
    ),
  },
  { ...closed, default: {}, description: 'What counts as abnormal.' },
);

/** A section of which any part may be set, without defaults: what is left out stays as it is. */
const OverrideSet = Type.Object(
  {
    detect: Type.Optional(
      Type.Object(
        {
          warmUp: Type.Optional(Type.Integer({ minimum: 10 })),
          minimumDuration: Type.Optional(Duration()),
          mute: Type.Optional(Type.Boolean()),
        },
        closed,
      ),
    ),
    alertBudget: Type.Optional(
      Type.Object(
        {
          pages: Type.Optional(
            PerTime({ description: 'Critical incidents of what matches, beside the budget of the rest.' }),
          ),
          warnings: Type.Optional(PerTime({ description: 'Warnings of what matches, beside the budget of the rest.' })),
        },
        { ...closed, minProperties: 1 },
      ),
    ),
    act: Type.Optional(
      Type.Object(
        {
          mode: Type.Optional(Type.Enum([...ACTION_MODES])),
          approvalExpiry: Type.Optional(Duration({ least: '10s' })),
          cooldown: Type.Optional(Duration()),
          settle: Type.Optional(Duration()),
        },
        closed,
      ),
    ),
  },
  { ...closed, minProperties: 1 },
);

const match = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 512, description }));

const Override = Type.Object(
  {
    match: Type.Object(
      {
        entity: match('Entity id; `*` stands for anything.'),
        kind: match('Entity kind.'),
        service: match('Service that an entity is or, by its labels, belongs to.'),
        anomaly: match('Anomaly kind.'),
        action: match('Action id.'),
      },
      { ...closed, minProperties: 1 },
    ),
    set: OverrideSet,
  },
  closed,
);

/** `vigia.yaml`. Everything has a default, so that an empty file is a good one. */
export const ConfigSchema = Type.Object(
  {
    language: Type.Enum([...LANGUAGES], {
      default: 'en',
      description: 'Of messages; readers of the API choose theirs.',
    }),
    timezone: Type.String({
      default: 'UTC',
      minLength: 1,
      maxLength: 64,
      expects: 'timezone',
      description: 'IANA name, such as `Europe/Madrid`: the clock that daily and weekly rhythms follow.',
    }),
    data: Type.String({ default: './vigia-data', minLength: 1, description: 'Folder for everything that is kept.' }),
    step: Duration({ default: '5s', least: '1s', most: '5m', description: 'Length of a frame.' }),
    log: Type.Object(
      {
        level: Type.Enum(['debug', 'info', 'warn', 'error', 'silent'], {
          default: 'info',
          description: 'Least weight of what is logged.',
        }),
      },
      { ...closed, default: {} },
    ),
    instance: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._-]{1,100}$',
        description:
          'Name of this process among those that share the work, the same after a restart; by default host and process number.',
      }),
    ),
    api: ApiSection,
    metrics: MetricsSection,
    telemetry: TelemetrySection,
    store: StoreSection,
    bus: BusSection,
    collect: CollectSection,
    kubernetes: KubernetesSection,
    entities: Type.Array(EntityRule, { default: [], maxItems: 1000, description: 'How labels become entities.' }),
    topology: Type.Array(TopologyEdge, {
      default: [],
      maxItems: 5000,
      description: 'What depends on what, beside what labels and calls show.',
    }),
    limits: Type.Array(LimitRule, { default: [], maxItems: 1000, description: 'Bounds that mean failure.' }),
    prepare: PrepareSection,
    detect: DetectSection,
    alertBudget: Type.Object(
      {
        pages: PerTime({ default: '2 per day', description: 'Critical incidents, which wake somebody.' }),
        warnings: PerTime({ default: '20 per day', description: 'Incidents to be read by day.' }),
      },
      { ...closed, default: {}, description: 'At most so many alerts; a ceiling, never a quota.' },
    ),
    failures: Type.Array(FailureEntry, {
      default: [],
      maxItems: 100,
      description: 'What counts as a failure; predictions are trained and judged by these.',
    }),
    predict: PredictSection,
    correlate: CorrelateSection,
    actions: Type.Array(ActionEntry, { default: [], maxItems: 1000, description: 'What Vigía may do.' }),
    act: ActSection,
    notify: NotifySection,
    overrides: Type.Array(Override, { default: [], maxItems: 1000, description: 'Later ones win.' }),
  },
  { ...closed, title: 'Vigía' },
);

/** The configuration as the program uses it: durations in ms, sizes in bytes, secrets in place. */
export type Config = StaticDecode<typeof ConfigSchema>;
