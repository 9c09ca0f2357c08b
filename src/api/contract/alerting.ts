import { type Static, Type } from 'typebox';

const Line = Type.Enum(['pages', 'warnings']);
const How = Type.Enum(['prior', 'solved', 'tightest'], {
  description:
    '`prior`: too little history yet; `solved`: from history; `tightest`: history has more, the ceiling holds.',
});
const Probability = Type.Number({ minimum: 0, maximum: 1 });
const Thresholds = { warning: Probability, critical: Probability };

/** What one feature did to the alert budget. */
export const FeatureNoiseView = Type.Object({
  scope: Type.Object({ level: Type.Enum(['entity', 'kind']), value: Type.String() }),
  feature: Type.String({ description: 'With labels for one entity, the metric alone for a kind.' }),
  pages: Type.Number({ description: 'Alerts of the last 7 days that it drove; parts, where several features did.' }),
  warnings: Type.Number(),
  falseAlarms: Type.Integer({ description: 'Times that people said so within 7 days.' }),
  share: Type.Number({
    description: 'Of the budget of 7 days, of the line of which it takes more; above 1 is more than all.',
  }),
  limit: Type.Union([Type.Object(Thresholds), Type.Null()], {
    description: 'Its own thresholds of the tail probability; null while it has none.',
  }),
});

/** How the alert budget is used, and how strange something must be to alert. */
export const AlertingView = Type.Object({
  pots: Type.Array(
    Type.Object({
      pot: Type.String({ description: '`fleet`, or what an override matches.' }),
      line: Line,
      limit: Type.Number(),
      used: Type.Integer({ description: 'Within the window until now.' }),
      windowSeconds: Type.Integer(),
    }),
  ),
  thresholds: Type.Array(
    Type.Object({
      pots: Type.Object({ pages: Type.String(), warnings: Type.String() }),
      ...Thresholds,
      how: Type.Object({ pages: How, warnings: How }),
      days: Type.Number({ description: 'Days of history behind them.' }),
      check: Type.Union([
        Type.Object({
          alerts: Type.Object({ pages: Type.Integer(), warnings: Type.Integer() }),
          kept: Type.Boolean({ description: 'Whether the newest quarter stayed within the budget.' }),
        }),
        Type.Null(),
      ]),
      solvedAt: Type.Integer({ description: 'Unix time in milliseconds.' }),
    }),
    { description: 'The fleet first; empty until they are solved for the first time.' },
  ),
  noise: Type.Object({
    since: Type.Integer(),
    items: Type.Array(FeatureNoiseView, {
      description: 'With a threshold of its own first, then by use; at most 200.',
    }),
  }),
});
export type AlertingView = Static<typeof AlertingView>;
