import { createRandom } from '../../ml/random.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { labelRows, type RowLabel } from './labels.ts';

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
  /** Failures further ahead count as none when rows are left out. */
  readonly reach: number;
  readonly most: number;
  readonly seed: number;
}

/**
 * Labels all rows and keeps at most `most` of them: of those that lead to a failure within reach up to half of the room, of the
 * others as many as fit. What is kept stands for what was left out, by its weight. Needs two passes, but never all rows at once.
 */
export function chooseRows(entities: readonly EntityHistory[], choice: RowChoice): TrainingRows {
  const labels = entities.map((history) => labelRows(history, choice.quiet));
  const isNear = (label: RowLabel, row: number): boolean => label.failed[row] === 1 && label.time[row]! <= choice.reach;
  const shares = sharesOf(labels, isNear, choice.most);
  const random = createRandom(choice.seed);
  const kept: { entity: number; row: number; weight: number }[] = [];
  for (const [entity, label] of labels.entries()) {
    const own = random.fork(entity);
    for (let row = 0; row < label.time.length; row++) {
      if (!(label.time[row]! > 0)) continue;
      const share = isNear(label, row) ? shares.near : shares.far;
      const weight = (entities[entity]!.weights?.[row] ?? 1) / share;
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

/** Which share of the rows near a failure, and of the others, to keep. */
function sharesOf(labels: readonly RowLabel[], isNear: (label: RowLabel, row: number) => boolean, most: number) {
  let near = 0;
  let far = 0;
  for (const label of labels) {
    for (let row = 0; row < label.time.length; row++) {
      if (!(label.time[row]! > 0)) continue;
      if (isNear(label, row)) near++;
      else far++;
    }
  }
  const nearShare = Math.min(1, Math.max(most / 2, most - far) / Math.max(1, near));
  return { near: nearShare, far: Math.min(1, (most - nearShare * near) / Math.max(1, far)) };
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
