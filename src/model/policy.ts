import { type Static, Type } from 'typebox';
import { ActionMode, Verdict } from './action.ts';
import type { EntityId } from './entity.ts';

/**
 * The contract of policies: what decides which action is tried for an incident. A policy only says how likely each action is
 * to help and with which probability it should be tried first; guardrails decide what may be done at all.
 */

/** Kind under which the registry lists policies. */
export const POLICY_MODEL = 'policy';
/** The one scope of policies: they decide for all fleets. */
export const POLICY_SCOPE = 'all';

/** How a version in the registry is named: the kind of policy, and what tells it from others of its kind. */
export const policyVersion = (kind: string, mark: string): string => `${kind}@${mark}`;

/** Kind of a policy in the registry, by its version. */
export const policyKindOf = ({ version }: { readonly version: string }): string => version.split('@', 1)[0] ?? '';

/** What an action has already brought on the same incident. */
export const TriedAction = Type.Object({ action: Type.String(), verdict: Verdict });
export type TriedAction = Static<typeof TriedAction>;

/** What was known of an incident when an action was chosen for it. */
export const PolicyContext = Type.Object({
  entityKind: Type.String({ description: 'Of the suspected root.' }),
  anomalyKinds: Type.Array(Type.String()),
  predictionKinds: Type.Array(Type.String(), { description: 'capacity, failure.' }),
  drivers: Type.Array(Type.String(), { description: 'Names of the driving metrics without labels, strongest first.' }),
  probability: Type.Number({
    minimum: 0,
    maximum: 1,
    description: 'The highest predicted one; 0 without a prediction.',
  }),
  severity: Type.String(),
  ageSeconds: Type.Number({ minimum: 0, description: 'Since the incident was opened.' }),
  breadth: Type.Integer({ minimum: 0, description: 'Entities that take part.' }),
  changes: Type.Array(Type.String(), { description: 'Names of what was changed there shortly before.' }),
  tried: Type.Array(TriedAction, { description: 'Oldest first.' }),
});
export type PolicyContext = Static<typeof PolicyContext>;

export type Disruption = 'none' | 'low' | 'medium' | 'high';

/** An action that fits an incident, with what is known of it before any model is asked. */
export interface PolicyOption {
  readonly action: string;
  readonly entity: EntityId;
  readonly disruption: Disruption;
  /** Counts of a Beta distribution that the catalogue believes in. */
  readonly prior: { readonly resolved: number; readonly failed: number };
  /** Verdicts so far on this kind of entity. */
  readonly tally: Readonly<Partial<Record<Verdict, number>>>;
  /** Whether no guardrail objects now; what is not allowed is ranked, but never explored. */
  readonly allowed: boolean;
  /** What of the entity is far from its normal, as `lab_queue up alone`; left out where nobody has looked. */
  readonly evidence?: readonly string[];
}

export interface PolicyQuestion {
  readonly context: PolicyContext;
  readonly options: readonly PolicyOption[];
  /** Whether another than the best may be tried to learn of it; false when the budget of exploration is spent. */
  readonly explore: boolean;
}

/** What a policy says of one option, in the order of the options asked for. */
export interface PolicyOpinion {
  /** Of success, with the ends of an 80 % interval. */
  readonly probability: number;
  readonly low: number;
  readonly high: number;
  /** How good it is to try it next: higher is better; only the order counts. */
  readonly value: number;
  /**
   * With which probability it is tried first. Over the allowed options they add up to 1, elsewhere they are 0; without
   * exploration one of them is 1. All are 0 where nothing is allowed.
   */
  readonly share: number;
  /** Past cases that the estimate rests on, most alike first, by the id of their run. */
  readonly alike: readonly { readonly id: string; readonly similarity: number }[];
}

/** A policy at work: a pure function of what it is asked, the same before and after saving. */
export interface Policy {
  readonly kind: string;
  decide(question: PolicyQuestion): readonly PolicyOpinion[];
  toBytes(): Uint8Array;
}

/** One try on an incident, with what came of it: a decision whose action was carried out. */
export interface PolicyStep {
  /** Of the run. */
  readonly id: string;
  readonly time: number;
  readonly context: PolicyContext;
  readonly action: string;
  readonly entity: EntityId;
  readonly disruption: Disruption;
  readonly verdict: Verdict;
  /** What could have been done instead and was allowed, this one among them. */
  readonly options: readonly PolicyOption[];
  /** Probability with which it was chosen; null where a person chose, or another than what was drawn was carried out. */
  readonly propensity: number | null;
  /** Minutes from this decision until the next one on the incident, or until it was over. */
  readonly minutes: number;
}

/** Everything that was tried on one incident, oldest first. */
export interface PolicyEpisode {
  readonly incident: string;
  readonly steps: readonly PolicyStep[];
}

/** A decision as it is logged: what was known, what could be done, and with which probability each was tried first. */
export interface Decision {
  /** Id of the recommendation. */
  readonly id: string;
  readonly incident: string;
  readonly fleet: string;
  readonly time: number;
  readonly policy: { readonly kind: string; readonly version: string };
  readonly context: PolicyContext;
  readonly options: readonly (PolicyOption & { readonly probability: number; readonly share: number })[];
  /** The action that stands first; null where nothing was allowed. */
  readonly chosen: string | null;
  /** Whether another was believed to be better. */
  readonly explored: boolean;
}

export interface PolicyFitOptions {
  readonly seed: number;
  readonly signal?: AbortSignal;
  /** Share of exploration over the allowed actions that may be the best, 0 to 1; floors the propensity of each. */
  readonly exploration: number;
}

/** How a kind of policy learns and is restored; what a package that brings a policy exports. */
export interface PolicyFactory {
  readonly kind: string;
  /** Null when there is too little to learn from. The same episodes give the same bytes. */
  fit(episodes: readonly PolicyEpisode[], options: PolicyFitOptions): Promise<Policy | null>;
  /** Restores what `toBytes` gave. Throws when the bytes are damaged or of another version. */
  load(bytes: Uint8Array): Policy;
}

/** What a try cost, in minutes: the trouble that went on, the disruption that it caused, and harm. */
export const DISRUPTION_MINUTES: Readonly<Record<Disruption, number>> = { none: 0, low: 0.5, medium: 2, high: 10 };
/** Harm counts as half an hour of trouble beside what it prolonged. */
export const HARM_MINUTES = 30;
/** Nobody waits longer for one try: a night without an answer says nothing of the action. */
export const MOST_MINUTES = 240;

/** Minutes lost by a step, 0 or more; null where nobody can tell what it brought. */
export function minutesLost({ verdict, disruption, minutes }: PolicyStep): number | null {
  if (verdict === 'inconclusive') return null;
  const harm = verdict === 'harmful' ? HARM_MINUTES : 0;
  return Math.min(MOST_MINUTES, Math.max(0, minutes)) + DISRUPTION_MINUTES[disruption] + harm;
}

/** An estimate with its interval. */
const Estimate = Type.Object({ value: Type.Number(), low: Type.Number(), high: Type.Number() });

/** What logged decisions say of a policy before it is used. */
export const PolicyEvaluation = Type.Object({
  minutes: Estimate,
  reference: Type.Number({ description: 'Minutes lost an incident under the policy in force, on the same incidents.' }),
  saved: Estimate,
  incidents: Type.Integer(),
  effectiveSize: Type.Number({ description: 'How many incidents of the policy itself the log is worth.' }),
  clippedShare: Type.Number({ description: 'Share of the weight that was cut off.' }),
  verdict: Type.Enum(['better', 'worse', 'undecided', 'refused']),
  faults: Type.Array(Type.String(), { description: 'Why there is no verdict: effective-size, clipped, support.' }),
});
export type PolicyEvaluation = Static<typeof PolicyEvaluation>;

/** A policy as the registry lists it. */
export const PolicyView = Type.Object({
  id: Type.Union([Type.String(), Type.Null()], { description: 'Null for the one that needs no model.' }),
  kind: Type.String(),
  version: Type.String(),
  state: Type.Enum(['challenger', 'champion', 'retired']),
  createdAt: Type.Union([Type.Integer(), Type.Null()]),
  reason: Type.String(),
  incidents: Type.Integer({ description: 'That it learnt from.' }),
  evaluation: Type.Union([PolicyEvaluation, Type.Null()]),
});
export type PolicyView = Static<typeof PolicyView>;

/** One point of the learning curve. */
export const LearningPoint = Type.Object({
  time: Type.Integer(),
  incidents: Type.Integer({ description: 'Acted upon, so far.' }),
  minutes: Type.Number({ description: 'Mean minutes lost an incident, over the ones of this point.' }),
  resolved: Type.Number({ minimum: 0, maximum: 1, description: 'Share that the first try resolved.' }),
});
export type LearningPoint = Static<typeof LearningPoint>;

export const PolicyOverview = Type.Object({
  inForce: PolicyView,
  policies: Type.Array(PolicyView, { description: 'Newest first.' }),
  curve: Type.Array(LearningPoint),
  exploration: Type.Object({
    share: Type.Number(),
    perDay: Type.Integer({ description: 'Explorations allowed within 24 hours.' }),
    used: Type.Integer(),
  }),
});
export type PolicyOverview = Static<typeof PolicyOverview>;

/** How far an action has climbed on one kind of entity, and on what evidence. */
export const Rung = Type.Object({
  action: Type.String(),
  entityKind: Type.String(),
  level: ActionMode,
  ceiling: ActionMode,
  since: Type.Union([Type.Integer(), Type.Null()], {
    description: 'When it came to this level; null when it never moved.',
  }),
  reason: Type.Union([Type.Enum(['proven', 'harmed', 'person']), Type.Null()], {
    description: 'Null when it never moved.',
  }),
  resolved: Type.Integer(),
  failed: Type.Integer({ description: 'Ineffective or harmful, since the last fall.' }),
  harmful: Type.Integer(),
  success: Type.Number({ description: 'Share that it resolved.' }),
  lower: Type.Number({ description: 'One-sided 95 % lower bound of it.' }),
  byItself: Type.Number({ description: 'Share of comparable incidents that ended without any action.' }),
  needed: Type.Union([Type.Number(), Type.Null()], {
    description: 'What the lower bound has to reach for the next level; null at the ceiling.',
  }),
  watched: Type.Optional(
    Type.Object(
      { incidents: Type.Integer(), lasted: Type.Integer() },
      {
        description:
          'While it is only observed: incidents that it was thought of for and that nobody acted upon, and those that did not end by themselves.',
      },
    ),
  ),
});
export type Rung = Static<typeof Rung>;

/** What a person may ask of policies. Refuses with a VigiaError: `NOT_FOUND`, `MODEL_STATE`. */
export interface PolicyPort {
  overview(): Promise<PolicyOverview>;
  /** Trains and evaluates as soon as possible; does not wait for it. */
  train(): Promise<void> | void;
  promote(id: string, by: string): Promise<void>;
  /** The policy before the one in force serves again, or the one that needs no model. */
  rollback(by: string): Promise<void>;
}
