import type { ActionMode, ConsideredAction, RankedAction, Verdict } from '../model/action.ts';
import { type ActionDefinition, type ActionSubject, matchingFeatures, targetOf } from '../model/action-definition.ts';
import { type EntityId, parseEntityId } from '../model/entity.ts';
import type { Evidence } from '../model/evidence.ts';
import type { Incident } from '../model/incident.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import {
  DISRUPTION_MINUTES,
  type Policy,
  type PolicyContext,
  type PolicyOpinion,
  type PolicyOption,
} from '../model/policy.ts';
import { policyContext } from './policy-context.ts';
import { tallyPolicy } from './policies/tally-policy.ts';

/** Verdicts so far of one action on one kind of entity. */
export type Tally = Readonly<Partial<Record<Verdict, number>>>;

/** What the guardrails say of an action now: to Vigía itself, and to a person. */
export interface GuardView {
  readonly mode: ActionMode;
  readonly help: Phrase | null;
  readonly person: Phrase | null;
}

/** What is known beside the incident itself; gathered first, so that ranking is a function. */
export interface RankingFacts {
  readonly now: number;
  readonly catalogue: readonly ActionDefinition[];
  /** Kinds of what the incident's predictions say; see `ActionSubject`. */
  readonly failureKinds?: readonly string[];
  readonly tally: (action: string, entityKind: string) => Tally;
  readonly modeOf: (action: ActionDefinition, entity: EntityId) => ActionMode;
  readonly stopped: boolean;
  /** Newest start of this action on this entity, Unix ms; null when there was none. */
  readonly lastStart: (action: string, entity: EntityId) => number | null;
  /** What the action has brought on this very incident at this entity; harm counts wherever it was done. */
  readonly triedHere: (action: string, entity: EntityId) => readonly Verdict[];
  /** What all guardrails say; without it only kill switch, mode and cooldown are looked at. */
  readonly guard?: (action: string) => GuardView | undefined;
  /** Counts decide when left out. */
  readonly policy?: Policy;
  readonly context?: PolicyContext;
  /** What of the incident's entities is far from normal; nobody has looked when left out. */
  readonly evidence?: readonly Evidence[];
  /** A number of [0, 1) for the draw, the same as long as it is the same decision; no exploration when left out. */
  readonly draw?: number;
}

/** What was decided, and all that it rests on. */
export interface Ranking {
  readonly actions: readonly RankedAction[];
  readonly considered: readonly ConsideredAction[];
  readonly context: PolicyContext;
  readonly options: readonly (PolicyOption & { readonly probability: number; readonly share: number })[];
  /** Past cases that speak for or against an action, by its id. */
  readonly alike: ReadonlyMap<string, PolicyOpinion['alike']>;
  readonly chosen: string | null;
  readonly explored: boolean;
}

/** What says so; see the guardrail of this name. */
export const UNSURE = 'act.no_unsure';
const DISRUPTION: readonly RankedAction['disruption'][] = ['none', 'low', 'medium', 'high'];
const BY_ITSELF: ReadonlySet<ActionMode> = new Set(['approve', 'auto']);
/** A recommendation is read by a tired person. */
const MAX_ACTIONS = 10;

interface Candidate {
  readonly action: ActionDefinition;
  readonly entity: EntityId;
  readonly mode: ActionMode;
  readonly blocked: Phrase | null;
  /** Whether Vigía may do it by itself now, asking first or not. */
  readonly automatic: boolean;
  /** What alone keeps Vigía from it; null where nothing does, or more than that. */
  readonly waits: Phrase | null;
  /** It has already failed here on this very incident. */
  readonly spent: boolean;
  readonly tally: Tally;
  /** What is far from normal there; null where nobody has looked. */
  readonly evidence: readonly string[] | null;
  /** Nothing that the action is about is far from normal there. */
  readonly blind: boolean;
}

function blockedBy(action: ActionDefinition, entity: EntityId, facts: RankingFacts): Phrase | null {
  if (facts.stopped) return phrase('recommend.killSwitch');
  if (facts.modeOf(action, entity) === 'observe') return phrase('recommend.observeOnly');
  const last = facts.lastStart(action.id, entity);
  const wait = last === null ? 0 : last + action.cooldownMs - facts.now;
  return wait > 0 ? phrase('recommend.cooldown', { seconds: Math.ceil(wait / 1000) }) : null;
}

/** Whether somebody has looked there, and nothing that the action is about is far from normal. */
function isBlind(action: ActionDefinition, entity: EntityId, { evidence }: RankingFacts): boolean {
  const names = evidence?.find((one) => one.entity === entity)?.features.map(({ name }) => name) ?? [];
  return evidence !== undefined && matchingFeatures(action, names).length === 0;
}

const seenAt = (entity: EntityId, { evidence }: RankingFacts): readonly string[] | null =>
  evidence === undefined ? null : (evidence.find((one) => one.entity === entity)?.words ?? []);

function candidate(action: ActionDefinition, entity: EntityId, facts: RankingFacts): Candidate {
  const here = facts.triedHere(action.id, entity);
  const guard = facts.guard?.(action.id);
  const mode = guard?.mode ?? facts.modeOf(action, entity);
  const blocked = blockedBy(action, entity, facts) ?? guard?.person ?? null;
  const own = BY_ITSELF.has(mode) && blocked === null;
  const objection = guard?.help ?? null;
  return {
    action,
    entity,
    mode,
    blocked,
    automatic: own && objection === null,
    waits: own ? objection : null,
    spent: here.some((verdict) => verdict === 'ineffective' || verdict === 'harmful'),
    tally: facts.tally(action.id, parseEntityId(entity).kind),
    evidence: seenAt(entity, facts),
    blind: isBlind(action, entity, facts),
  };
}

/** Vigía chooses among what it may do by itself; where that is nothing, a person chooses among what they may do. */
function optionsOf(candidates: readonly Candidate[]): readonly PolicyOption[] {
  const own = candidates.some(({ automatic, spent }) => automatic && !spent);
  return candidates.map(({ action, entity, tally, blocked, automatic, spent, evidence }) => ({
    action: action.id,
    entity,
    disruption: action.disruption,
    prior: action.prior,
    tally,
    allowed: !spent && (own ? automatic : blocked === null),
    ...(evidence !== null && { evidence }),
  }));
}

/** The option in whose part of [0, 1) the number falls; -1 where nothing has a share. */
function drawn(opinions: readonly PolicyOpinion[], draw: number): number {
  let left = draw;
  let last = -1;
  for (const [i, { share }] of opinions.entries()) {
    if (share <= 0) continue;
    last = i;
    left -= share;
    if (left < 0) break;
  }
  return last;
}

function reasonsFor(
  { action, entity, tally, spent }: Candidate,
  facts: RankingFacts,
  { explores, likeCases }: Why,
): Phrase[] {
  const { resolved = 0, ineffective = 0, harmful = 0 } = tally;
  const tried = resolved + ineffective + harmful;
  const reasons = [
    tried === 0 ? phrase('recommend.neverTried') : phrase('recommend.worked', { resolved, count: tried }),
  ];
  if (likeCases > 0) reasons.push(phrase('recommend.likeCases'));
  if (explores) reasons.push(phrase('recommend.explores'));
  if (facts.triedHere(action.id, entity).includes('harmful')) reasons.push(phrase('recommend.harmedHere'));
  else if (spent) reasons.push(phrase('recommend.failedHere'));
  if (action.disruption !== 'none') reasons.push(phrase(`recommend.disruption_${action.disruption}`));
  return reasons;
}

interface Why {
  readonly explores: boolean;
  readonly likeCases: number;
}

/** Why an action of the catalogue is not even ranked. */
function misfit(action: ActionDefinition, incident: Incident): Phrase {
  const { entityKinds } = action.match;
  const kinds = [incident.root, ...incident.entities].map((entity) => parseEntityId(entity).kind);
  if (entityKinds.length > 0 && !kinds.some((kind) => entityKinds.includes(kind))) {
    return phrase('recommend.otherKind', { kinds: entityKinds.join(', ') });
  }
  return phrase('recommend.otherProblem');
}

const subjectOf = (incident: Incident, { failureKinds, evidence }: RankingFacts): ActionSubject => ({
  ...incident,
  ...(failureKinds !== undefined && { failureKinds }),
  ...(evidence !== undefined && { evidence }),
});

function consideredOf(incident: Incident, facts: RankingFacts, left: readonly Candidate[]): ConsideredAction[] {
  const subject = subjectOf(incident, facts);
  const misfits = facts.catalogue
    .filter((action) => targetOf(action, subject) === null)
    .map((action) => ({ action: action.id, title: action.title, why: misfit(action, incident) }));
  const ranked = left.map(({ action }) => ({
    action: action.id,
    title: action.title,
    why: phrase('recommend.lessLikely'),
  }));
  return [...ranked, ...misfits];
}

/**
 * The actions that fit an incident, best first: what has not yet failed on this very incident before what has, then by what
 * the policy thinks of them, then by least disruption, then in the order of the catalogue. What is tried to learn of it stands
 * first. The propensity is the probability with which Vigía does it first.
 */
export function rank(incident: Incident, facts: RankingFacts): Ranking {
  const { policy = tallyPolicy, draw } = facts;
  const context =
    facts.context ?? policyContext(incident, { predictions: [], events: [], outcomes: [], now: facts.now });
  const subject = subjectOf(incident, facts);
  const candidates = facts.catalogue.flatMap((action) => {
    const entity = targetOf(action, subject);
    return entity === null ? [] : [candidate(action, entity, facts)];
  });
  const options = optionsOf(candidates);
  const explore = draw !== undefined && candidates.some(({ automatic, spent }) => automatic && !spent);
  const opinions = policy.decide({ context, options, explore });
  const order = candidates
    .map((_, i) => i)
    .sort(
      (a, b) =>
        Number(candidates[a]!.spent) - Number(candidates[b]!.spent) ||
        opinions[b]!.value - opinions[a]!.value ||
        DISRUPTION.indexOf(options[a]!.disruption) - DISRUPTION.indexOf(options[b]!.disruption),
    );
  const chosen = drawn(opinions, draw ?? 0);
  const best = order.find((i) => options[i]!.allowed) ?? -1;
  const explored = chosen >= 0 && chosen !== best;
  const shown = explored ? [chosen, ...order.filter((i) => i !== chosen)] : order;
  return {
    actions: shown
      .slice(0, MAX_ACTIONS)
      .map((i, at) => view(candidates[i]!, opinions[i]!, { facts, rank: at + 1, explores: explored && i === chosen })),
    considered: consideredOf(
      incident,
      facts,
      shown.slice(MAX_ACTIONS).map((i) => candidates[i]!),
    ),
    context,
    options: options.map((option, i) =>
      Object.assign({}, option, { probability: opinions[i]!.probability, share: opinions[i]!.share }),
    ),
    alike: new Map(options.map(({ action }, i) => [action, opinions[i]!.alike])),
    chosen: chosen < 0 ? null : options[chosen]!.action,
    explored,
  };
}

/**
 * Vigía acts by itself only on what is likely enough to help, and not where it has looked and seen nothing of what the action is
 * about; `act` takes its word for it.
 */
function unsure({ mode, blind, action: { leastSure = 0 } }: Candidate, { probability }: PolicyOpinion): Phrase | null {
  if (mode !== 'auto' || leastSure === 0 || (probability >= leastSure && !blind)) return null;
  return phrase(UNSURE, { probability: blind ? 0 : probability, least: leastSure });
}

function view(
  found: Candidate,
  opinion: PolicyOpinion,
  { facts, rank: at, explores }: { readonly facts: RankingFacts; readonly rank: number; readonly explores: boolean },
): RankedAction {
  const { action, entity, mode, blocked, tally } = found;
  const { resolved = 0, ineffective = 0, harmful = 0 } = tally;
  const { probability, low, high, share, alike } = opinion;
  return {
    action: action.id,
    title: action.title,
    entity,
    rank: at,
    probability,
    low,
    high,
    tried: resolved + ineffective + harmful,
    resolved,
    propensity: share,
    mode,
    blocked: blocked ?? unsure(found, opinion),
    ...(found.waits !== null && { waits: found.waits }),
    disruption: action.disruption,
    disruptionMinutes: DISRUPTION_MINUTES[action.disruption],
    reasons: reasonsFor(found, facts, { explores, likeCases: alike.length }),
  };
}

/** The ranked actions alone. */
export const rankActions = (incident: Incident, facts: RankingFacts): readonly RankedAction[] =>
  rank(incident, facts).actions;
