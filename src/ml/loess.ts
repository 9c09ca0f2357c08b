export type LocalFitOptions = {
  /** Rows that take part in a local fit; more than there are widens the neighbourhood instead. */
  readonly span: number;
  /** Fit at every so many rows, and draw straight lines between. Default 1. */
  readonly jump?: number;
  /** Weight of each row, at least 0. */
  readonly weights?: Float64Array;
};

export type Neighbourhood = { readonly at: number; readonly low: number; readonly high: number };

/** Distances below and beyond these shares of the neighbourhood count as none and as all of it. */
const NEAR = 0.001;
const FAR = 0.999;

/**
 * Local regression of equally spaced values (Cleveland, 1979): at each row a straight line through its `span` nearest rows,
 * with tricube weights. A row whose neighbours all weigh nothing keeps its value. O(rows × span / jump).
 */
export function smooth(values: Float64Array, options: LocalFitOptions): Float64Array {
  const n = values.length;
  const span = Math.min(options.span, n);
  const half = (options.span + 1) >> 1;
  const jump = Math.max(1, Math.min(options.jump ?? 1, n - 1));
  const out = new Float64Array(n);
  for (let at = 0, last = 0; at < n; at = at === n - 1 ? n : Math.min(n - 1, at + jump)) {
    const low = Math.min(Math.max(0, at + 1 - half), n - span);
    const fitted = localFit(values, options, { at, low, high: low + span - 1 });
    out[at] = Number.isNaN(fitted) ? values[at]! : fitted;
    for (let i = last + 1; i < at; i++) out[i] = out[last]! + ((out[at]! - out[last]!) * (i - last)) / (at - last);
    last = at;
  }
  return out;
}

/** The line through rows `low … high` at position `at`, which may lie outside; NaN when no row there has weight. */
export function localFit(
  values: Float64Array,
  { span, weights }: LocalFitOptions,
  { at, low, high }: Neighbourhood,
): number {
  const n = values.length;
  const reach = Math.max(at - low, high - at) + (span > n ? (span - n) >> 1 : 0);
  let total = 0;
  let first = 0;
  let second = 0;
  let sum = 0;
  let sumFirst = 0;
  for (let j = low; j <= high; j++) {
    const distance = Math.abs(j - at);
    if (distance > FAR * reach) continue;
    const share = distance / reach;
    // Multiplied out: a power costs more than all the rest.
    const rest = 1 - share * share * share;
    const near = distance <= NEAR * reach ? 1 : rest * rest * rest;
    const weight = near * (weights?.[j] ?? 1);
    const offset = j - at;
    total += weight;
    first += weight * offset;
    second += weight * offset * offset;
    sum += weight * values[j]!;
    sumFirst += weight * offset * values[j]!;
  }
  if (!(total > 0)) return Number.NaN;
  const centre = first / total;
  const spread = second / total - centre * centre;
  const level = sum / total;
  // All weight at about one place: the line has no slope to find.
  if (reach === 0 || Math.sqrt(Math.max(0, spread)) <= NEAR * (n - 1)) return level;
  return level - ((sumFirst / total - centre * level) / spread) * centre;
}
