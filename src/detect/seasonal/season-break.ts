import type { FeatureBank } from '../feature-bank.ts';
import type { Envelope } from './season-store.ts';

/** A day more than a week: before that a first weekend would be a break. */
export const SEASON_KNOWN_MS = 8 * 86_400_000;
/** What stays out of the season for some hours is no news any more: so many times recent history. */
const SLOWER = 4;

/** How far a value is out of what its time usually brings, with its sign: 0 inside; NaN when that is not known. */
export function distanceOut(value: number, { low, high }: Envelope): number {
  return value < low ? value - low : value > high ? value - high : Number.isNaN(low) ? Number.NaN : 0;
}

/** How far out of the season beyond what it has been lately, in deviations: a shift that goes on is told by other channels. */
export function beyondSeason(bank: FeatureBank, f: number, out: number, deviation: number): number {
  const usual = bank.out[f]!;
  return Math.max(0, Math.abs(out) - Math.max(0, usual * Math.sign(out))) / deviation;
}

/** `rate` is the weight of the newest in recent history. */
export function learnOut(bank: FeatureBank, f: number, out: number, rate: number): void {
  if (!Number.isNaN(out)) bank.out[f] = bank.out[f]! + (rate / SLOWER) * (out - bank.out[f]!);
}
