/** What was said of one entity, and what came. Times, horizons and lengths are in one unit, whatever it is. */
export interface ScoredEntity {
  readonly entity: string;
  /** When something was said, never falling. */
  readonly times: Float64Array;
  /** rows × horizons, row-major. */
  readonly probabilities: Float64Array;
  /** By rising time, with those before the first row. */
  readonly failures: readonly { readonly time: number; readonly kind: string }[];
  /** Failures after this are not known of. */
  readonly observedTo: number;
}

/** A method beside which the model is put, on the very same rows. */
export interface Rival {
  /** `base-rate`, `recent-rate`, `straight-line`, or the version of a model. */
  readonly name: string;
  /** By entity, rows × horizons each. */
  readonly probabilities: readonly Float64Array[];
}

/** The first failure after a time, NaN where there is none. */
export function nextFailure(failures: ScoredEntity['failures'], time: number): number {
  let low = 0;
  let high = failures.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (failures[middle]!.time <= time) low = middle + 1;
    else high = middle;
  }
  return failures[low]?.time ?? Number.NaN;
}

/** Whether a failure came within `ahead` after a row: 1, 0, or -1 where nobody could see that far. */
export function outcomeOf({ failures, observedTo }: ScoredEntity, time: number, ahead: number): number {
  const next = nextFailure(failures, time);
  if (next <= time + ahead) return 1;
  return time + ahead <= observedTo ? 0 : -1;
}

/** Rows of one horizon whose outcome is known. */
export interface JudgedRows {
  readonly count: number;
  readonly label: Uint8Array;
  readonly chance: Float64Array;
  /** Rows that depend on each other share a cluster; numbered from 0. */
  readonly cluster: Int32Array;
  readonly clusters: number;
  /** Entity and row behind each. */
  readonly entity: Int32Array;
  readonly row: Int32Array;
}

/** From so many entities on, they alone are what is drawn again; below, each is cut into stretches of time. */
const ENOUGH_ENTITIES = 30;
const STRETCHES = 20;

/** Lays the rows of one horizon side by side. `width` is the number of horizons. */
export function judgedRows(
  entities: readonly ScoredEntity[],
  horizon: { readonly index: number; readonly value: number; readonly width: number },
): JudgedRows {
  const total = entities.reduce((sum, { times }) => sum + times.length, 0);
  const label = new Uint8Array(total);
  const chance = new Float64Array(total);
  const cluster = new Int32Array(total);
  const entityOf = new Int32Array(total);
  const rowOf = new Int32Array(total);
  const stretch = stretchOf(entities, horizon.value);
  const numbers = new Map<number, number>();
  let count = 0;
  for (const [index, scored] of entities.entries()) {
    const { times, probabilities } = scored;
    for (let row = 0; row < times.length; row++) {
      const outcome = outcomeOf(scored, times[row]!, horizon.value);
      if (outcome < 0) continue;
      label[count] = outcome;
      chance[count] = probabilities[row * horizon.width + horizon.index]!;
      const part = stretch === null ? 0 : Math.floor(times[row]! / stretch);
      const key = stretch === null ? index : (part * entities.length + index) % Number.MAX_SAFE_INTEGER;
      let number = numbers.get(key);
      if (number === undefined) numbers.set(key, (number = numbers.size));
      cluster[count] = number;
      entityOf[count] = index;
      rowOf[count++] = row;
    }
  }
  return {
    count,
    label: label.subarray(0, count),
    chance: chance.subarray(0, count),
    cluster: cluster.subarray(0, count),
    clusters: numbers.size,
    entity: entityOf.subarray(0, count),
    row: rowOf.subarray(0, count),
  };
}

/** Length of the stretches of time that few entities are cut into: longer than a label looks ahead. */
function stretchOf(entities: readonly ScoredEntity[], horizon: number): number | null {
  if (entities.length >= ENOUGH_ENTITIES) return null;
  const spans = entities.map(({ times }) => (times.length > 0 ? times.at(-1)! - times[0]! : 0));
  return Math.max(2 * horizon, Math.max(0, ...spans) / STRETCHES);
}
