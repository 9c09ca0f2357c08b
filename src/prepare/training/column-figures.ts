/** What one feature's rows look like, put together from several entities. */
export interface ColumnFigures {
  /** Each entity's values less their mean, over their deviation; 0 where missing. */
  readonly scaled: Float32Array;
  /** 1 where there is a value. */
  readonly there: Uint8Array;
  /** Rows with a value. */
  readonly count: number;
  readonly constant: boolean;
  /** Correlation of a value with the one before it, pooled over entities; 0 when there are too few. */
  readonly memory: number;
}

/** Deviations below this share of the mean are rounding: frames are float32. */
const ROUNDING = 1e-6;

interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
}

function momentsOf(values: Float32Array): Moments {
  let [count, mean, squares] = [0, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    count += 1;
    const distance = value - mean;
    mean += distance / count;
    squares += distance * (value - mean);
  }
  return { count, mean, deviation: count > 1 ? Math.sqrt(squares / count) : 0 };
}

/** Figures of one feature; `parts` are its values by entity, each in the order of time, all entities' rows one after the other. */
export function columnFigures(parts: readonly Float32Array[]): ColumnFigures {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const scaled = new Float32Array(length);
  const there = new Uint8Array(length);
  let [at, count, pairs, products] = [0, 0, 0, 0];
  let constant = true;
  for (const part of parts) {
    const { count: some, mean, deviation } = momentsOf(part);
    const moves = deviation > ROUNDING * Math.abs(mean) && deviation > 0;
    if (moves) constant = false;
    count += some;
    for (let i = 0; i < part.length; i++, at++) {
      if (!Number.isFinite(part[i]!)) continue;
      there[at] = 1;
      if (!moves) continue;
      scaled[at] = (part[i]! - mean) / deviation;
      if (i === 0 || there[at - 1] === 0) continue;
      pairs += 1;
      products += scaled[at]! * scaled[at - 1]!;
    }
  }
  return { scaled, there, count, constant, memory: pairs > 0 ? products / pairs : 0 };
}

/** Pearson's correlation over the rows that have both; 0 when they are fewer than `least`. O(rows). */
export function correlation(a: ColumnFigures, b: ColumnFigures, least: number): number {
  let [both, products, squaresA, squaresB] = [0, 0, 0, 0];
  for (let i = 0; i < a.scaled.length; i++) {
    if ((a.there[i]! & b.there[i]!) === 0) continue;
    const [x, y] = [a.scaled[i]!, b.scaled[i]!];
    both += 1;
    products += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  if (both < least || squaresA === 0 || squaresB === 0) return 0;
  return products / Math.sqrt(squaresA * squaresB);
}
