import { Type } from 'typebox';
import { ACTION_MODES } from '../model/action.ts';
import { Duration, Size } from './units.ts';

const closed = { additionalProperties: false } as const;

export const ActSection = Type.Object(
  {
    mode: Type.Enum([...ACTION_MODES], {
      default: 'suggest',
      description: 'How far an action may go by itself: observe, suggest, approve, auto.',
    }),
    approvalExpiry: Duration({ default: '1h', least: '10s', description: 'How long a run waits for approval.' }),
    cooldown: Duration({ default: '10m', description: 'Time between two runs of one action on one target.' }),
    settle: Duration({ default: '2m', description: 'Time after a run until its outcome is judged.' }),
    actionCooldown: Duration({ default: '1m', description: 'Time between two runs of one action, wherever.' }),
    fleetCooldown: Duration({ default: '10s', description: 'Time between two runs of anything in one fleet.' }),
    blastRadius: Type.Number({
      default: 0.34,
      minimum: 0,
      maximum: 1,
      description: 'Share of the parts of a service that may be out of step at once; one always may.',
    }),
    disruptionPerDay: Type.Number({
      default: 30,
      minimum: 0,
      description: 'Disruption that Vigía may cause within 24 hours: low 1, medium 3, high 10.',
    }),
    failuresInRow: Type.Integer({
      default: 5,
      minimum: 1,
      maximum: 1000,
      description: 'So many runs in a row that came to nothing stop automation; one that did harm does at once.',
    }),
    leastSure: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 1,
      description: 'The least chance of success with which Vigía acts without asking; what is less likely waits.',
    }),
    steady: Duration({
      default: '0s',
      description:
        'For so long an action has to be the best choice without a break before Vigía does it or asks for it.',
    }),
    goneAfter: Duration({ default: '24h', least: '1m', description: 'A target not heard of for so long is gone.' }),
    escalation: Type.Optional(
      Type.String({ minLength: 1, description: 'Action that calls a person when nothing else is left to try.' }),
    ),
    command: Type.Object(
      {
        programs: Type.Optional(
          Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
            maxItems: 1000,
            description: 'Programs that may be run, `*` for anything; those that the catalogue writes out if left out.',
          }),
        ),
        user: Type.Optional(
          Type.String({
            pattern: '^([a-z_][a-z0-9_-]{0,31}[$]?|[0-9]{1,9}:[0-9]{1,9})$',
            description: 'Whom commands run as, a name or `uid:gid`; needs Vigía to run as root.',
          }),
        ),
        memory: Type.Optional(Size({ least: '16MiB', description: 'Address space of a process, set by `prlimit`.' })),
        cpu: Type.Optional(
          Duration({ least: '1s', description: 'Time on a processor that a process may take, set by `prlimit`.' }),
        ),
      },
      { ...closed, default: {}, description: 'Of the executor `command`.' },
    ),
    docker: Type.Object(
      {
        socket: Type.String({ default: '/var/run/docker.sock', minLength: 1, description: 'Of the container engine.' }),
      },
      { ...closed, default: {}, description: 'Of the executor `docker`.' },
    ),
    systemd: Type.Object(
      {
        units: Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
          default: [],
          maxItems: 1000,
          description: 'Units that may be restarted, `*` for anything; none unless you say so.',
        }),
      },
      { ...closed, default: {}, description: 'Of the executor `systemd`.' },
    ),
    learning: Type.Object(
      {
        explorationsPerDay: Type.Integer({
          default: 5,
          minimum: 0,
          maximum: 1000,
          description:
            'Incidents a day on which another than the best action may be tried to learn of it, where Vigía may act.',
        }),
        share: Type.Number({
          default: 0.05,
          minimum: 0.01,
          maximum: 0.5,
          description:
            'Share of such tries that is spread evenly over what is allowed and may be the best, so that it can be judged later.',
        }),
        retrain: Duration({ default: '1h', least: '1m', description: 'Between two trainings of policies.' }),
        window: Duration({ default: '90d', least: '1h', description: 'How far back past runs are learnt from.' }),
        begin: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: 4096,
            description: 'File of a policy that was trained elsewhere; it serves until another is promoted.',
          }),
        ),
        promote: Type.Boolean({
          default: true,
          description: 'Whether a policy that is proven better may serve by itself.',
        }),
      },
      { ...closed, default: {}, description: 'How it is learnt which action helps.' },
    ),
    policies: Type.Array(
      Type.Object(
        { package: Type.String({ minLength: 1, maxLength: 512, description: 'Name of a package, or path to one.' }) },
        closed,
      ),
      { default: [], maxItems: 20, description: 'Further policies, each from a package.' },
    ),
    executors: Type.Array(
      Type.Object(
        { package: Type.String({ minLength: 1, maxLength: 512, description: 'Name of a package, or path to one.' }) },
        closed,
      ),
      { default: [], maxItems: 50, description: 'Further executors, each from a package.' },
    ),
  },
  { ...closed, default: {}, description: 'How actions are carried out.' },
);
