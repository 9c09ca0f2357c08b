import { distanceFrom, FAR, type NormalRange } from '../ml/normal-range.ts';
import type { Deviation } from '../model/evidence.ts';

/** A strength beyond says nothing more. */
const MOST_STRENGTH = 1000;

/** Whether the newest values, half of which must be there, are far from normal, `ahead` values after the end of what is known to be normal; null when not. */
export function deviationOf(
  feature: string,
  normal: NormalRange,
  { newest, ahead }: { readonly newest: ArrayLike<number>; readonly ahead: number },
): Deviation | null {
  const away = distanceFrom(normal, newest, ahead);
  if (away === null || Math.abs(away) < FAR) return null;
  const far = Math.abs(away);
  return {
    feature,
    way: away > 0 ? 'up' : 'down',
    strength: Math.min(MOST_STRENGTH, far),
    moved: far * normal.spread,
  };
}
