import { outcomeOf, type ScoredEntity } from '../evaluation/scored.ts';

export interface Comparison {
  /** Mean log loss saved by the first a row and horizon. */
  readonly gain: number;
  /** Gain over its standard error, by clusters of an entity's day. */
  readonly z: number;
  readonly clusters: number;
  readonly failures: number;
}

const FLOOR = 1e-6;
const DAY = 86_400;

const loss = (label: number, chance: number): number => {
  const p = Math.min(1 - FLOOR, Math.max(FLOOR, chance));
  return label === 1 ? -Math.log(p) : -Math.log(1 - p);
};

/**
 * Puts what two models said of the very same rows side by side. Rows of one entity and day hang together, so days are
 * what is counted (a paired test by clusters). `rival` has the probabilities of the second, entity by entity.
 */
export function compare(
  entities: readonly ScoredEntity[],
  rival: readonly ArrayLike<number>[],
  horizons: readonly number[],
): Comparison {
  const clusters = new Map<string, { gain: number; rows: number }>();
  const failures = new Set<string>();
  for (const [e, scored] of entities.entries()) {
    for (const [row, time] of scored.times.entries()) {
      for (const [h, horizon] of horizons.entries()) {
        const outcome = outcomeOf(scored, time, horizon);
        if (outcome < 0) continue;
        if (outcome === 1) failures.add(`${scored.entity} ${scored.failures.find((one) => one.time > time)?.time}`);
        const at = row * horizons.length + h;
        const gain = loss(outcome, rival[e]![at]!) - loss(outcome, scored.probabilities[at]!);
        const key = `${scored.entity} ${Math.floor(time / DAY)}`;
        const cluster = clusters.get(key);
        if (cluster === undefined) clusters.set(key, { gain, rows: 1 });
        else Object.assign(cluster, { gain: cluster.gain + gain, rows: cluster.rows + 1 });
      }
    }
  }
  return { ...ratio([...clusters.values()]), clusters: clusters.size, failures: failures.size };
}

/** A ratio of sums over clusters, with the standard error of the linearised ratio. */
function ratio(clusters: readonly { readonly gain: number; readonly rows: number }[]): { gain: number; z: number } {
  const rows = clusters.reduce((sum, one) => sum + one.rows, 0);
  if (rows === 0 || clusters.length < 2) return { gain: 0, z: 0 };
  const gain = clusters.reduce((sum, one) => sum + one.gain, 0) / rows;
  const squares = clusters.reduce((sum, one) => sum + (one.gain - gain * one.rows) ** 2, 0);
  const error = Math.sqrt((squares * clusters.length) / (clusters.length - 1)) / rows;
  return { gain, z: error > 0 ? gain / error : 0 };
}

/** One-sided 5 %. */
const SURE = 1.645;
/** Fewer failures or entity-days say nothing of which is better. */
const LEAST = { failures: 5, clusters: 10 } as const;

/** Whether the first is better, the second is, or nobody can tell yet. */
export function verdictOf({ z, clusters, failures }: Comparison): 'first' | 'second' | 'open' {
  if (failures < LEAST.failures || clusters < LEAST.clusters) return 'open';
  return z >= SURE ? 'first' : z <= -SURE ? 'second' : 'open';
}
