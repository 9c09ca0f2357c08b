import type { ActionMode } from './action.ts';
import type { Evidence, TellingFeature } from './evidence.ts';
import { type EntityId, parseEntityId } from './entity.ts';

/** For what an action may be recommended. An empty list matches everything. */
export interface ActionMatch {
  readonly entityKinds: readonly string[];
  readonly anomalyKinds: readonly string[];
  /** Kinds of predicted failures, and `capacity`. */
  readonly failureKinds?: readonly string[];
  /** Patterns of feature names, what tells most first: `*` stands for any text, `?` for one character. */
  readonly features: readonly string[];
  /** Whether an incident that rests on predictions alone counts. */
  readonly predictions: boolean;
}

/** What a feature of the target must be, by its newest value, for the action to make sense; missing is not fulfilled. */
export interface Precondition {
  /** A name, or a pattern that the first matching feature is taken by. */
  readonly feature: string;
  readonly above?: number;
  readonly below?: number;
}

/** Who may approve a run. */
export type ApproverRole = 'operator' | 'admin';

/** One entry of the catalogue, as the configuration gives it. */
export interface ActionDefinition {
  readonly id: string;
  readonly title: { readonly en: string; readonly es: string };
  readonly match: ActionMatch;
  /** Kind of the executor that carries it out. */
  readonly executor: string;
  /** Arguments of the executor, with placeholders such as `{labels.pod}` still in them. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly mode: ActionMode;
  /** The boldest mode that it may climb to by proven benefit; its mode when left out, so that it stays there. */
  readonly upTo?: ActionMode;
  readonly disruption: 'none' | 'low' | 'medium' | 'high';
  /** What is lost when it goes wrong; of high risk never without an approval. Low when left out. */
  readonly risk?: 'low' | 'high';
  /** The least chance of success, 0 to 1, with which it is done without asking; 0 when left out. */
  readonly leastSure?: number;
  /** How long after its end an action is given before its outcome is judged. */
  readonly settleMs: number;
  /** How long after its start the same action on the same entity is refused. */
  readonly cooldownMs: number;
  readonly timeoutMs: number;
  /** How long a run waits for an approval. */
  readonly approvalMs: number;
  /** What was believed before the first run, as counts of a Beta distribution, both above 0. */
  readonly prior: { readonly resolved: number; readonly failed: number };
  /** The least role that may approve it; an operator when left out. */
  readonly approver?: ApproverRole;
  readonly preconditions?: readonly Precondition[];
  /** What has to hold after the settle window, beside what drove the incident. */
  readonly evidence?: readonly Precondition[];
  /** Action that undoes it, carried out when it has done harm. */
  readonly rollback?: string;
  /** Actions that want the contrary: neither is done by itself while the other has not settled on what is near. */
  readonly opposes?: readonly string[];
}

/** What of an incident decides whether an action fits. */
export interface ActionSubject {
  readonly root: EntityId;
  readonly entities: readonly EntityId[];
  readonly anomalyKinds: readonly string[];
  readonly features: readonly string[];
  readonly predictions: readonly string[];
  /** Kinds of what its predictions say; when they are not known, any may be among them. */
  readonly failureKinds?: readonly string[];
  /** What of its entities is far from normal now, by entity. */
  readonly evidence?: readonly Pick<Evidence, 'entity' | 'features' | 'needs'>[];
}

/** Whether all of `text` fits the pattern; linear in memory, at most `pattern × text` in time. */
export function matchesPattern(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Which of the patterns a feature fits first; a pattern may name the whole feature or its metric alone. -1 when none. */
function patternOf(patterns: readonly string[], feature: string): number {
  const [metric = feature] = feature.split('{', 1);
  return patterns.findIndex((pattern) => matchesPattern(pattern, feature) || matchesPattern(pattern, metric));
}

/** The features of an incident that an action is about, strongest first. */
export function matchingFeatures(
  { match }: Pick<ActionDefinition, 'match'>,
  features: readonly string[],
): readonly string[] {
  const patterns = match.features;
  return patterns.length === 0 ? features : features.filter((feature) => patternOf(patterns, feature) >= 0);
}

/** Whether it is about such trouble: one of the predictions or one of the anomalies is of a kind that it names. */
function kindFits({ anomalyKinds, failureKinds = [], predictions }: ActionMatch, subject: ActionSubject): boolean {
  const said = subject.failureKinds;
  const named = failureKinds.length === 0 || said === undefined || failureKinds.some((kind) => said.includes(kind));
  if (predictions && subject.predictions.length > 0 && named) return true;
  // Naming one sort of kinds alone does not mean all of the other.
  if (anomalyKinds.length === 0) return failureKinds.length === 0 && subject.anomalyKinds.length > 0;
  return anomalyKinds.some((kind) => subject.anomalyKinds.includes(kind));
}

/** A feature with the place of the pattern that it fits, and where it was seen. */
interface Found extends TellingFeature {
  readonly entity: EntityId;
  readonly needs: readonly EntityId[];
  readonly place: number;
}

/**
 * Where what the action is about tells most: what one has alone, then what the catalogue names first, then what is not also seen
 * at what it calls, then what has moved most.
 */
function tellingEntity(
  { match }: Pick<ActionDefinition, 'match'>,
  { evidence = [] }: ActionSubject,
  fits: (entity: EntityId) => boolean,
): EntityId | null {
  const found = evidence.flatMap(({ entity, features, needs }) =>
    fits(entity)
      ? features.flatMap((feature): Found[] => {
          const place = patternOf(match.features, feature.name);
          return place < 0 ? [] : [{ ...feature, entity, needs, place }];
        })
      : [],
  );
  const seen = new Set(found.map(({ entity, place }) => `${place} ${entity}`));
  const waits = ({ needs, place }: Found): boolean => needs.some((entity) => seen.has(`${place} ${entity}`));
  const moreTelling = (a: Found, b: Found): number =>
    Number(b.alone) - Number(a.alone) || a.place - b.place || Number(waits(a)) - Number(waits(b)) || b.moved - a.moved;
  return found.toSorted(moreTelling)[0]?.entity ?? null;
}

/**
 * The entity of the incident that the action would be carried out on: the one of which a feature that the action is about is
 * far from normal, where that is known; else the root if it may, else the first that may.
 */
export function targetOf(action: Pick<ActionDefinition, 'match'>, subject: ActionSubject): EntityId | null {
  const { entityKinds, features } = action.match;
  if (!kindFits(action.match, subject)) return null;
  const fits = (entity: EntityId): boolean =>
    entityKinds.length === 0 || entityKinds.includes(parseEntityId(entity).kind);
  const telling = features.length === 0 ? null : tellingEntity(action, subject, fits);
  if (telling !== null) return telling;
  if (features.length > 0 && matchingFeatures(action, subject.features).length === 0) return null;
  return [subject.root, ...subject.entities].find(fits) ?? null;
}
