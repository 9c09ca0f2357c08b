import { type ActionDefinition, matchingFeatures } from '../model/action-definition.ts';
import type { Verdict } from '../model/action.ts';
import type { Entity, EntityId } from '../model/entity.ts';
import type { Executor } from '../model/executor.ts';
import type { Incident } from '../model/incident.ts';
import { VigiaError } from '../runtime/errors.ts';
import type { ActDeps } from './act-deps.ts';
import { decide, type Decision, type GuardrailFacts } from './guardrails.ts';
import { fillPlaceholders } from './placeholders.ts';

/** What somebody wants to be done. */
export interface Wish {
  readonly action: string;
  readonly entity: EntityId;
  readonly incident: string | null;
  /** Whether Vigía itself wants it. */
  readonly automatic: boolean;
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
  readonly decision: Decision;
}

/** More outcomes of one incident than this there are not: cooldowns see to it. */
const MAX_OUTCOMES = 100;

const newest = <T>(items: readonly T[]): T | null => items[0] ?? null;

async function verdictsOn(deps: ActDeps, incident: Incident | null, action: string): Promise<readonly Verdict[]> {
  if (incident === null) return [];
  const { items } = await deps.store.outcomes.list({
    incident: incident.id,
    action,
    limit: MAX_OUTCOMES,
    cursor: null,
  });
  return items.map(({ verdict }) => verdict);
}

/** The feature of the incident that the action is about, as the target has it. */
async function featureFor(deps: ActDeps, action: ActionDefinition, entity: Entity, incident: Incident | null) {
  if (incident === null) return null;
  const layout = await deps.store.frames.layout(entity.id);
  for (const name of matchingFeatures(action, incident.features)) {
    const feature = layout?.features.find((candidate) => candidate.name === name);
    if (feature !== undefined) return { name, labels: feature.labels };
  }
  return null;
}

async function gather(deps: ActDeps, wish: Wish, found: Pick<Case, 'action' | 'entity' | 'incident'>): Promise<Case> {
  const { action, entity, incident } = found;
  const executor = deps.executors.find(({ kind }) => kind === action.executor) ?? null;
  const feature = await featureFor(deps, action, entity, incident);
  const filled = fillPlaceholders(action.args, { entity, feature, incident: incident?.id ?? null });
  const request = filled.args && { key: '', entity: entity.id, args: filled.args, timeoutMs: action.timeoutMs };
  const running = newest(
    (await deps.store.runs.list({ state: 'running', entity: entity.id, limit: 1, cursor: null })).items,
  );
  const facts: GuardrailFacts = {
    now: deps.clock.now(),
    action,
    entity: entity.id,
    settings: deps.settings(),
    automatic: wish.automatic,
    executorKnown: executor !== null,
    argsProblem: filled.problem,
    lastStart: await deps.store.runs.lastStart({ entity: entity.id, action: action.id }),
    running: running?.id ?? null,
    verdicts: await verdictsOn(deps, incident, action.id),
  };
  const plan = request !== null && executor !== null ? executor.plan(request) : [];
  return { ...found, executor, args: filled.args, plan, decision: decide(facts) };
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
