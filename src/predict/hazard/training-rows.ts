import { createRandom } from '../../ml/random.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { intervalAt } from './intervals.ts';
import { eventfulness } from './eventfulness.ts';
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
  /** What the row stands for: its own weight, and those of the rows that were left out for it. */
  readonly weight: Float64Array;
  /**
   * How much members learn from it: in between its own weight and `weight`. With the latter the few rows that stand for
   * hundreds would drown those shortly before a failure; the stack and the calibration put the level right.
   */
  readonly lean: Float64Array;
}

/** Members learn from a row by its weight to this power of what it stands for. */
const LEAN = 0.5;

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
  const moves = entities.map(eventfulness);
  const shares = sharesOf(labels, groupOf, { ...choice, moves });
  const random = createRandom(choice.seed);
  const kept: { entity: number; row: number; weight: number; lean: number }[] = [];
  const reach = choice.reach ?? choice.edges.at(-1)!;
  for (const [entity, label] of labels.entries()) {
    const own = random.fork(entity);
    const chance = notActedWeights(entities[entity]!, reach);
    const weights = entities[entity]!.weights;
    for (let row = 0; row < label.time.length; row++) {
      if (!(label.time[row]! > 0)) continue;
      const share = Math.min(1, shares[groupOf(label, row)]! * moves[entity]![row]!);
      const weight = (weights?.[row] ?? 1) * (chance?.[row] ?? 1);
      if (weight > 0 && own.next() < share)
        kept.push({ entity, row, weight: weight / share, lean: weight / share ** LEAN });
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
    lean: Float64Array.from(kept, ({ lean }) => lean),
  };
}

/** Which share of the rows of each interval to keep for each unit of eventfulness, and last that of rows without a failure in sight. */
function sharesOf(
  labels: readonly RowLabel[],
  groupOf: (label: RowLabel, row: number) => number,
  { edges, most, moves }: RowChoice & { readonly moves: readonly Float32Array[] },
): Float64Array {
  const counts = new Float64Array(edges.length + 1);
  const sums = new Float64Array(edges.length + 1);
  for (const [entity, label] of labels.entries()) {
    for (let row = 0; row < label.time.length; row++) {
      if (!(label.time[row]! > 0)) continue;
      const group = groupOf(label, row);
      counts[group]! += 1;
      sums[group]! += moves[entity]![row]!;
    }
  }
  const shares = new Float64Array(edges.length + 1).fill(1);
  const take = (group: number, room: number): number => {
    if (counts[group]! > room) shares[group] = room / sums[group]!;
    return Math.min(counts[group]!, room);
  };
  let room = Math.max(most / 2, most - counts[edges.length]!);
  // The small ones first: what they do not use is for the larger ones.
  const rising = [...edges.keys()].sort((a, b) => counts[a]! - counts[b]!);
  let near = 0;
  for (const [i, group] of rising.entries()) {
    const taken = take(group, room / (rising.length - i));
    room -= taken;
    near += taken;
  }
  take(edges.length, most - near);
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
