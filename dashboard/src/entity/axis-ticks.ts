const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Distances that a reader of clocks and calendars expects. */
const STEPS: readonly number[] = [
  10_000,
  30_000,
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 5, 10].map((days) => days * DAY),
];

/** Round times of the reader's clock within `[from, to)`, at most `most` of them. */
export function timeTicks(from: number, to: number, most: number): readonly number[] {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? 10 * DAY;
  // The zone's offset at the end: a change of the clock within the range moves the ticks before it, which is right for one side only.
  const offset = new Date(to).getTimezoneOffset() * MINUTE;
  const ticks: number[] = [];
  for (let tick = Math.ceil((from - offset) / step) * step + offset; tick < to; tick += step) ticks.push(tick);
  return ticks;
}

/** The ends of a value axis and its middle. */
export const valueTicks = ([low, high]: readonly [number, number]): readonly number[] => [low, (low + high) / 2, high];
