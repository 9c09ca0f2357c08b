import { createRandom } from '../../ml/random.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { intervalAt } from './intervals.ts';
import { labelRows, type RowLabel } from './labels.ts';
import { notActedWeights } from './not-acted-weights.ts';

/** Rows that teach, of all entities, by entity and row. */
export interface TrainingRows {
  readonly count: number;
  /** Index into the fleet's entities. */
  readonly entity: Int32Array;
  readonly row: Int32Array;
  /** When the row was, in the fleet's time. */
  readonly at: Float64Array;
  /** See `RowLabel`. */
  readonly time: Float64Array;
  readonly failed: Uint8Array;
  readonly failure: Int32Array;
  readonly weight: Float64Array;
}

export interface RowChoice {
  readonly quiet: number;
  /** Ends of the intervals ahead; failures after the last one count as none when rows are left out. */
  readonly edges: Float64Array;
  readonly most: number;
  readonly seed: number;
  /** How far around a decision left to chance rows are weighted by it; default: up to the last edge. */
  readonly reach?: number;
}

/**
 * Labels all rows and keeps at most `most` of them: at least half of the room is for rows that lead to a failure within the last
 * edge, shared out evenly over the intervals, so that the few rows minutes before a failure are not lost among those days before
 * it; the rest is for the others. What is kept stands for what was left out, by its weight.
 */
export function chooseRows(entities: readonly EntityHistory[], choice: RowChoice): TrainingRows {
  const labels = entities.map((history) => labelRows(history, choice.quiet));
  const groupOf = (label: RowLabel, row: number): number =>
    label.failed[row] === 1 ? intervalAt(choice.edges, label.time[row]!) : choice.edges.length;
  const shares = sharesOf(labels, groupOf, choice);
  const random = createRandom(choice.seed);
  const kept: { entity: number; row: number; weight: number }[] = [];
  const reach = choice.reach ?? choice.edges.at(-1)!;
  for (const [entity, label] of labels.entries()) {
    const own = random.fork(entity);
    const chance = notActedWeights(entities[entity]!, reach);
    for (let row = 0; row < label.time.length; row++) {
      if (!(label.time[row]! > 0)) continue;
      const share = shares[groupOf(label, row)]!;
      const weight = ((entities[entity]!.weights?.[row] ?? 1) * (chance?.[row] ?? 1)) / share;
      if (weight > 0 && own.next() < share) kept.push({ entity, row, weight });
    }
  }
  return {
    count: kept.length,
    entity: Int32Array.from(kept, ({ entity }) => entity),
    row: Int32Array.from(kept, ({ row }) => row),
    at: Float64Array.from(kept, ({ entity, row }) => entities[entity]!.times[row]!),
    time: Float64Array.from(kept, ({ entity, row }) => labels[entity]!.time[row]!),
    failed: Uint8Array.from(kept, ({ entity, row }) => labels[entity]!.failed[row]!),
    failure: Int32Array.from(kept, ({ entity, row }) => labels[entity]!.failure[row]!),
    weight: Float64Array.from(kept, ({ weight }) => weight),
  };
}

/** Which share of the rows of each interval to keep, and last that of rows without a failure in sight. */
function sharesOf(
  labels: readonly RowLabel[],
  groupOf: (label: RowLabel, row: number) => number,
  { edges, most }: RowChoice,
): Float64Array {
  const counts = new Float64Array(edges.length + 1);
  for (const label of labels) {
    for (let row = 0; row < label.time.length; row++) if (label.time[row]! > 0) counts[groupOf(label, row)]! += 1;
  }
  const far = counts[edges.length]!;
  const shares = new Float64Array(edges.length + 1).fill(1);
  let room = Math.max(most / 2, most - far);
  // The small ones first: what they do not use is for the larger ones.
  const rising = [...edges.keys()].sort((a, b) => counts[a]! - counts[b]!);
  for (const [i, group] of rising.entries()) {
    const taken = Math.min(counts[group]!, room / (rising.length - i));
    if (counts[group]! > 0) shares[group] = taken / counts[group]!;
    room -= taken;
  }
  const near = rising.reduce((sum, group) => sum + shares[group]! * counts[group]!, 0);
  if (far > 0) shares[edges.length] = Math.min(1, (most - near) / far);
  return shares;
}

/** Calls `visit` once an entity with the stretch of training rows that are its own. */
export function eachEntity(rows: TrainingRows, visit: (entity: number, from: number, to: number) => void): void {
  for (let from = 0; from < rows.count;) {
    let to = from;
    while (to < rows.count && rows.entity[to] === rows.entity[from]) to++;
    visit(rows.entity[from]!, from, to);
    from = to;
  }
}
