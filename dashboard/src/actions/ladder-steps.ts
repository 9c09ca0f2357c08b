import type { ActionMode } from '../../../src/model/action.ts';

/** From only watching to acting alone. Written here as the contract gives types only. */
export const LADDER: readonly ActionMode[] = ['observe', 'suggest', 'approve', 'auto'];

/** Whether a level is not above the limit. */
export const withinReach = (level: ActionMode, ceiling: ActionMode): boolean =>
  LADDER.indexOf(level) <= LADDER.indexOf(ceiling);
