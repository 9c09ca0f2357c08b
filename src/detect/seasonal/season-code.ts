/**
 * One signed byte for a value: asinh of its distance from an anchor, in spreads. A step is 0.024 spreads near the anchor and 2.4 % of
 * the distance far from it.
 */
const MOST = 3;
const LAST = 127;
/** The code reaches so many spreads to either side. */
export const REACH = Math.sinh(MOST);
/** The code of what is not known. */
export const UNKNOWN = -128;

const VALUES = Float64Array.from({ length: 256 }, (_, i) =>
  i - 128 === UNKNOWN ? Number.NaN : Math.sinh(((i - 128) * MOST) / LAST),
);

/** Where a code stands, in spreads from the anchor; NaN for `UNKNOWN`. */
export const decode = (code: number): number => VALUES[code + 128]!;

const place = (distance: number): number => (Math.asinh(distance) * LAST) / MOST;
const clamp = (code: number): number => Math.max(-LAST, Math.min(LAST, code));

/** The highest code that is not above a finite distance, and the lowest that is not below. */
export const codeBelow = (distance: number): number => clamp(Math.floor(place(distance)));
export const codeAbove = (distance: number): number => clamp(Math.ceil(place(distance)));

/**
 * The code on the way from a lower end that is known to one that was seen: all of the way down, a share of the way up, and never less
 * than a step, or rounding would hold it for ever.
 */
export function movedLow(known: number, seen: number, way: number): number {
  const target = codeBelow(seen);
  const moved = codeBelow(decode(known) + way * (seen - decode(known)));
  return target > known ? Math.min(target, Math.max(moved, known + 1)) : Math.min(known, Math.max(target, moved));
}

/** The same for an upper end. */
export const movedHigh = (known: number, seen: number, way: number): number => 0 - movedLow(-known, -seen, way);
