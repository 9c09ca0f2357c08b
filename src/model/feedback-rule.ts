import { type Static, Type } from 'typebox';
import { type Anomaly, AnomalyKind } from './anomaly.ts';

/** Where a rule holds: one entity, all entities of a kind, or all of a service. */
export const RULE_LEVELS = ['entity', 'kind', 'service'] as const;
export const RuleScope = Type.Object({ level: Type.Enum([...RULE_LEVELS]), value: Type.String() });
export type RuleScope = Static<typeof RuleScope>;

/** What an anomaly looks like: its kind, what drives it, how strong it is. */
export const Likeness = Type.Object({
  kind: AnomalyKind,
  drivers: Type.Record(Type.String(), Type.Number(), { description: 'Shares by feature.' }),
  strength: Type.Number({ description: '-ln of the smallest tail probability.' }),
});
export type Likeness = Static<typeof Likeness>;

/** What a person's word changes for look-alikes of what was judged. */
export const FeedbackRule = Type.Object({
  effect: Type.Enum(['quieter', 'louder'], {
    description:
      '`quieter` keeps look-alikes at info unless clearly stronger; `louder` makes them warnings unless clearly weaker.',
  }),
  scope: RuleScope,
  alike: Type.Array(Likeness, { description: 'It holds for what looks like any of these.' }),
  until: Type.Union([Type.Integer(), Type.Null()], { description: 'Unix ms; null until it is undone.' }),
});
export type FeedbackRule = Static<typeof FeedbackRule>;

/** Something that should have been found. */
export const MissedAnomaly = Type.Object({
  from: Type.Integer(),
  to: Type.Integer({ description: 'Exclusive.' }),
  kind: Type.Union([AnomalyKind, Type.Null()]),
  features: Type.Array(Type.String()),
});
export type MissedAnomaly = Static<typeof MissedAnomaly>;

/** Cosine between two sets of shares from which on they are driven by the same: .8 is an angle of 37 degrees. */
const SAME_DRIVERS = 0.8;
/** Clearly stronger or weaker: ten times less or more probable. */
export const CLEAR_MARGIN = Math.LN10;
/** Smaller probabilities are not told apart: 1e-300. */
const MAX_STRENGTH = 690;

/** How strong an anomaly is: -ln of its smallest tail probability, 0 to 690. */
export const strengthOf = ({ pValue }: Pick<Anomaly, 'pValue'>): number =>
  Math.min(MAX_STRENGTH, -Math.log(Math.max(pValue, Number.MIN_VALUE)));

export const likenessOf = (anomaly: Pick<Anomaly, 'kind' | 'pValue' | 'contributions'>): Likeness => ({
  kind: anomaly.kind,
  drivers: Object.fromEntries(anomaly.contributions.map(({ feature, share }) => [feature, share])),
  strength: strengthOf(anomaly),
});

/** Cosine of the angle between two sets of shares, 0 to 1; two without any are the same. */
export function cosine(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): number {
  const norm = (shares: Readonly<Record<string, number>>): number => Math.hypot(...Object.values(shares));
  const [na, nb] = [norm(a), norm(b)];
  if (na === 0 || nb === 0) return na === nb ? 1 : 0;
  let dot = 0;
  for (const [feature, share] of Object.entries(a)) dot += share * (Object.hasOwn(b, feature) ? (b[feature] ?? 0) : 0);
  return Math.min(1, dot / (na * nb));
}

/** Same kind and same drivers, however strong. */
export const looksLike = (one: Likeness, other: Likeness): boolean =>
  one.kind === other.kind && cosine(one.drivers, other.drivers) >= SAME_DRIVERS;

/** Whether an entity is in a scope; `service` is null where it is not known. */
export function inScope(
  scope: RuleScope,
  entity: { readonly id: string; readonly kind: string; readonly service: string | null },
): boolean {
  if (scope.level === 'entity') return scope.value === entity.id;
  return scope.value === (scope.level === 'kind' ? entity.kind : entity.service);
}

/**
 * Whether a rule decides over an anomaly in its scope that looks so. A false alarm never hides what is clearly
 * stronger than what was judged: ten times less probable. What was missed never raises what is clearly weaker.
 */
export function ruleFits(rule: FeedbackRule, likeness: Likeness, now: number): boolean {
  if (rule.until !== null && now >= rule.until) return false;
  return rule.alike.some((judged) => {
    if (!looksLike(judged, likeness)) return false;
    return rule.effect === 'quieter'
      ? likeness.strength <= judged.strength + CLEAR_MARGIN
      : likeness.strength >= judged.strength - CLEAR_MARGIN;
  });
}
