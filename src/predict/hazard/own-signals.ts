import type { EntityHistory, FleetHistory } from '../../model/predictor.ts';

/**
 * How the columns of entities that are watched for long are seen beside their plain values. A column is put on the scale on which entities
 * move alike: that of its values (a share in use goes up by as much for one as for another), or one that is straight near 0 and runs like a
 * logarithm far out (a queue three times as long as usual is as far away for a small entity as for a large one). One number a used
 * column; learnt from training rows only.
 */
export interface OwnScale {
  /** What values are counted in: most sizes that the column has are larger. */
  readonly unit: Float64Array;
  /** 1 where the scale turns logarithmic from about one unit on. */
  readonly bent: Uint8Array;
  /** Usual deviation of an entity from its own mean, on that scale. */
  readonly within: Float64Array;
}

/**
 * What each column is seen as, in this order, behind the plain columns and those against the entity's size: `rarity`, its distance from what is usual for the entity in the
 * entity's own deviations, bounded; and `change`, that distance in units that are the same for all, over which columns are fused.
 */
export const OWN_VIEWS = 2;

/** Values before anything is said of what is usual. */
const LEAST_VALUES = 12;
/** Steps over which what is usual follows: a week of five minutes. */
const MEMORY_STEPS = 2016;
/** A value further out moves what is usual as far as this one, in deviations (Huber, 1964): failures do not become usual. */
const CLIP = 3;
/** Least deviation of an entity, in usual deviations of the fleet: a column that stood still all week is not infinitely rare. */
const LEAST_DEVIATION = 0.02;
/** Where rarity bends: at so many deviations it is half of what it was, and it never comes to more. */
const BEND = 8;
/** Share of the sizes of a column that are small. */
const SMALL = 0.1;
/** Changes beyond this say only that something is far out. */
const LIMIT = 20;

/** A value on the scale of a column. */
export const placed = (x: number, unit: number, bent: boolean): number =>
  !bent ? x / unit : x < 0 ? -Math.log(1 - x / unit) : Math.log(1 + x / unit);

/** The value that stands at a place above 0 of a column's scale. */
export const valueAt = (place: number, unit: number, bent: boolean): number =>
  unit * (bent ? Math.exp(place) - 1 : place);

export const isKnown = (x: number): boolean => x - x === 0;

/** Learns the scales of some columns from every so many rows. O(rows taken × columns). */
export function learnOwnScale({ columns, entities }: FleetHistory, used: Int32Array, stride: number): OwnScale {
  const array = (): Float64Array => new Float64Array(used.length);
  const scale = { unit: array(), bent: new Uint8Array(used.length), within: array() };
  used.forEach((column, u) => {
    const values = entities.map((history) => valuesOf(history, column, { width: columns.length, stride }));
    const unit = smallSize(values);
    const on = (bent: boolean): number[][] => values.map((own) => around(own.map((x) => placed(x, unit, bent))));
    const [straight, log] = [on(false), on(true)];
    const bent = unevenness(log) < unevenness(straight);
    scale.unit[u] = unit;
    scale.bent[u] = Number(bent);
    scale.within[u] = spreadOf((bent ? log : straight).flat());
  });
  return scale;
}

/** How much entities differ in how far they move: the deviation of the logarithm of their deviations. Those that stand still say nothing. */
function unevenness(away: readonly (readonly number[])[]): number {
  const spreads = away.filter((own) => own.length > 1).map(spreadOf);
  return spreadOf(around(spreads.filter((spread) => spread > LEAST_SPREAD).map(Math.log)));
}

interface Sampling {
  readonly width: number;
  readonly stride: number;
}

/** Known values of a column, of every so many rows. */
export function valuesOf({ times, values }: EntityHistory, column: number, { width, stride }: Sampling): number[] {
  const found: number[] = [];
  for (let row = 0; row < times.length; row += stride) {
    const x = values[row * width + column]!;
    if (isKnown(x)) found.push(x);
  }
  return found;
}

/** The size that all but a tenth of those that are not 0 exceed; 1 where there are none. */
function smallSize(values: readonly (readonly number[])[]): number {
  const sizes = Float64Array.from(values.flatMap((own) => own.filter((x) => x !== 0).map(Math.abs))).sort();
  return sizes[Math.floor(SMALL * sizes.length)] ?? 1;
}

const meanOf = (values: readonly number[]): number =>
  values.length > 0 ? values.reduce((sum, x) => sum + x, 0) / values.length : 0;

function around(own: readonly number[]): number[] {
  const mean = meanOf(own);
  return own.map((x) => x - mean);
}

const LEAST_SPREAD = 1e-6;
/** Root of the mean square, never 0. */
const spreadOf = (away: readonly number[]): number => Math.max(LEAST_SPREAD, Math.sqrt(meanOf(away.map((x) => x * x))));

/** One column of one entity: where to read it, and where its views go. */
export interface OwnColumn {
  readonly scale: OwnScale;
  /** Place among the used columns, and how many those are. */
  readonly u: number;
  readonly used: number;
  /** Place in the history's rows, -1 where it is gone, and how wide those are. */
  readonly place: number;
  readonly stride: number;
  /** The first column's first view among the signals. */
  readonly views: number;
}

/** Where views are written: signals × rows. */
interface Target {
  readonly values: Float64Array;
  readonly rows: number;
}

/**
 * Writes the views of a column, row after row: what is usual is known from the rows before alone. NaN where the value is missing, and
 * until enough was seen.
 */
export function fillOwnViews(
  history: Pick<EntityHistory, 'values'>,
  { scale, u, used, place, stride, views }: OwnColumn,
  { values, rows }: Target,
): void {
  const [unit, bent, within] = [scale.unit[u]!, scale.bent[u] === 1, scale.within[u]!];
  const perWithin = 1 / within;
  const usual = new Usual(within);
  const toChange = used * rows;
  for (let row = 0, from = place, to = (views + u) * rows; row < rows; row++, from += stride, to++) {
    const raw = place < 0 ? Number.NaN : history.values[from]!;
    if (!isKnown(raw)) {
      values[to] = values[to + toChange] = Number.NaN;
      continue;
    }
    const x = placed(raw, unit, bent);
    const change = usual.away(x) * perWithin;
    values[to + toChange] = change > LIMIT ? LIMIT : change < -LIMIT ? -LIMIT : change;
    const far = usual.take(x);
    values[to] = (BEND * far) / (BEND + Math.abs(far));
  }
}

/**
 * Mean and deviation of the values so far: first of all alike, later forgetting, each value bounded. `within` is the usual deviation of
 * an entity.
 */
export class Usual {
  private readonly least: number;
  private seen = 0;
  private mean = 0;
  private deviation = 0;

  constructor(within: number) {
    this.least = LEAST_DEVIATION * within;
  }

  /** NaN until enough was seen. */
  get level(): number {
    return this.seen < LEAST_VALUES ? Number.NaN : this.mean;
  }

  /** Distance from the mean; NaN until enough was seen. */
  away(x: number): number {
    return x - this.level;
  }

  /** Learns a value; returns its distance from the mean before, in deviations. */
  take(x: number): number {
    this.seen++;
    if (this.seen <= LEAST_VALUES) return this.begin(x);
    const far = (x - this.mean) / this.deviation;
    const rate = Math.max(1 / this.seen, 1 / MEMORY_STEPS);
    const kept = far > CLIP ? CLIP : far < -CLIP ? -CLIP : far;
    this.mean += rate * this.deviation * kept;
    // The square moves by the rate, so the deviation by half of it.
    const next = this.deviation * (1 + 0.5 * rate * (kept * kept - 1));
    this.deviation = next > this.least ? next : this.least;
    return far;
  }

  /** The first values, one by one (Welford, 1962). */
  private begin(x: number): number {
    const delta = x - this.mean;
    this.mean += delta / this.seen;
    this.deviation += delta * (x - this.mean);
    if (this.seen === LEAST_VALUES) this.deviation = Math.max(this.least, Math.sqrt(this.deviation / LEAST_VALUES));
    return Number.NaN;
  }
}
