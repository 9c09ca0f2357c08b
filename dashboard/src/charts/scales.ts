/** Round ends for an axis of shares. */
const ENDS: readonly number[] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** Where an axis of probabilities ends: round, and no farther than the values need, so that rare failures stay readable. */
export function shareEnd(values: readonly (number | null)[]): number {
  const most = Math.max(0, ...values.filter((value) => value !== null));
  return ENDS.find((end) => end >= most) ?? 1;
}

/** Round numbers from 1, 2 and 5. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((one) => one * power >= value) ?? 10) * power;
}

/** Ends of an axis from zero, or from a round value below it, that holds all values. */
export function roundDomain(values: readonly (number | null)[]): readonly [number, number] {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const low = Math.min(0, ...known);
  const high = Math.max(0, ...known);
  if (low === high) return [0, 1];
  return [low < 0 ? -niceAbove(-low) : 0, high > 0 ? niceAbove(high) : 0];
}

/**
 * Moves labels apart so that neighbours keep a distance: in order of their places, never beyond the ends while there is
 * room, index-aligned with what came in.
 */
export function spread(places: readonly number[], distance: number, [from, to]: readonly [number, number]): number[] {
  const order = places.map((place, index) => ({ place, index })).toSorted((a, b) => a.place - b.place);
  let floor = from;
  for (const one of order) {
    one.place = Math.max(one.place, floor);
    floor = one.place + distance;
  }
  let ceiling = to;
  for (const one of order.toReversed()) {
    one.place = Math.min(one.place, ceiling);
    ceiling = one.place - distance;
  }
  const moved = Array.from({ length: places.length }, () => 0);
  for (const { place, index } of order) moved[index] = place;
  return moved;
}
