import type { ActionMode } from './action.ts';

/** From the most careful to the boldest. */
export const LADDER: readonly ActionMode[] = ['observe', 'suggest', 'approve', 'auto'];

const height = (mode: ActionMode): number => LADDER.indexOf(mode);
export const boldest = (a: ActionMode, b: ActionMode): ActionMode => (height(a) >= height(b) ? a : b);
export const mostCareful = (a: ActionMode, b: ActionMode): ActionMode => (height(a) <= height(b) ? a : b);
export const nextUp = (mode: ActionMode): ActionMode | null => LADDER[height(mode) + 1] ?? null;

/** What the lower bound of success has to reach for a level. */
const NEEDED: Readonly<Record<ActionMode, number>> = { observe: 0, suggest: 0.3, approve: 0.5, auto: 0.7 };
/** Standard normal quantile of 95 %, one-sided. */
const Z = 1.6449;
/** With fewer incidents left alone nobody knows how many end by themselves. */
const LEAST_UNTOUCHED = 5;

/** One-sided 95 % lower bound of a share (Wilson, 1927); 0 without a case. */
export function lowerBound(hits: number, cases: number): number {
  if (cases === 0) return 0;
  const share = hits / cases;
  const square = Z * Z;
  const middle = share + square / (2 * cases);
  const spread = Z * Math.sqrt((share * (1 - share)) / cases + square / (4 * cases * cases));
  return Math.max(0, (middle - spread) / (1 + square / cases));
}

/** Verdicts of an action on one kind of entity, and how often such incidents end by themselves. */
export interface LadderEvidence {
  readonly resolved: number;
  readonly failed: number;
  readonly harmful: number;
  readonly untouched: { readonly all: number; readonly over: number };
  /** Incidents that it was thought of for and that were left alone: what there is to go by while it is only observed. */
  readonly watched?: { readonly all: number; readonly over: number };
}

export interface Standing {
  readonly success: number;
  readonly lower: number;
  readonly byItself: number;
  /** What the lower bound has to reach for the next level; null at the ceiling. */
  readonly needed: number | null;
  /** The level that is earned: one up at most. */
  readonly earned: ActionMode;
}

/**
 * Nobody may carry out what is only observed, so it cannot prove that it helps. What can be seen is whether it would be worth a
 * person's look: whether the incidents it is meant for outlast the time that it would need. Then it may be suggested.
 */
function worthALook(ceiling: ActionMode, { harmful, watched = { all: 0, over: 0 } }: LadderEvidence): Standing {
  const { all, over } = watched;
  const lasting = all - over;
  const lower = lowerBound(lasting, all);
  const needed = ceiling === 'observe' ? null : NEEDED.suggest;
  const climbs = needed !== null && harmful === 0 && all >= LEAST_UNTOUCHED && lower > needed;
  const byItself = all === 0 ? 0 : over / all;
  return { success: all === 0 ? 0 : lasting / all, lower, byItself, needed, earned: climbs ? 'suggest' : 'observe' };
}

/** Where the evidence puts an action that stands at `level` and may climb to `ceiling`. One harm bars the way up. */
export function standing(level: ActionMode, ceiling: ActionMode, evidence: LadderEvidence): Standing {
  if (level === 'observe') return worthALook(ceiling, evidence);
  const { resolved, failed, harmful, untouched } = evidence;
  const cases = resolved + failed;
  const byItself = untouched.all < LEAST_UNTOUCHED ? 0 : untouched.over / untouched.all;
  const lower = lowerBound(resolved, cases);
  const next = height(level) < height(ceiling) ? nextUp(level) : null;
  const needed = next === null ? null : Math.max(NEEDED[next], byItself);
  const climbs = next !== null && harmful === 0 && lower > Math.max(needed ?? 1, byItself);
  return { success: cases === 0 ? 0 : resolved / cases, lower, byItself, needed, earned: climbs ? next : level };
}
