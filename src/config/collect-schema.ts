import { Type } from 'typebox';
import { eventSources } from './event-sources-schema.ts';
import { access, ScrapeJob } from './scrape-schema.ts';
import { Duration, Size } from './units.ts';

const closed = { additionalProperties: false } as const;

const Labels = Type.Record(Type.String(), Type.String());

const LogFiles = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,63}$', expects: 'name', description: 'Name of the source.' }),
    paths: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
      minItems: 1,
      maxItems: 100,
      description: 'Paths, with `*`, `?`, `**` and `{a,b}`.',
    }),
    labels: Type.Record(Type.String(), Type.String(), {
      default: {},
      description: 'Name the entity that the lines belong to, for example `service: shop`; what a line says wins.',
    }),
    from: Type.Enum(['start', 'end'], {
      default: 'end',
      description: 'Where reading begins in files that are there at the first start.',
    }),
  },
  closed,
);

const Syslog = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9][a-z0-9._-]{0,63}$',
      expects: 'name',
      default: 'syslog',
      description: 'Name of the source.',
    }),
    protocol: Type.Enum(['udp', 'tcp', 'tls'], { default: 'udp' }),
    host: Type.String({ default: '127.0.0.1', minLength: 1, description: 'Address to listen on.' }),
    port: Type.Integer({ default: 5514, minimum: 0, maximum: 65_535 }),
    cert: Type.Optional(Type.String({ minLength: 1, description: 'For tls: file with the certificate, PEM.' })),
    key: Type.Optional(Type.String({ minLength: 1, description: 'For tls: file with its key, PEM.' })),
    labels: Type.Record(Type.String(), Type.String(), {
      default: {},
      description: 'Name the entity of messages that do not say their host.',
    }),
  },
  closed,
);

const Journal = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9][a-z0-9._-]{0,63}$',
      expects: 'name',
      default: 'journal',
      description: 'Name of the source.',
    }),
    units: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
      default: [],
      maxItems: 100,
      description: 'Only what these units write, for example `shop.service`; empty for everything.',
    }),
    directory: Type.Optional(
      Type.String({ minLength: 1, description: "Folder of a journal that is not this machine's own." }),
    ),
    labels: Type.Record(Type.String(), Type.String(), {
      default: {},
      description: 'Name the entity of the entries; the host that wrote them when left out.',
    }),
    from: Type.Enum(['start', 'end'], { default: 'end', description: 'Where reading begins at the first start.' }),
  },
  closed,
);

const PrometheusHistory = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,63}$', expects: 'name', description: 'Name of the source.' }),
    url: Type.String({ pattern: '^https?://[^\\s]+$', expects: 'url', description: 'Address of the server.' }),
    select: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
      default: ['{job!=""}'],
      minItems: 1,
      maxItems: 50,
      description: 'Series selectors. Labels should be those that Vigía gives the same targets when it scrapes them.',
    }),
    since: Duration({ default: '14d', least: '1h', most: '400d', description: 'How far back.' }),
    requestsPerSecond: Type.Number({ default: 5, minimum: 0.01, maximum: 1000, description: 'At most.' }),
    timeout: Duration({ default: '30s', least: '1s', most: '10m', description: 'Longest time for an answer.' }),
    wait: Duration({
      default: '1m',
      most: '1h',
      description: 'The start waits no longer than this for the newest hours; older ones come beside everything else.',
    }),
    ...access,
  },
  closed,
);

export const CollectSection = Type.Object(
  {
    host: Type.Object(
      {
        enabled: Type.Boolean({ default: true, description: 'Watch the machine that Vigía runs on.' }),
        interval: Type.Optional(Duration({ least: '1s', description: 'As long as a step when left out.' })),
      },
      { ...closed, default: {} },
    ),
    scrape: Type.Array(ScrapeJob, {
      default: [],
      maxItems: 1000,
      description: 'Prometheus or OpenMetrics endpoints.',
    }),
    prometheus: Type.Optional(
      Type.Object(
        { file: Type.String({ minLength: 1, description: 'A prometheus.yml; its scrape_configs are taken over.' }) },
        closed,
      ),
    ),
    sources: Type.Array(
      Type.Object(
        {
          name: Type.String({
            pattern: '^[a-z0-9][a-z0-9._-]{0,63}$',
            expects: 'name',
            description: 'Name of the source.',
          }),
          package: Type.String({ minLength: 1, maxLength: 512, description: 'Name of a package, or path to one.' }),
          options: Type.Record(Type.String(), Type.Unknown(), {
            default: {},
            description: 'Handed to it as they are.',
          }),
        },
        closed,
      ),
      { default: [], maxItems: 50, description: 'Further sources, each from a package.' },
    ),
    history: Type.Array(PrometheusHistory, {
      default: [],
      maxItems: 20,
      description: 'Prometheus servers whose history is learnt from at the first start.',
    }),
    logs: Type.Array(LogFiles, {
      default: [],
      maxItems: 100,
      description: 'Log files that are followed as they grow.',
    }),
    syslog: Type.Array(Syslog, { default: [], maxItems: 20, description: 'Where syslog is received.' }),
    journals: Type.Array(Journal, {
      default: [],
      maxItems: 20,
      description: "Journals of systemd, followed with `journalctl`; `[{}]` is this machine's.",
    }),
    statsd: Type.Optional(
      Type.Object(
        {
          host: Type.String({ default: '127.0.0.1', minLength: 1, description: 'Address to listen on.' }),
          port: Type.Integer({ default: 8125, minimum: 0, maximum: 65_535 }),
          flush: Type.Optional(
            Duration({ least: '1s', description: 'Between two samples; as long as a step when left out.' }),
          ),
          labels: Type.Record(Type.String(), Type.String(), {
            default: {},
            description: 'Added to every series, unless a tag has that name.',
          }),
        },
        { ...closed, description: 'Receive StatsD over UDP; `{}` takes the defaults.' },
      ),
    ),
    ...eventSources,
    limits: Type.Object(
      {
        bodyBytes: Size({ default: '16MiB', least: '1KiB', most: '256MiB', description: 'Of one answer or post.' }),
        lineBytes: Size({ default: '64KiB', least: '256B', most: '1MiB', description: 'Of one line.' }),
        seriesPerSource: Type.Integer({
          default: 100_000,
          minimum: 1,
          maximum: 10_000_000,
          description: 'New series beyond these are dropped.',
        }),
        futureTolerance: Duration({ default: '10m', description: 'How far ahead a time stamp may lie.' }),
        pastTolerance: Duration({ default: '1d', description: 'How old a sample may be.' }),
      },
      { ...closed, default: {}, description: 'What is more than this is dropped and counted.' },
    ),
  },
  { ...closed, default: {}, description: 'Where data comes from.' },
);

/** Samples whose labels match belong to the entity that the templates name, for example `service/{job}`. */
export const EntityRule = Type.Object(
  {
    match: Type.Record(Type.String(), Type.String(), {
      default: {},
      description: 'Label values, with `*` for anything; `__name__` is the metric.',
    }),
    kind: Type.String({ pattern: '^[a-z][a-z0-9_-]*$', expects: 'name' }),
    name: Type.String({ minLength: 1, description: 'With {label} for values of labels.' }),
    fleet: Type.Optional(Type.String({ minLength: 1, description: 'With {label}; default is one fleet for all.' })),
  },
  closed,
);

export const LimitRule = Type.Object(
  {
    metric: Type.String({ minLength: 1, description: 'Metric name, with `*` for anything.' }),
    labels: Type.Optional(Labels),
    value: Type.Optional(Type.Number({ description: 'A fixed bound.' })),
    feature: Type.Optional(Type.String({ minLength: 1, description: 'Metric of the same entity that is the bound.' })),
    side: Type.Enum(['above', 'below'], { default: 'above', description: 'Where failure lies.' }),
  },
  closed,
);
