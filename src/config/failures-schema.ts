import { Type } from 'typebox';
import type { FailureDefinition } from '../model/failure-definition.ts';
import { Duration } from './units.ts';

const closed = { additionalProperties: false } as const;
const pattern = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 2000, description }));

/** What the owner calls a failure. */
export const FailureEntry = Type.Object(
  {
    kind: Type.String({ minLength: 1, maxLength: 100, description: 'What such a failure is called.' }),
    entityKinds: Type.Array(Type.String({ minLength: 1 }), { default: [], description: 'Empty means any.' }),
    when: Type.Object(
      {
        down: Type.Optional(
          Duration({ least: '1s', description: 'Nothing was heard of it, or it answered no scrape, for so long.' }),
        ),
        event: pattern('An event of this name; `*` stands for anything.'),
        alert: pattern('An alert of this name fires; `*` stands for anything.'),
        feature: pattern('A feature of this name, beyond `above` or `below`; `*` stands for anything.'),
        above: Type.Optional(Type.Number({ description: 'With `feature`: more than this is a failure.' })),
        below: Type.Optional(Type.Number({ description: 'With `feature`: less than this is a failure.' })),
        for: Type.Optional(Duration({ description: 'With `feature`: for so long without a break; default 1m.' })),
      },
      { ...closed, description: 'Exactly one of `down`, `event`, `alert` and `feature`.' },
    ),
  },
  closed,
);

/** How failures are predicted. */
export const PredictSection = Type.Object(
  {
    horizons: Type.Array(Duration({ least: '1m' }), {
      default: ['15m', '1h', '6h', '24h', '7d'],
      minItems: 1,
      maxItems: 10,
    }),
    every: Duration({
      default: '5m',
      least: '10s',
      most: '6h',
      description: 'How often the risk of failure is looked at.',
    }),
    window: Duration({
      default: '30d',
      least: '1h',
      most: '60d',
      description: 'History that failure models learn from.',
    }),
    retrain: Duration({ default: '24h', least: '10m', description: 'How often they are trained.' }),
    quiet: Duration({ default: '15m', description: 'For so long after a failure nothing is learnt.' }),
    trainingTime: Duration({
      default: '8m',
      least: '10s',
      most: '2h',
      description: 'About how long one training may take.',
    }),
    shadow: Duration({ default: '1h', description: 'How long a new model is only watched before it may serve.' }),
    predictors: Type.Array(
      Type.Object(
        { package: Type.String({ minLength: 1, maxLength: 512, description: 'Name of a package, or path to one.' }) },
        closed,
      ),
      { default: [], maxItems: 5, description: 'Further predictors of failures, each from a package.' },
    ),
    doNothingShare: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 0.2,
      description:
        'Of the predicted failures that Vigía would act upon by itself, so many are left alone by chance to learn from; 0.05 and more makes up for all that was acted upon.',
    }),
    page: Type.Object(
      {
        precision: Type.Number({
          default: 0.8,
          exclusiveMinimum: 0,
          maximum: 1,
          description: 'Share of the pages that must be followed by a failure.',
        }),
        minLead: Duration({ default: '15m', description: 'A page must come at least so long before it.' }),
      },
      { ...closed, default: {}, description: 'What a page for a coming failure must satisfy.' },
    ),
  },
  { ...closed, default: {}, description: 'How far ahead failures are predicted.' },
);

const DEFAULT_FOR_MS = 60_000;

/** One entry as the configuration holds it after its lengths were read. */
export interface WrittenFailure {
  readonly kind: string;
  readonly entityKinds: readonly string[];
  readonly when: {
    readonly down?: number;
    readonly event?: string;
    readonly alert?: string;
    readonly feature?: string;
    readonly above?: number;
    readonly below?: number;
    readonly for?: number;
  };
}

/** The definitions, each with the one condition that it has. */
export function failureDefinitions(entries: readonly WrittenFailure[]): readonly FailureDefinition[] {
  return entries.map(({ kind, entityKinds, when }) => {
    const { down, event, alert, feature = '', above, below } = when;
    if (down !== undefined) return { kind, entityKinds, when: { down } };
    if (event !== undefined) return { kind, entityKinds, when: { event } };
    if (alert !== undefined) return { kind, entityKinds, when: { alert } };
    const bound = above === undefined ? { side: 'below', limit: below ?? 0 } : { side: 'above', limit: above };
    const length = { for: when.for ?? DEFAULT_FOR_MS };
    return { kind, entityKinds, when: { feature, ...(bound as { side: 'above'; limit: number }), ...length } };
  });
}
