import type { ActionDefinition } from '../model/action-definition.ts';
import type { EntityId } from '../model/entity.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import type { BusyRun, RunSurvey } from '../store/store.ts';
import type { Answer } from './guardrails.ts';

/** Bounds of what Vigía does by itself, over all processes. */
export interface ActLimits {
  /** Between two starts of one action, wherever. */
  readonly actionCooldownMs: number;
  /** Between two starts of anything in one fleet. */
  readonly fleetCooldownMs: number;
  /** Share of a service's replicas that may be out of step at once; one always may. */
  readonly blastRadius: number;
  /** Disruption within 24 hours; see `COST`. */
  readonly disruptionPerDay: number;
  /** So many runs in a row that came to nothing open the circuit breaker. */
  readonly failuresInRow: number;
  /** A target not heard of for so long is taken to be gone. */
  readonly goneAfterMs: number;
  /** For so long it has to be the best choice without a break before Vigía does it, or asks for it. */
  readonly steadyMs: number;
}

export const DEFAULT_LIMITS: ActLimits = {
  actionCooldownMs: 0,
  fleetCooldownMs: 0,
  blastRadius: 0.34,
  disruptionPerDay: 30,
  failuresInRow: 5,
  goneAfterMs: 86_400_000,
  steadyMs: 0,
};

/** What one run takes of the day's disruption: an order of magnitude from one class to the one after the next. */
export const COST: Readonly<Record<ActionDefinition['disruption'], number>> = { none: 0, low: 1, medium: 3, high: 10 };

/** What the topology says of a target. */
export interface Surroundings {
  /** The target and what runs on it. */
  readonly affected: readonly EntityId[];
  /** Wholes that one of those is a part of, with all of their parts. */
  readonly wholes: readonly { readonly whole: EntityId; readonly parts: readonly EntityId[] }[];
  /** What it calls and what calls it. */
  readonly near: readonly EntityId[];
}

export interface LimitFacts {
  readonly now: number;
  readonly action: ActionDefinition;
  readonly entity: EntityId;
  readonly incident: string | null;
  readonly limits: ActLimits;
  readonly survey: RunSurvey;
  readonly surroundings: Surroundings;
}

const fine = (key: string): Answer => ({ objection: null, fine: phrase(`act.ok_${key}`) });
const object = (key: string, values: Readonly<Record<string, string | number>> = {}): Answer => ({
  objection: { key, values },
  fine: phrase(`act.ok_${key}`),
});

/** Milliseconds still to wait. A start in the future, after the clock was set back, counts as one of now. */
export const waitAfter = (last: number | null, pauseMs: number, now: number): number =>
  last === null ? 0 : Math.max(0, pauseMs - (now - Math.min(last, now)));

/** What has opened the circuit breaker; null while it is closed. */
export function brokenBy({ harmful, failures }: RunSurvey, { failuresInRow }: ActLimits): Phrase | null {
  if (harmful !== null) return phrase('act.no_breaker_harm', { run: harmful });
  return failures >= failuresInRow ? phrase('act.no_breaker_failures', { count: failures }) : null;
}

export function breaker({ survey, limits }: LimitFacts): Answer {
  const broken = brokenBy(survey, limits);
  return broken === null ? fine('breaker') : object(broken.key.slice('act.no_'.length), broken.values);
}

export function alone({ survey, entity, surroundings }: LimitFacts): Answer {
  const here = new Set([entity, ...surroundings.affected]);
  const other = survey.busy.find((run) => run.running && here.has(run.entity));
  return other === undefined ? fine('alone') : object('alone', { run: other.run, action: other.action });
}

/** Clocks of two processes differ, and are put right now and then, by less than this. */
const CLOCK_SLACK_MS = 60_000;

export function cooldown({ now, action, survey }: LimitFacts): Answer {
  const wait = waitAfter(survey.lastHere, action.cooldownMs, now);
  const ahead = (survey.lastHere ?? now) - now;
  // Nobody knows how long ago that was, so it counts as now for as long as the clock is behind.
  if (wait > 0 && ahead > CLOCK_SLACK_MS)
    return object('cooldown_clock', { seconds: Math.ceil((ahead + action.cooldownMs) / 1000) });
  return wait > 0 ? object('cooldown', { seconds: Math.ceil(wait / 1000) }) : fine('cooldown');
}

export function actionCooldown({ now, limits, survey }: LimitFacts): Answer {
  const wait = waitAfter(survey.lastOfAction, limits.actionCooldownMs, now);
  return wait > 0 ? object('action_cooldown', { seconds: Math.ceil(wait / 1000) }) : fine('action_cooldown');
}

export function fleetCooldown({ now, limits, survey }: LimitFacts): Answer {
  const wait = waitAfter(survey.lastOfFleet, limits.fleetCooldownMs, now);
  return wait > 0 ? object('fleet_cooldown', { seconds: Math.ceil(wait / 1000) }) : fine('fleet_cooldown');
}

/** Something of the same target or right beside it, wanted for another reason, that would be undone. */
export function opposed({ action, entity, survey, surroundings }: LimitFacts): Answer {
  const here = new Set([entity, ...surroundings.affected, ...surroundings.wholes.map(({ whole }) => whole)]);
  const against = (run: BusyRun): boolean => (action.opposes ?? []).includes(run.action) && here.has(run.entity);
  const other = survey.busy.find(against);
  return other === undefined ? fine('opposed') : object('opposed', { action: other.action, run: other.run });
}

/** Replicas of one whole that are or would be acted upon and have not settled. */
export function blastRadius({ action, limits, survey, surroundings }: LimitFacts): Answer {
  if (action.disruption === 'none') return fine('blast');
  const touched = new Set([...surroundings.affected, ...survey.busy.map(({ entity }) => entity)]);
  for (const { whole, parts } of surroundings.wholes) {
    const count = parts.filter((part) => touched.has(part)).length;
    const allowed = Math.max(1, Math.floor(limits.blastRadius * parts.length));
    if (count > allowed) return object('blast', { whole, touched: count, parts: parts.length, allowed });
  }
  return fine('blast');
}

/** What is connected is not shaken from two sides at once: nobody could tell what helped. */
export function near({ action, survey, surroundings }: LimitFacts): Answer {
  if (action.disruption === 'none') return fine('near');
  const beside = new Set(surroundings.near);
  const other = survey.busy.find(({ entity }) => beside.has(entity));
  return other === undefined ? fine('near') : object('near', { entity: other.entity, run: other.run });
}

export function budget({ action, limits, survey }: LimitFacts): Answer {
  const cost = COST[action.disruption];
  const over = cost > 0 && survey.spent + cost > limits.disruptionPerDay;
  return over ? object('budget', { spent: survey.spent, limit: limits.disruptionPerDay, cost }) : fine('budget');
}
