import { type ActionDefinition, matchingFeatures } from '../model/action-definition.ts';
import type { ActionMode, Verdict } from '../model/action.ts';
import { type Entity, type EntityId, parseEntityId, serviceOf } from '../model/entity.ts';
import type { Executor } from '../model/executor.ts';
import type { Incident } from '../model/incident.ts';
import { mostCareful } from '../model/ladder.ts';
import type { Phrase } from '../model/phrase.ts';
import { silenceMatches } from '../model/silence.ts';
import { VigiaError } from '../runtime/errors.ts';
import type { RunSurvey, RunSurveyQuery } from '../store/store.ts';
import type { ActDeps } from './act-deps.ts';
import { ceilingOf, decide, type Decision, type GuardrailFacts, modeOf, type Purpose } from './guardrails.ts';
import { DEFAULT_LIMITS, type Surroundings } from './limits.ts';
import { fillPlaceholders } from './placeholders.ts';
import { unmetOf } from './preconditions.ts';
import { aboveOf, surroundingsOf } from './surroundings.ts';

/** What somebody wants to be done. */
export interface Wish {
  readonly action: string;
  readonly entity: EntityId;
  readonly incident: string | null;
  readonly purpose: Purpose;
  /** With which it was recommended. */
  readonly chance?: number;
  /** For how long Vigía has wanted this action against the incident without a break, ms. */
  readonly standingMs?: number;
}

/** A wish with all that is known of it, and what the guardrails say. */
export interface Case {
  readonly action: ActionDefinition;
  readonly entity: Entity;
  readonly incident: Incident | null;
  readonly executor: Executor | null;
  /** Filled in; null when that is not possible. */
  readonly args: Readonly<Record<string, unknown>> | null;
  readonly plan: readonly string[];
  readonly mode: GuardrailFacts['mode'];
  /** How often it was done on this incident already, with nothing against it. */
  readonly tries: number;
  readonly decision: Decision;
  /** What else is to be read in the run's record, beside what the guardrails said. */
  readonly notes?: readonly Phrase[];
  readonly query: RunSurveyQuery;
  /** Decides again by what other runs are like at the very moment of the start. */
  readonly again: (survey: RunSurvey) => Decision;
  /** What the guardrails say to somebody else who wants the same. */
  readonly as: (purpose: Purpose) => Decision;
}

/** More outcomes of one incident than this there are not: cooldowns see to it. */
const MAX_OUTCOMES = 100;
const MAX_SILENCES = 1000;

/** Of no use at so many other places, an action is taken for the wrong one wherever it is done. */
const MOST_ELSEWHERE = 3;

/**
 * What an action has brought on an incident already, as far as it speaks of this target: there and at the other parts of the same
 * whole; harm, wherever it was done; and all of it once it was of no use at several other places. An incident may spread, and what
 * did not help one service may be just what another one needs. That it has helped speaks of the very target alone.
 */
async function verdictsOn(
  { store }: ActDeps,
  incident: Incident | null,
  { action, entity, wholes }: { action: string; entity: EntityId } & Pick<Surroundings, 'wholes'>,
): Promise<readonly Verdict[]> {
  if (incident === null) return [];
  const { items } = await store.outcomes.list({ incident: incident.id, action, limit: MAX_OUTCOMES, cursor: null });
  const here = new Set([entity, ...wholes.flatMap(({ whole, parts }) => [whole, ...parts])]);
  const vain = items.filter((one) => !here.has(one.entity) && one.verdict === 'ineffective');
  const everywhere = new Set(vain.map((one) => one.entity)).size >= MOST_ELSEWHERE;
  return items
    .filter((one) => everywhere || here.has(one.entity) || one.verdict === 'harmful')
    .filter((one) => one.verdict !== 'resolved' || one.entity === entity)
    .map(({ verdict }) => verdict);
}

/** The strongest feature of the incident that the action is about, as the target has it. */
async function featureFor(deps: ActDeps, action: ActionDefinition, entity: Entity, incident: Incident | null) {
  if (incident === null) return null;
  const layout = await deps.store.frames.layout(entity.id);
  for (const name of matchingFeatures(action, incident.features)) {
    const feature = layout?.features.find((candidate) => candidate.name === name);
    if (feature !== undefined) return { name, labels: feature.labels };
  }
  return null;
}

/** Why somebody works there, by the windows in force; null when nobody does. */
async function maintenanceOf({ store, clock }: ActDeps, entity: EntityId): Promise<string | null> {
  const active = (await store.silences.active(clock.now(), MAX_SILENCES)).filter(({ kind }) => kind === 'maintenance');
  if (active.length === 0) return null;
  const above = active.some(({ match }) => match.below === true) ? await aboveOf(store, entity) : [];
  const found = active.find(({ match }) => {
    const { anomaly } = match;
    // A window about some kinds of trouble still means that somebody works there.
    return silenceMatches({ match }, { entity, above, ...(anomaly !== undefined && { anomaly }) });
  });
  return found === undefined ? null : found.why;
}

/** The mode for this target: what it has climbed to or fallen to, as far as the rules of the owner and the settings allow. */
async function modeFor(deps: ActDeps, action: ActionDefinition, entity: Entity): Promise<ActionMode> {
  const service = serviceOf(entity);
  const { kind } = parseEntityId(entity.id);
  const ruled = deps.ruledMode?.({ action: action.id, entity: entity.id, kind, service }) ?? null;
  const step = await deps.store.ladder.get(action.id, kind);
  const start = modeOf(action, deps.settings(), ruled);
  return step === null ? start : mostCareful(step.level, ceilingOf(action, deps.settings(), ruled));
}

/** What wants the contrary of an action wants it both ways, whichever of the two the catalogue says it of. */
function contrary(action: ActionDefinition, actions: readonly ActionDefinition[]): ActionDefinition {
  const others = actions.filter(({ opposes = [] }) => opposes.includes(action.id)).map(({ id }) => id);
  return { ...action, opposes: [...new Set([...(action.opposes ?? []), ...others])] };
}

const recommendedBy = ({ chance, standingMs }: Wish): Pick<GuardrailFacts, 'chance' | 'standingMs'> => ({
  chance: chance ?? null,
  standingMs: standingMs ?? null,
});

async function gather(deps: ActDeps, wish: Wish, found: Pick<Case, 'action' | 'entity' | 'incident'>): Promise<Case> {
  const { action, entity, incident } = found;
  const { store, stepMs } = deps;
  const now = deps.clock.now();
  const executor = deps.executors.find(({ kind }) => kind === action.executor) ?? null;
  const feature = await featureFor(deps, action, entity, incident);
  const filled = fillPlaceholders(action.args, { entity, feature, incident: incident?.id ?? null });
  const request = filled.args && { key: '', entity: entity.id, args: filled.args, timeoutMs: action.timeoutMs };
  const query = { action: action.id, entity: entity.id, fleet: entity.fleet, now };
  const mode = await modeFor(deps, action, entity);
  const surroundings = await surroundingsOf(store, entity.id);
  const facts: GuardrailFacts = {
    now,
    action: contrary(action, deps.actions),
    entity: entity.id,
    incident: incident?.id ?? null,
    settings: deps.settings(),
    mode,
    purpose: wish.purpose,
    lastSeen: entity.lastSeen,
    executorKnown: executor !== null,
    argsProblem: filled.problem,
    unmet: await unmetOf(store, action, { entity: entity.id, now, stepMs }),
    open: incident === null ? null : incident.state === 'open',
    maintenance: await maintenanceOf(deps, entity.id),
    verdicts: await verdictsOn(deps, incident, { action: action.id, entity: entity.id, ...surroundings }),
    ...recommendedBy(wish),
    limits: deps.limits ?? DEFAULT_LIMITS,
    survey: await store.runs.survey(query),
    surroundings,
  };
  const plan = request !== null && executor !== null ? executor.plan(request) : [];
  const again = (survey: RunSurvey): Decision => decide({ ...facts, settings: deps.settings(), survey });
  const as = (purpose: Purpose): Decision => decide({ ...facts, purpose });
  const tries = facts.verdicts.filter((verdict) => verdict === 'inconclusive' || verdict === 'resolved').length;
  return { ...found, executor, args: filled.args, plan, mode, tries, decision: decide(facts), query, again, as };
}

/**
 * Looks everything up that a decision rests on, and decides. Throws `ACTION_UNKNOWN`, or `NOT_FOUND` for an entity or
 * incident that is not there.
 */
export async function examine(deps: ActDeps, wish: Wish): Promise<Case> {
  const action = deps.actions.find(({ id }) => id === wish.action);
  if (action === undefined) throw new VigiaError('ACTION_UNKNOWN', { action: wish.action });
  const entity = await deps.store.entities.get(wish.entity);
  if (entity === null) throw new VigiaError('NOT_FOUND', { what: 'entity', id: wish.entity });
  const incident = wish.incident === null ? null : await deps.store.incidents.get(wish.incident);
  if (wish.incident !== null && incident === null) {
    throw new VigiaError('NOT_FOUND', { what: 'incident', id: wish.incident });
  }
  return gather(deps, wish, { action, entity, incident });
}
