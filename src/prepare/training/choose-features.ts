import type { FeatureVerdict } from '../../model/data-quality.ts';
import { type ColumnFigures, columnFigures, correlation } from './column-figures.ts';

/** Rows of one entity: `values[f]` are those of feature `f` in the order of time, `NaN` where missing. */
export interface EntityRows {
  readonly features: readonly string[];
  readonly values: readonly Float32Array[];
}

export interface ChoiceRules {
  /** Most features that are chosen. */
  readonly budget: number;
  readonly now: number;
  /** The choice before this one, which is left only for a reason that is clear. */
  readonly before: readonly FeatureVerdict[];
}

/** Fewer rows than this tell nothing of a correlation. */
const LEAST_ROWS = 30;
/** A feature that is missing more often tells of whoever has it, not of a course. */
const MOST_MISSING = 0.9;
/** Beyond this two features say the same; the second one holds for what was chosen before. */
const COLLINEAR = { fresh: 0.98, chosen: 0.995 } as const;
const DUPLICATE = 0.999_999;
/** Noise neither remembers its last value nor goes with anything else. Times 1/√n: three deviations of a correlation of noise. */
const NOISE = { fresh: 3, chosen: 2 } as const;
/** What was chosen before counts so much more when there is no room for all. */
const LOYALTY = 1.25;

interface Candidate {
  readonly feature: string;
  readonly figures: ColumnFigures;
  readonly before: FeatureVerdict | undefined;
  /** The strongest relation to any other feature. */
  relation: number;
}

type Verdict = Omit<FeatureVerdict, 'since'>;

const chosenBefore = ({ before }: Candidate): boolean => before?.chosen === true;

const refused = (feature: string, why: FeatureVerdict['why'], value: number, of: string | null = null): Verdict => ({
  feature,
  chosen: false,
  why,
  of,
  value,
});

/** Which of two goes first: what was chosen before, what is there more often, then by name, so that it stays so. */
const byStanding = (a: Candidate, b: Candidate): number =>
  Number(chosenBefore(b)) - Number(chosenBefore(a)) ||
  b.figures.count - a.figures.count ||
  a.feature.length - b.feature.length ||
  (a.feature < b.feature ? -1 : 1);

/** How much of a feature is no noise, 0 to 1. */
const signalOf = ({ figures, relation }: Candidate): number => Math.max(Math.abs(figures.memory), relation);

function candidatesOf(entities: readonly EntityRows[], before: readonly FeatureVerdict[]): readonly Candidate[] {
  const known = new Map(before.map((verdict) => [verdict.feature, verdict]));
  const names = [...new Set(entities.flatMap(({ features }) => features))].sort();
  return names.map((feature) => {
    const parts = entities.map(({ features, values }) => {
      const place = features.indexOf(feature);
      return place >= 0 ? values[place]! : new Float32Array(values[0]?.length ?? 0).fill(Number.NaN);
    });
    return { feature, figures: columnFigures(parts), before: known.get(feature), relation: 0 };
  });
}

/** What says nothing by itself. */
function refusedAlone({ feature, figures }: Candidate): Verdict | null {
  const missing = 1 - figures.count / Math.max(1, figures.scaled.length);
  if (missing > MOST_MISSING) return refused(feature, 'missing', missing);
  return figures.constant ? refused(feature, 'constant', 0) : null;
}

/** The feature among those that stand that says the same as this one; notes how strongly each two go together. */
function saysTheSame(one: Candidate, standing: readonly Candidate[]): Verdict | null {
  let same: Verdict | null = null;
  for (const other of standing) {
    const found = Math.abs(correlation(one.figures, other.figures, LEAST_ROWS));
    one.relation = Math.max(one.relation, found);
    other.relation = Math.max(other.relation, found);
    const bound = chosenBefore(one) ? COLLINEAR.chosen : COLLINEAR.fresh;
    if (same === null && found >= bound)
      same = refused(one.feature, found >= DUPLICATE ? 'duplicate' : 'collinear', found, other.feature);
  }
  return same;
}

function isNoise(one: Candidate): boolean {
  const rows = Math.max(1, one.figures.count);
  return signalOf(one) < (chosenBefore(one) ? NOISE.chosen : NOISE.fresh) / Math.sqrt(rows);
}

function withinBudget(left: readonly Candidate[], budget: number): readonly Verdict[] {
  const worth = (one: Candidate): number =>
    (signalOf(one) * one.figures.count * (chosenBefore(one) ? LOYALTY : 1)) / Math.max(1, one.figures.scaled.length);
  return [...left]
    .sort((a, b) => worth(b) - worth(a) || (a.feature < b.feature ? -1 : 1))
    .map((one, place) =>
      place < budget
        ? { feature: one.feature, chosen: true, why: null, of: null, value: signalOf(one) }
        : refused(one.feature, 'budget', signalOf(one)),
    );
}

const same = (a: Verdict, b: FeatureVerdict): boolean => b.chosen === a.chosen && b.why === a.why;

/**
 * Which features are worth a model's while: what is constant, nearly always missing, said by another one, noise, or
 * beyond the budget is refused, with the reason and its measure. Bounds are wider for what was chosen before, so that
 * a choice changes for a change of the data, not for chance. O(features² × rows), with `turn` called after each feature.
 */
export async function chooseFeatures(
  entities: readonly EntityRows[],
  { budget, now, before }: ChoiceRules,
  turn: () => Promise<void>,
): Promise<readonly FeatureVerdict[]> {
  const candidates = candidatesOf(entities, before);
  const verdicts: Verdict[] = [];
  const standing: Candidate[] = [];
  for (const one of [...candidates].sort(byStanding)) {
    const alone = refusedAlone(one) ?? saysTheSame(one, standing);
    if (alone === null) standing.push(one);
    else verdicts.push(alone);
    await turn();
  }
  const noise = standing.filter(isNoise);
  verdicts.push(...noise.map((one) => refused(one.feature, 'noise', signalOf(one))));
  verdicts.push(
    ...withinBudget(
      standing.filter((one) => !noise.includes(one)),
      budget,
    ),
  );
  const known = new Map(candidates.map((one) => [one.feature, one.before]));
  const sinceOf = (verdict: Verdict): number => {
    const earlier = known.get(verdict.feature);
    return earlier !== undefined && same(verdict, earlier) ? earlier.since : now;
  };
  return verdicts
    .map((verdict) => Object.assign(verdict, { since: sinceOf(verdict) }))
    .sort((a, b) => (a.feature < b.feature ? -1 : 1));
}
