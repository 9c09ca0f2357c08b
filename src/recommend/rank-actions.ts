import { betaQuantile } from '../ml/beta-distribution.ts';
import type { ActionMode, RankedAction, Verdict } from '../model/action.ts';
import { type ActionDefinition, targetOf } from '../model/action-definition.ts';
import { type EntityId, parseEntityId } from '../model/entity.ts';
import type { Incident } from '../model/incident.ts';
import { type Phrase, phrase } from '../model/phrase.ts';

/** Verdicts so far of one action on one kind of entity. */
export type Tally = Readonly<Partial<Record<Verdict, number>>>;

/** What is known beside the incident itself; gathered first, so that ranking is a function. */
export interface RankingFacts {
  readonly now: number;
  readonly catalogue: readonly ActionDefinition[];
  readonly tally: (action: string, entityKind: string) => Tally;
  readonly modeOf: (action: ActionDefinition, entity: EntityId) => ActionMode;
  readonly stopped: boolean;
  /** Newest start of this action on this entity, Unix ms; null when there was none. */
  readonly lastStart: (action: string, entity: EntityId) => number | null;
  /** What the action has brought on this very incident. */
  readonly triedHere: (action: string) => readonly Verdict[];
}

/** The 80 % interval that is shown. */
const INTERVAL = [0.1, 0.9] as const;
/** Harm weighs as much as three times having been of no use. */
const HARM_WEIGHT = 3;
const DISRUPTION: readonly RankedAction['disruption'][] = ['none', 'low', 'medium', 'high'];
/** A recommendation is read by a tired person. */
const MAX_ACTIONS = 10;

interface Candidate {
  readonly probability: number;
  readonly disruption: RankedAction['disruption'];
  /** It has already failed on this very incident. */
  readonly spent: boolean;
  readonly at: (rank: number) => RankedAction;
}

function blockedBy(action: ActionDefinition, entity: EntityId, facts: RankingFacts): Phrase | null {
  if (facts.stopped) return phrase('recommend.killSwitch');
  if (facts.modeOf(action, entity) === 'observe') return phrase('recommend.observeOnly');
  const last = facts.lastStart(action.id, entity);
  const wait = last === null ? 0 : last + action.cooldownMs - facts.now;
  return wait > 0 ? phrase('recommend.cooldown', { seconds: Math.ceil(wait / 1000) }) : null;
}

function reasonsFor(
  action: ActionDefinition,
  facts: RankingFacts,
  { tried, resolved }: { tried: number; resolved: number },
): Phrase[] {
  const reasons = [
    tried === 0 ? phrase('recommend.neverTried') : phrase('recommend.worked', { resolved, count: tried }),
  ];
  const here = facts.triedHere(action.id);
  if (here.includes('harmful')) reasons.push(phrase('recommend.harmedHere'));
  else if (here.includes('ineffective')) reasons.push(phrase('recommend.failedHere'));
  if (action.disruption !== 'none') reasons.push(phrase(`recommend.disruption_${action.disruption}`));
  return reasons;
}

function candidate(action: ActionDefinition, entity: EntityId, facts: RankingFacts): Candidate {
  const { resolved = 0, ineffective = 0, harmful = 0 } = facts.tally(action.id, parseEntityId(entity).kind);
  const a = action.prior.resolved + resolved;
  const b = action.prior.failed + ineffective + HARM_WEIGHT * harmful;
  const tried = resolved + ineffective + harmful;
  const here = facts.triedHere(action.id);
  const probability = a / (a + b);
  return {
    probability,
    disruption: action.disruption,
    spent: here.includes('ineffective') || here.includes('harmful'),
    at: (rank) => ({
      action: action.id,
      title: action.title,
      entity,
      rank,
      probability,
      low: betaQuantile(INTERVAL[0], a, b),
      high: betaQuantile(INTERVAL[1], a, b),
      tried,
      resolved,
      propensity: rank === 1 ? 1 : 0,
      mode: facts.modeOf(action, entity),
      blocked: blockedBy(action, entity, facts),
      disruption: action.disruption,
      reasons: reasonsFor(action, facts, { tried, resolved }),
    }),
  };
}

/**
 * The actions that fit an incident, best first: what has not yet failed on this very incident before what has, then by
 * the mean of a Beta posterior of success (the catalogue's prior and the verdicts on this kind of entity; inconclusive
 * ones say nothing), then by least disruption, then in the order of the catalogue. The ranking is deterministic, so the
 * first has the propensity 1 and the others 0.
 */
export function rankActions(incident: Incident, facts: RankingFacts): RankedAction[] {
  const candidates = facts.catalogue.flatMap((action) => {
    const entity = targetOf(action, incident);
    return entity === null ? [] : [candidate(action, entity, facts)];
  });
  const byWorth = (a: Candidate, b: Candidate): number =>
    Number(a.spent) - Number(b.spent) ||
    b.probability - a.probability ||
    DISRUPTION.indexOf(a.disruption) - DISRUPTION.indexOf(b.disruption);
  return candidates
    .sort(byWorth)
    .slice(0, MAX_ACTIONS)
    .map(({ at }, index) => at(index + 1));
}
