import { type Static, Type } from 'typebox';
import { type Anomaly, AnomalyKind, type Contribution } from './anomaly.ts';

/** How far a rule reaches: one entity, all entities of a kind, or all of a service. */
export const RULE_LEVELS = ['entity', 'kind', 'service'] as const;
export const RuleLevel = Type.Enum([...RULE_LEVELS]);
export type RuleLevel = (typeof RULE_LEVELS)[number];

/** What an anomaly looks like: its kind, what drives it, how strong it is. */
export const Likeness = Type.Object({
  kind: AnomalyKind,
  drivers: Type.Record(Type.String(), Type.Number(), { description: 'Shares by feature.' }),
  direction: Type.Integer({
    minimum: -1,
    maximum: 1,
    description: 'Above or below what was expected; 0 when neither.',
  }),
  strength: Type.Number({ description: '-ln of the smallest tail probability.' }),
});
export type Likeness = Static<typeof Likeness>;

/** What a person's word changes for look-alikes of what was judged. */
export const FeedbackRule = Type.Object({
  effect: Type.Enum(['quieter', 'louder'], {
    description:
      '`quieter` keeps look-alikes at info unless clearly stronger; `louder` makes them warnings unless clearly weaker.',
  }),
  level: RuleLevel,
  alike: Type.Array(
    Type.Object({ ...Likeness.properties, where: Type.String({ description: 'The entity, kind or service.' }) }),
    { description: 'It holds for what looks like any of these.' },
  ),
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
const CLEAR_MARGIN = Math.LN10;
/** Smaller probabilities are not told apart: 1e-300. */
const MAX_STRENGTH = 690;

/** How strong an anomaly is: -ln of its smallest tail probability, 0 to 690. */
const strengthOf = ({ pValue }: Pick<Anomaly, 'pValue'>): number =>
  Math.min(MAX_STRENGTH, -Math.log(Math.max(pValue, Number.MIN_VALUE)));

/** Where the main driver is, seen from what was expected of it. */
function directionOf(contributions: Anomaly['contributions']): number {
  const main = contributions.reduce<Contribution | null>(
    (most, one) => (most === null || one.share > most.share ? one : most),
    null,
  );
  if (main === null || main.value === null || main.expected === null) return 0;
  return Math.sign(main.value - main.expected);
}

export const likenessOf = (anomaly: Pick<Anomaly, 'kind' | 'pValue' | 'contributions'>): Likeness => ({
  kind: anomaly.kind,
  drivers: Object.fromEntries(anomaly.contributions.map(({ feature, share }) => [feature, share])),
  direction: directionOf(anomaly.contributions),
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

/** What lasts is told as one of these first and as another later, so as kinds they are not told apart. */
const COURSES: ReadonlySet<AnomalyKind> = new Set(['spike', 'dip', 'level_shift', 'trend', 'seasonality_break']);

/** Same kind, same side and same drivers, however strong. */
function looksLike(one: Likeness, other: Likeness): boolean {
  const sameKind = one.kind === other.kind || (COURSES.has(one.kind) && COURSES.has(other.kind));
  const sameSide = one.direction === 0 || other.direction === 0 || one.direction === other.direction;
  return sameKind && sameSide && cosine(one.drivers, other.drivers) >= SAME_DRIVERS;
}

/** Where an anomaly is; `service` is null where it is not known. */
export type Whereabouts = { readonly [Level in RuleLevel]: string | null };

/** What of a rule an anomaly looks like, where it is, however strong. */
const likes = ({ alike, level }: FeedbackRule, likeness: Likeness, where: Whereabouts): FeedbackRule['alike'] =>
  alike.filter((judged) => judged.where === where[level] && looksLike(judged, likeness));

/** Whether an anomaly is such a one as a rule is about, however strong. */
export const ruleConcerns = (rule: FeedbackRule, likeness: Likeness, where: Whereabouts): boolean =>
  likes(rule, likeness, where).length > 0;

/**
 * Whether a rule decides over an anomaly that looks so and is there. A false alarm never hides what is clearly stronger
 * than what was judged: ten times less probable. What was missed never raises what is clearly weaker.
 */
export function ruleDecides(rule: FeedbackRule, likeness: Likeness, at: { where: Whereabouts; now: number }): boolean {
  if (rule.until !== null && at.now >= rule.until) return false;
  return likes(rule, likeness, at.where).some(({ strength }) =>
    rule.effect === 'quieter'
      ? likeness.strength <= strength + CLEAR_MARGIN
      : likeness.strength >= strength - CLEAR_MARGIN,
  );
}
