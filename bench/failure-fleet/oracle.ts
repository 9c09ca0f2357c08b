import { FAILS_AT, RESCUED, RESCUED_AT, unknownRisk } from './kinds.ts';
import type { Hidden } from './life.ts';

const share = (x: number, [from, to]: readonly [number, number]): number =>
  Math.max(0, Math.min(1, (x - from) / (to - from)));

/**
 * Chance of a failure within each horizon by one who knows the generator: which episode runs, how far it is, how fast it goes, and
 * how often such an episode ends well. What is drawn later (whether this one ends well, and where it fails) is not known to it.
 */
export function oracleOf({ kind, progress, hours }: Hidden, row: number, horizons: readonly number[]): number[] {
  const z = progress[row]!;
  if (kind[row]! < 0) return horizons.map(unknownRisk);
  const open = RESCUED * (1 - share(z, RESCUED_AT));
  const fails = (1 - RESCUED) / (1 - RESCUED + open);
  const alive = 1 - share(z, FAILS_AT);
  return horizons.map((seconds) => {
    const reached = 1 - share(z + seconds / 3600 / hours[row]!, FAILS_AT);
    const within = alive > 0 ? 1 - reached / alive : 1;
    return 1 - (1 - fails * within) * (1 - unknownRisk(seconds));
  });
}

/** The oracle's word on rows of one entity: rows × horizons. */
export function oracleRows(hidden: Hidden, from: number, to: number, horizons: readonly number[]): Float64Array {
  const out = new Float64Array((to - from) * horizons.length);
  for (let row = from; row < to; row++) out.set(oracleOf(hidden, row, horizons), (row - from) * horizons.length);
  return out;
}
