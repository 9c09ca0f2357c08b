import type { Random } from '../../src/ml/random.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;

/** The rhythm of an entity: load around 0, mostly within -1 to 1, at a time in Unix ms. */
export type Season = (time: number) => number;

/**
 * A day with its high in the afternoon and its low at night, a second smaller high, a quieter weekend. Which hour, how
 * steep and how quiet differ from entity to entity. It is a function of the time of day and of the weekday alone.
 */
export function createSeason(random: Random): Season {
  const height = 0.35 + 0.4 * random.next();
  const peak = 13 * 60 + 180 * (random.next() - 0.5);
  const second = 0.25 * random.next();
  const secondPeak = 20 * 60 + 120 * (random.next() - 0.5);
  const weekend = 0.25 + 0.5 * random.next();
  const minutes = Float64Array.from({ length: DAY_MINUTES }, (_, minute) => {
    const turn = (2 * Math.PI) / DAY_MINUTES;
    return height * (Math.cos(turn * (minute - peak)) + second * Math.cos(2 * turn * (minute - secondPeak)));
  });
  return (time) => {
    const minute = Math.floor(time / MINUTE_MS);
    const day = Math.floor(minute / DAY_MINUTES);
    // The first of January 1970 was a Thursday.
    const weekday = (((day + 4) % 7) + 7) % 7;
    const quiet = weekday === 0 || weekday === 6;
    const load = minutes[((minute % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES]!;
    return quiet ? weekend * (load + 1) - 1 + (1 - weekend) * 0.35 : load;
  };
}
