import type { ActionDefinition } from '../model/action-definition.ts';
import type { Outcome, Run } from '../model/action.ts';
import { parseEntityId } from '../model/entity.ts';
import { LADDER, type LadderEvidence, mostCareful, standing } from '../model/ladder.ts';
import type { Rung } from '../model/policy.ts';
import { VigiaError } from '../runtime/errors.ts';
import { stableId } from '../runtime/ids.ts';
import type { LadderStep } from '../store/store.ts';
import { type ActDeps, VIGIA } from './act-deps.ts';
import { ceilingOf, modeOf } from './guardrails.ts';

/** After harm nobody but a person starts it, until it has proven itself anew. */
const AFTER_HARM = 'suggest';

async function write(deps: ActDeps, step: LadderStep, by: string, from: string): Promise<boolean> {
  const { action, entityKind, level, reason, run, since } = step;
  if (!(await deps.store.ladder.move(step))) return false;
  deps.log.warn({ action, entityKind, from, level, reason, run }, 'the ladder of automation moved');
  deps.metrics
    .counter('vigia_act_ladder_moves_total', 'Moves of actions on the ladder of automation.', ['action', 'reason'])
    .inc({ action, reason });
  await deps.store.audit.append({
    id: stableId('audit', 'ladder', action, entityKind, run, since),
    time: since,
    actor: by,
    verb: reason === 'harmed' ? 'automation.fall' : 'automation.climb',
    target: action,
    detail: { entityKind, from, level, reason, run },
  });
  return true;
}

async function evidenceOf(deps: ActDeps, action: ActionDefinition, kind: string, step: LadderStep | null) {
  const { ladder } = deps.store;
  // What was proven before a fall proves nothing after it.
  const since = step === null || step.reason === 'proven' ? 0 : step.since;
  const counts = new Map((await ladder.evidence(action.id, kind, since)).map(({ verdict, count }) => [verdict, count]));
  const of = (verdict: Outcome['verdict']): number => counts.get(verdict) ?? 0;
  const evidence: LadderEvidence = {
    resolved: of('resolved'),
    failed: of('ineffective') + of('harmful'),
    harmful: of('harmful'),
    untouched: await ladder.untouched(kind, action.settleMs),
    watched: await ladder.watched({ action: action.id, entityKind: kind, withinMs: action.settleMs, since }),
  };
  return evidence;
}

function bounds(deps: ActDeps, action: ActionDefinition, kind: string, step: LadderStep | null) {
  const settings = deps.settings();
  const ruled = deps.ruledMode?.({ action: action.id, entity: `${kind}/*`, kind, service: null }) ?? null;
  const ceiling = ceilingOf(action, settings, ruled);
  const level = step === null ? modeOf(action, settings, ruled) : mostCareful(step.level, ceiling);
  return { level, ceiling };
}

/**
 * Moves an action on the ladder after an outcome: down to where only people start it on one harm, up by one level when the
 * lower bound of its success is high enough and above how often such incidents end by themselves.
 */
export async function moveOnLadder(deps: ActDeps, run: Run, { verdict, decidedAt }: Outcome): Promise<void> {
  const action = deps.actions.find(({ id }) => id === run.action);
  if (action === undefined || verdict === 'inconclusive') return;
  const { kind } = parseEntityId(run.entity);
  const step = await deps.store.ladder.get(action.id, kind);
  const { level, ceiling } = bounds(deps, action, kind, step);
  const moved = { action: action.id, entityKind: kind, since: decidedAt, run: run.id };
  if (verdict === 'harmful') {
    await write(deps, { ...moved, level: mostCareful(level, AFTER_HARM), reason: 'harmed' }, VIGIA, level);
    return;
  }
  const { earned } = standing(level, ceiling, await evidenceOf(deps, action, kind, step));
  if (earned !== level) await write(deps, { ...moved, level: earned, reason: 'proven' }, VIGIA, level);
}

const rungOf = async (
  deps: ActDeps,
  {
    action,
    kind,
    step,
  }: { readonly action: ActionDefinition; readonly kind: string; readonly step: LadderStep | null },
): Promise<Rung> => {
  const { level, ceiling } = bounds(deps, action, kind, step);
  const evidence = await evidenceOf(deps, action, kind, step);
  const { success, lower, byItself, needed } = standing(level, ceiling, evidence);
  const { resolved, failed, harmful } = evidence;
  const { all = 0, over = 0 } = evidence.watched ?? {};
  const watched = level === 'observe' ? { watched: { incidents: all, lasted: all - over } } : {};
  const figures = { resolved, failed, harmful, success, lower, byItself, needed, ...watched };
  const moved = { since: step?.since ?? null, reason: step?.reason ?? null };
  return { action: action.id, entityKind: kind, level, ceiling, ...moved, ...figures };
};

/** Kinds that an action is meant for, was tried on, or was thought of for. */
async function kindsOf(
  { store }: ActDeps,
  action: ActionDefinition,
  known: readonly { readonly entityKind: string }[],
): Promise<readonly string[]> {
  const { entityKinds } = action.match;
  const met = entityKinds.length > 0 ? entityKinds : await store.ladder.kindsOf(action.id);
  return [...new Set([...met, ...known.map(({ entityKind }) => entityKind)])];
}

/**
 * Lets what is only observed be suggested, where the incidents that it is meant for have shown to last. Nothing is carried out
 * by that: a person still has to ask and to approve.
 */
export async function leaveObserve(deps: ActDeps): Promise<void> {
  const steps = await deps.store.ladder.all();
  for (const action of deps.actions) {
    const own = steps.filter((one) => one.action === action.id);
    for (const kind of await kindsOf(deps, action, own)) {
      const step = own.find(({ entityKind }) => entityKind === kind) ?? null;
      const { level, ceiling } = bounds(deps, action, kind, step);
      if (level !== 'observe' || ceiling === 'observe') continue;
      const { earned } = standing(level, ceiling, await evidenceOf(deps, action, kind, step));
      if (earned === level) continue;
      const since = Math.max(deps.clock.now(), (step?.since ?? 0) + 1);
      const moved = { action: action.id, entityKind: kind, level: earned, since, run: `watched ${step?.since ?? 0}` };
      await write(deps, { ...moved, reason: 'proven' }, VIGIA, level);
    }
  }
}

/** Where every action stands on every kind of entity that it is meant for or was tried on. */
export async function ladderOf(deps: ActDeps): Promise<readonly Rung[]> {
  const [steps, tallies] = await Promise.all([deps.store.ladder.all(), deps.store.outcomes.tally()]);
  const rungs: Rung[] = [];
  for (const action of deps.actions) {
    const known = [...steps, ...tallies].filter((one) => one.action === action.id);
    for (const kind of await kindsOf(deps, action, known)) {
      const step = steps.find((one) => one.action === action.id && one.entityKind === kind) ?? null;
      rungs.push(await rungOf(deps, { action, kind, step }));
    }
  }
  return rungs;
}

/** A person puts an action where they want it, as far as the owner's configuration allows. Throws `ACTION_UNKNOWN`. */
export async function putOnLadder(
  deps: ActDeps,
  wish: Pick<Rung, 'action' | 'entityKind' | 'level'>,
  by: string,
): Promise<Rung> {
  const action = deps.actions.find(({ id }) => id === wish.action);
  if (action === undefined || !LADDER.includes(wish.level))
    throw new VigiaError('ACTION_UNKNOWN', { action: wish.action });
  const before = await deps.store.ladder.get(action.id, wish.entityKind);
  const { level, ceiling } = bounds(deps, action, wish.entityKind, before);
  const since = Math.max(deps.clock.now(), (before?.since ?? 0) + 1);
  const step = {
    action: action.id,
    entityKind: wish.entityKind,
    level: mostCareful(wish.level, ceiling),
    since,
  } as const;
  await write(deps, { ...step, reason: 'person', run: `${by} ${since}` }, by, level);
  const now = await deps.store.ladder.get(action.id, wish.entityKind);
  return rungOf(deps, { action, kind: wish.entityKind, step: now });
}
