import { outcomeOf, type ScoredEntity } from '../evaluation/scored.ts';

export interface Comparison {
  /** Mean log loss saved by the first a row and horizon. */
  readonly gain: number;
  /** Gain as a share of the log loss of the second. */
  readonly share: number;
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
  let rivalLoss = 0;
  const failures = new Set<string>();
  for (const [e, scored] of entities.entries()) {
    for (const [row, time] of scored.times.entries()) {
      for (const [h, horizon] of horizons.entries()) {
        const outcome = outcomeOf(scored, time, horizon);
        if (outcome < 0) continue;
        if (outcome === 1) failures.add(`${scored.entity} ${scored.failures.find((one) => one.time > time)?.time}`);
        const at = row * horizons.length + h;
        const rivals = loss(outcome, rival[e]![at]!);
        rivalLoss += rivals;
        const gain = rivals - loss(outcome, scored.probabilities[at]!);
        const key = `${scored.entity} ${Math.floor(time / DAY)}`;
        const cluster = clusters.get(key);
        if (cluster === undefined) clusters.set(key, { gain, rows: 1 });
        else Object.assign(cluster, { gain: cluster.gain + gain, rows: cluster.rows + 1 });
      }
    }
  }
  const { gain, z, rows } = ratio([...clusters.values()]);
  const share = rivalLoss > 0 ? (gain * rows) / rivalLoss : 0;
  return { gain, share, z, clusters: clusters.size, failures: failures.size };
}

/** A ratio of sums over clusters, with the standard error of the linearised ratio. */
function ratio(clusters: readonly { readonly gain: number; readonly rows: number }[]): {
  gain: number;
  z: number;
  rows: number;
} {
  const rows = clusters.reduce((sum, one) => sum + one.rows, 0);
  if (rows === 0 || clusters.length < 2) return { gain: 0, z: 0, rows };
  const gain = clusters.reduce((sum, one) => sum + one.gain, 0) / rows;
  const squares = clusters.reduce((sum, one) => sum + (one.gain - gain * one.rows) ** 2, 0);
  const error = Math.sqrt((squares * clusters.length) / (clusters.length - 1)) / rows;
  return { gain, z: error > 0 ? gain / error : 0, rows };
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

/**
 * With enough rows any difference becomes sure, and the base rate is put together from the very rows that judge it. A model that
 * is off by the factor r says r·p where p is right and loses p·(r − 1 − ln r) a row, of the p·(1 − ln p) that the base rate
 * loses: for r = 5/4, which still counts as calibrated, that is 0.5 % where 1 in 100 rows fails and 0.8 % where 1 in 10 does.
 * Less than this says of a model that its level is a little off, not that it has nothing to say.
 */
const LEAST_LOSS = 0.01;

/** Whether the first is worse than the second for sure, and by more than what a level that is a little off costs. */
export const clearlyWorse = (compared: Comparison): boolean =>
  verdictOf(compared) === 'second' && compared.share <= -LEAST_LOSS;
