import { type Static, Type } from 'typebox';
import { Phrase } from './phrase.ts';

const Estimate = Type.Object(
  { value: Type.Number(), low: Type.Number(), high: Type.Number() },
  { description: 'With a 90 % interval.' },
);

/** What one action did in a period. */
export const ActionValue = Type.Object({
  action: Type.String(),
  runs: Type.Integer(),
  resolved: Type.Integer(),
  ineffective: Type.Integer(),
  harmful: Type.Integer(),
  inconclusive: Type.Integer(),
  undecided: Type.Integer({ description: 'Not judged yet.' }),
  automatic: Type.Integer({ description: 'Of the runs, those that Vigía started by itself.' }),
  disruptionMinutes: Type.Number({ description: 'What the runs are assumed to have cost.' }),
});
export type ActionValue = Static<typeof ActionValue>;

/** What acting was worth in a period, with what was assumed. */
export const ValueReport = Type.Object({
  from: Type.Integer(),
  to: Type.Integer(),
  incidents: Type.Integer({ description: 'Opened in the period.' }),
  actedUpon: Type.Integer(),
  downtimeAvoidedMinutes: Type.Union([Estimate, Type.Null()], {
    description: 'Against incidents without action; null when there is nothing to compare with.',
  }),
  needlessAvoided: Type.Union([Estimate, Type.Null()], {
    description: 'Interventions that were not made because the incident ended by itself.',
  }),
  harmful: Type.Integer(),
  disruptionMinutes: Type.Number(),
  actions: Type.Array(ActionValue),
  assumptions: Type.Array(Phrase, { description: 'What the figures rest on, in plain words.' }),
});
export type ValueReport = Static<typeof ValueReport>;

export interface ValuePort {
  /** Half-open, Unix ms. */
  report(range: { readonly from: number; readonly to: number }): Promise<ValueReport>;
}
