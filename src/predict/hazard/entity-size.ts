import type { EntityHistory, FleetHistory } from '../../model/predictor.ts';
import { isKnown, type OwnScale, placed, Usual, valueAt, valuesOf } from './own-signals.ts';

/**
 * How large an entity is, by what one column usually reads there: requests, or bytes. A queue of a thousand is nothing for one entity and
 * the end of another; how far it has come shows against what the entity usually handles, and neither in its own value nor in how many
 * times longer than usual it is. Learnt from training rows only.
 */
export interface EntitySize {
  /** Place among the used columns of the one that sizes are read from. */
  readonly yardstick: number;
  /** By used column: what its values come to against the size of their entity (root mean square); 0 where that says nothing. */
  readonly usual: Float64Array;
}

/** Levels of two columns that go together so closely over entities speak of their size. */
const TOGETHER = 0.7;
/** Fewer entities say nothing of how columns go together. */
const LEAST_ENTITIES = 12;

/**
 * The column whose usual level goes together most with those of others, among columns that entities move on by factors rather than by
 * amounts: only what grows with an entity has a size to be seen against. Null where no two go together. From every so many rows.
 * O(columns × (rows taken + columns × entities)).
 */
export function learnEntitySize(
  { columns, entities }: FleetHistory,
  { used, scale, stride }: { readonly used: Int32Array; readonly scale: OwnScale; readonly stride: number },
): EntitySize | null {
  const values = Array.from(used, (column, u) =>
    scale.bent[u] === 1
      ? entities.map((history) => valuesOf(history, column, { width: columns.length, stride }))
      : null,
  );
  const levels = values.map(
    (all, u) => all?.map((own) => meanOf(own.map((x) => placed(x, scale.unit[u]!, true)))) ?? null,
  );
  const yardstick = yardstickOf(levels);
  if (yardstick < 0) return null;
  const sizes = levels[yardstick]!.map((level) => valueAt(level, scale.unit[yardstick]!, true));
  const usual = Float64Array.from(values, (all, u) => (all === null || u === yardstick ? 0 : ratioOf(all, sizes)));
  return { yardstick, usual };
}

/** The column that goes together most with others that it goes together with at all; -1 where none does. */
function yardstickOf(levels: readonly (readonly number[] | null)[]): number {
  let best = { yardstick: -1, together: 0 };
  for (const [u, level] of levels.entries()) {
    if (level === null) continue;
    const others = levels.flatMap((other, v) => (other === null || v === u ? [] : [correlation(level, other)]));
    if (!others.some((r) => r >= TOGETHER)) continue;
    const together = others.reduce((sum, r) => sum + Math.max(0, r) ** 2, 0);
    if (together > best.together) best = { yardstick: u, together };
  }
  return best.yardstick;
}

const meanOf = (values: readonly number[]): number =>
  values.length > 0 ? values.reduce((sum, x) => sum + x, 0) / values.length : Number.NaN;

/** Pearson's, over the entities that have both; 0 with too few. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const both = [...a.keys()].filter((e) => isKnown(a[e]! + b[e]!));
  if (both.length < LEAST_ENTITIES) return 0;
  const [ma, mb] = [a, b].map((all) => both.reduce((sum, e) => sum + all[e]! / both.length, 0));
  let [aa, bb, ab] = [0, 0, 0];
  for (const e of both) {
    const [x, y] = [a[e]! - ma!, b[e]! - mb!];
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

/** Root mean square of what values come to against sizes; 0 where there are none. */
function ratioOf(entities: readonly (readonly number[])[], sizes: readonly number[]): number {
  let [sum, count] = [0, 0];
  for (const [e, own] of entities.entries()) {
    const size = sizes[e]!;
    if (!(size > 0)) continue;
    for (const x of own) sum += (x / size) ** 2;
    count += own.length;
  }
  return count > 0 ? Math.sqrt(sum / count) : 0;
}

/** Where to read an entity's sizes from. */
interface SizeColumn {
  readonly scale: OwnScale;
  readonly yardstick: number;
  /** Place in the history's rows, -1 where it is gone, and how wide those are. */
  readonly place: number;
  readonly stride: number;
}

/** The size of an entity at each row, from the rows before it alone; NaN until enough was seen. */
export function sizesOf(
  { values }: Pick<EntityHistory, 'values'>,
  { scale, yardstick, place, stride }: SizeColumn,
  rows: number,
): Float64Array {
  const [unit, bent] = [scale.unit[yardstick]!, scale.bent[yardstick] === 1];
  const usual = new Usual(scale.within[yardstick]!);
  const sizes = new Float64Array(rows).fill(Number.NaN);
  if (place < 0) return sizes;
  for (let row = 0, from = place; row < rows; row++, from += stride) {
    const size = valueAt(usual.level, unit, bent);
    if (size > 0) sizes[row] = size;
    const x = values[from]!;
    if (isKnown(x)) usual.take(placed(x, unit, bent));
  }
  return sizes;
}

/**
 * A value against the size of its entity: straight up to about what that usually is, and like a logarithm far out. NaN where either is
 * not known.
 */
export function against(x: number, size: number, usual: number): number {
  return isKnown(x) ? placed(x / size, usual, true) : Number.NaN;
}
