import { type ActionDefinition, matchesPattern, type Precondition } from '../model/action-definition.ts';
import type { EntityId } from '../model/entity.ts';
import type { Store } from '../store/store.ts';

/** A value older than this many steps tells nothing of now. */
const FRESH_STEPS = 12;

/** A condition as people read it: `up > 0.5`. */
export const told = ({ feature, above, below }: Precondition): string =>
  [feature, above === undefined ? '' : `> ${above}`, below === undefined ? '' : `< ${below}`].filter(Boolean).join(' ');

/** Whether a value is what a condition asks for; a missing one is not. */
export const fulfils = ({ above, below }: Precondition, value: number): boolean =>
  Number.isFinite(value) && value > (above ?? Number.NEGATIVE_INFINITY) && value < (below ?? Number.POSITIVE_INFINITY);

/** The first precondition that the newest values do not fulfil; null when all are. A missing value fulfils nothing. */
export async function unmetOf(
  store: Pick<Store, 'frames'>,
  { preconditions = [] }: ActionDefinition,
  { entity, now, stepMs }: { readonly entity: EntityId; readonly now: number; readonly stepMs: number },
): Promise<string | null> {
  if (preconditions.length === 0) return null;
  const range = { from: now - FRESH_STEPS * stepMs, to: now + stepMs };
  const columns = await store.frames.columns({ entity, tier: 'step', range, features: null, limit: FRESH_STEPS + 1 });
  const newestOf = (pattern: string): number => {
    const row = columns.features.findIndex((name) => name === pattern || matchesPattern(pattern, name));
    return columns.mean[row]?.findLast((value) => Number.isFinite(value)) ?? Number.NaN;
  };
  const wrong = preconditions.find((one) => !fulfils(one, newestOf(one.feature)));
  return wrong === undefined ? null : told(wrong);
}
