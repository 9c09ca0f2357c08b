import type { EntityHistory } from '../../model/predictor.ts';

/** Shares that a new row has in the means that follow quickly and slowly. */
const QUICK = 0.3;
const SLOW = 1 / 200;
/** Rows until the slow ones are worth comparing with. */
const SETTLED = 30;
/** Deviations within which a column counts as usual. */
const USUAL = 2;
/** The most eventful rows count for so many others. */
const MOST = 16;
/** Variance of a quick mean of independent values, as a part of theirs. */
const QUICK_VARIANCE = QUICK / (2 - QUICK);

/**
 * How much happens at each row of an entity, 1 (as usual) to 16: how far a quick mean of its columns stands from a slow one, in
 * deviations. Rows are left out by it: what looks like a beginning and ends well is as rare as failures are, and models have to see
 * it. Not comparable between entities. O(rows × columns).
 */
export function eventfulness({ times, values }: EntityHistory): Float32Array {
  const rows = times.length;
  const columns = rows > 0 ? values.length / rows : 0;
  const out = new Float32Array(rows);
  const [quick, slow, spread] = [0, 1, 2].map(() => new Float64Array(columns)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const seen = new Int32Array(columns);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let c = 0; c < columns; c++) {
      const x = values[row * columns + c]!;
      if (!(x - x === 0)) continue;
      const n = ++seen[c]!;
      quick[c]! += Math.max(QUICK, 1 / n) * (x - quick[c]!);
      if (n > SETTLED) {
        const away = Math.abs(quick[c]! - slow[c]!) / Math.sqrt(QUICK_VARIANCE * spread[c]! + 1e-12 * slow[c]! ** 2);
        if (away > USUAL) sum += Math.min(MOST, (away - USUAL) ** 2);
      }
      const share = Math.max(SLOW, 1 / n);
      const off = x - slow[c]!;
      slow[c]! += share * off;
      spread[c]! += share * (off * off * (1 - share) - spread[c]!);
    }
    out[row] = 1 + Math.min(MOST - 1, sum);
  }
  return out;
}
