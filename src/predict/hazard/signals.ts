import type { OperatingRegimes } from '../../ml/operating-regimes.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { against, type EntitySize, sizesOf } from './entity-size.ts';
import { fuseColumns } from './fuse-columns.ts';
import { fillKindRisk, type KindRisks } from './kind-risks.ts';
import { fillOwnViews, OWN_VIEWS, type OwnScale } from './own-signals.ts';

/**
 * How rows become signals: columns scaled inside their operating regime, their own views where entities are watched for long, fused
 * signals, each a weighted sum of columns or of views, and last the risk by what those say of each kind of failure. Everything in it was
 * learnt from training rows only.
 */
export interface SignalModel {
  readonly columns: readonly string[];
  readonly regimes: OperatingRegimes;
  /** Columns that are not constant. */
  readonly used: Int32Array;
  /** Null where entities are short runs: then there is no long past that says what is usual for one. */
  readonly own: OwnScale | null;
  /** Null where nothing tells how large entities are; never without `own`. */
  readonly size: EntitySize | null;
  /** fused × used: of the plain columns, or of the last of their views. */
  readonly fusing: Float64Array;
  readonly fused: number;
  /** Null where kinds have no directions of their own. */
  readonly risks: KindRisks | null;
  /** The usual time from one row to the next. */
  readonly step: number;
}

/** The signals of one entity's first rows. */
export interface Signals {
  readonly times: Float64Array;
  readonly rows: number;
  /** Signals (see `widthOf`) × rows, all rows of a signal together, maybe with room behind; NaN where missing. */
  readonly values: Float64Array;
}

type Shape = Pick<SignalModel, 'used' | 'own' | 'size'>;

/** Signals before the fused ones: used columns, then those against the entity's size, then the other views. */
export const plainWidth = ({ used, own, size }: Shape): number =>
  (own === null ? 1 : (size === null ? 1 : 2) + OWN_VIEWS) * used.length;

/** Whether anything is ever written there: not every column is seen against the entity's size. */
export const isWritten = ({ used, size }: Shape, signal: number): boolean =>
  size === null || signal < used.length || signal >= 2 * used.length || size.usual[signal - used.length]! > 0;

/** All signals. */
export const widthOf = (model: Shape & Pick<SignalModel, 'fused' | 'risks'>): number =>
  plainWidth(model) + model.fused + (model.risks === null ? 0 : 1);

/** Place of a plain signal's column among the used ones. */
export const columnOf = ({ used }: Shape, signal: number): number => signal % used.length;

/** Scaled values beyond this say only that something is far out. */
const LIMIT = 20;

/** For each column of the model where it stands in rows that have `columns`, -1 where it is gone. */
export function matchColumns(model: Pick<SignalModel, 'columns'>, columns: readonly string[]): Int32Array {
  const places = new Map(columns.map((name, i) => [name, i]));
  return Int32Array.from(model.columns, (name) => places.get(name) ?? -1);
}

/** Which rows to turn into signals, and where to. */
export interface SignalRows {
  /** See `matchColumns`. */
  readonly places: Int32Array;
  /** How many rows, from the first on. */
  readonly rows: number;
  /** Memory to use, if it is large enough. */
  readonly space?: Float64Array;
  /** For each signal whether anybody reads it; the others are left as they are. Default: all. */
  readonly wanted?: Uint8Array;
}

/** Signals of the first rows; a row's signals depend on that row and those before it alone. O(rows × columns × (1 + fused)). */
export function signalsOf(model: SignalModel, history: EntityHistory, asked: SignalRows): Signals {
  const { rows, space, wanted } = asked;
  const { used, own } = model;
  const width = widthOf(model);
  const plain = plainWidth(model);
  const values = space !== undefined && space.length >= rows * width ? space : new Float64Array(rows * width);
  const signals = { times: history.times, rows, values };
  const isWanted = (signal: number): boolean => wanted?.[signal] !== 0;
  const sums = sumsOf(model, (sum) => isWanted(plain + sum));
  const columns = used.length;
  const views = plain - OWN_VIEWS * columns;
  const areViewsWanted = (u: number): boolean => {
    for (let at = views + u; at < plain; at += columns) if (isWanted(at)) return true;
    return false;
  };
  const regimes = regimesOf(model, history, asked);
  scaleBySize(model, { history, asked }, signals);
  // Column by column: what belongs to one is looked up once.
  for (let u = 0; u < columns; u++) {
    if (isWanted(u) || (own === null && sums.fusing.length > 0))
      scaleColumn(model, u, { history, asked, regimes }, signals);
    if (own === null || (sums.fusing.length === 0 && !areViewsWanted(u))) continue;
    const place = asked.places[used[u]!]!;
    fillOwnViews(history, { scale: own, u, used: columns, place, stride: strideOf(history), views }, signals);
  }
  addSums(model, signals, sums);
  return signals;
}

/** Sums to make: those that are wanted, and those that the risk is made of where it is. */
interface Sums {
  readonly fusing: Int32Array;
  readonly risks: KindRisks | null;
}

function sumsOf({ fused, risks }: SignalModel, isWanted: (sum: number) => boolean): Sums {
  const made = risks !== null && isWanted(fused) ? risks : null;
  return { fusing: range(fused).filter((f) => isWanted(f) || made?.of.includes(f) === true), risks: made };
}

function addSums(model: SignalModel, { values, rows }: Signals, { fusing, risks }: Sums): void {
  const columns = model.used.length;
  const to = plainWidth(model);
  if (fusing.length > 0)
    fuseColumns({ values, rows, first: to - columns, columns, to, weights: model.fusing, wanted: fusing });
  if (risks !== null) fillKindRisk(risks, { values, rows, fused: to, to: to + model.fused });
}

const range = (length: number): Int32Array => Int32Array.from({ length }, (_, i) => i);

const strideOf = ({ times, values }: EntityHistory): number => (times.length > 0 ? values.length / times.length : 0);

/** The regime of each row; null where there is one. */
function regimesOf({ regimes }: SignalModel, history: EntityHistory, { places, rows }: SignalRows): Int32Array | null {
  if (regimes.count === 1) return null;
  const stride = strideOf(history);
  const found = new Int32Array(rows);
  const raw = new Float64Array(places.length).fill(Number.NaN);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < places.length; c++) {
      if (places[c]! < 0) continue;
      const x = history.values[row * stride + places[c]!]!;
      raw[c] = x - x === 0 ? x : Number.NaN;
    }
    found[row] = regimes.regimeOf(raw);
  }
  return found;
}

interface ColumnRows {
  readonly history: EntityHistory;
  readonly asked: SignalRows;
  readonly regimes: Int32Array | null;
}

/** One used column of all rows. */
function scaleColumn(model: SignalModel, u: number, { history, asked, regimes }: ColumnRows, signals: Signals): void {
  const { mean, scale, columns } = model.regimes;
  const { values, rows } = signals;
  const column = model.used[u]!;
  const place = asked.places[column]!;
  const stride = strideOf(history);
  for (let row = 0, from = place, to = u * rows; row < rows; row++, from += stride, to++) {
    const raw = place < 0 ? Number.NaN : history.values[from]!;
    const at = regimes === null ? column : regimes[row]! * columns + column;
    // Infinity counts as missing.
    const x = raw - raw === 0 ? (raw - mean[at]!) / scale[at]! : Number.NaN;
    values[to] = x > LIMIT ? LIMIT : x < -LIMIT ? -LIMIT : x;
  }
}

/** The columns that are seen against the size of their entity; NaN for the others. */
function scaleBySize(
  { used, own, size }: SignalModel,
  { history, asked: { places, wanted } }: Omit<ColumnRows, 'regimes'>,
  { values, rows }: Signals,
): void {
  if (own === null || size === null) return;
  const asked = [...used.keys()].filter((u) => wanted?.[used.length + u] !== 0);
  if (asked.length === 0) return;
  const stride = strideOf(history);
  const { yardstick, usual } = size;
  const sizes = sizesOf(history, { scale: own, yardstick, place: places[used[yardstick]!]!, stride }, rows);
  for (const u of asked) {
    const place = usual[u]! > 0 ? places[used[u]!]! : -1;
    for (let row = 0, from = place, to = (used.length + u) * rows; row < rows; row++, from += stride, to++)
      values[to] = place < 0 ? Number.NaN : against(history.values[from]!, sizes[row]!, usual[u]!);
  }
}

/** Median of the times from one row of an entity to the next later one; 1 where there are none. */
export function usualStep(entities: readonly EntityHistory[]): number {
  const steps: number[] = [];
  for (const { times } of entities) {
    // Some of each entity, so that one with a million rows does not decide alone.
    const every = Math.max(1, Math.floor(times.length / 50));
    for (let row = 1; row < times.length; row += every) {
      const step = times[row]! - times[row - 1]!;
      if (step > 0) steps.push(step);
    }
    if (steps.length > 100_000) break;
  }
  return steps.length > 0 ? steps.sort((a, b) => a - b)[steps.length >> 1]! : 1;
}
