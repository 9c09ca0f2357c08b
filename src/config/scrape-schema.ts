import { Type } from 'typebox';
import { Duration, Secret } from './units.ts';

const closed = { additionalProperties: false } as const;

const File = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 4096, description }));

/** How to show who we are, and how to know the other. */
export const access = {
  token: Type.Optional(Secret({ description: 'Bearer token.' })),
  tokenFile: File('File with the bearer token, read anew for each request.'),
  basicAuth: Type.Optional(
    Type.Object(
      { user: Type.String({ minLength: 1 }), password: Type.Optional(Secret({ description: 'Its password.' })) },
      closed,
    ),
  ),
  tls: Type.Optional(
    Type.Object(
      {
        ca: File('Certificates that are trusted, PEM.'),
        cert: File('Certificate that is shown, PEM.'),
        key: File('Key of the certificate, PEM.'),
        serverName: Type.Optional(Type.String({ minLength: 1, description: 'Name that the certificate must have.' })),
        insecureSkipVerify: Type.Boolean({ default: false, description: 'Take any certificate.' }),
      },
      closed,
    ),
  ),
} as const;

/** As Prometheus writes it, so that rules can be taken over as they are. */
const RelabelRule = Type.Object(
  {
    action: Type.Enum(
      [
        'replace',
        'keep',
        'drop',
        'keepequal',
        'dropequal',
        'hashmod',
        'labelmap',
        'labeldrop',
        'labelkeep',
        'lowercase',
        'uppercase',
      ],
      { default: 'replace' },
    ),
    source_labels: Type.Array(Type.String(), { default: [], maxItems: 64 }),
    separator: Type.String({ default: ';', maxLength: 100 }),
    regex: Type.String({ default: '(.*)', maxLength: 2048, description: 'RE2, for the whole value.' }),
    target_label: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    replacement: Type.String({ default: '$1', maxLength: 2048 }),
    modulus: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  },
  closed,
);

const Discovery = Type.Object(
  {
    file: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
        minItems: 1,
        maxItems: 100,
        description: "Files with lists of targets, in the form of Prometheus' file_sd; `*` and `**` may stand in them.",
      }),
    ),
    http: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s]+$',
        expects: 'url',
        description: "A list as Prometheus' http_sd has it.",
      }),
    ),
    dns: Type.Optional(
      Type.Object(
        {
          names: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { minItems: 1, maxItems: 100 }),
          type: Type.Enum(['SRV', 'A', 'AAAA', 'MX', 'NS'], { default: 'SRV' }),
          port: Type.Integer({ default: 80, minimum: 1, maximum: 65_535, description: 'For all but SRV.' }),
          servers: Type.Array(Type.String({ minLength: 1 }), {
            default: [],
            maxItems: 10,
            description: 'Name servers, `address:port`; those of the machine when left out.',
          }),
        },
        closed,
      ),
    ),
    kubernetes: Type.Optional(
      Type.Object(
        {
          role: Type.Enum(['pod', 'service', 'endpoints', 'endpointslice', 'node'], {
            default: 'pod',
            description: 'What targets are made of, as in Prometheus.',
          }),
          namespaces: Type.Array(Type.String({ minLength: 1, maxLength: 63 }), {
            default: [],
            maxItems: 100,
            description: 'All of them when empty.',
          }),
          labelSelector: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
          fieldSelector: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
          annotated: Type.Boolean({
            default: true,
            description: 'Only what `prometheus.io/scrape: "true"` asks for, with its port, path and scheme.',
          }),
        },
        { ...closed, description: 'Targets of the cluster under `kubernetes`; `{}` takes annotated pods.' },
      ),
    ),
    refresh: Duration({ default: '30s', least: '1s', description: 'Time between two looks.' }),
    ...access,
  },
  { ...closed, description: 'One of file, http, dns and kubernetes.' },
);

export const ScrapeJob = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,99}$', expects: 'name', description: 'Name of the source.' }),
    targets: Type.Array(Type.String({ pattern: '^https?://[^\\s]+$', expects: 'url' }), {
      default: [],
      maxItems: 1000,
      description: 'Addresses of pages.',
    }),
    discover: Type.Array(Discovery, { default: [], maxItems: 20, description: 'Where targets are found.' }),
    interval: Duration({ default: '15s', least: '1s', description: 'Time between two scrapes.' }),
    timeout: Duration({ default: '10s', least: '100ms', description: 'At most as long as the interval.' }),
    scheme: Type.Enum(['http', 'https'], { default: 'http', description: 'Of targets that are found.' }),
    path: Type.String({ default: '/metrics', maxLength: 2048, description: 'Of targets that are found.' }),
    ...access,
    labels: Type.Record(Type.String(), Type.String(), { default: {}, description: 'Added to every series.' }),
    honorLabels: Type.Boolean({ default: false, description: 'Labels of the target win over those of the job.' }),
    relabel: Type.Array(RelabelRule, { default: [], maxItems: 200, description: 'Rules over labels of targets.' }),
    metricRelabel: Type.Array(RelabelRule, { default: [], maxItems: 200, description: 'Rules over labels of series.' }),
    sampleLimit: Type.Optional(Type.Integer({ minimum: 1, description: 'A page with more samples is refused whole.' })),
    targetLimit: Type.Integer({
      default: 1000,
      minimum: 1,
      maximum: 10_000,
      description: 'Of targets that are found.',
    }),
  },
  closed,
);
