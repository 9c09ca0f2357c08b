import type { FeatureBank } from './feature-bank.ts';

/** Values taken as they are before clipping begins. */
const UNCLIPPED = 8;
/** A residual moves the level by no more than so many deviations, and the scale by no more than so many. */
const LEVEL_CLIP = 3;
const SCALE_CLIP = 5;
/** E|x| of a normal variable times this is its deviation: sqrt(π/2). */
const ABS_TO_DEVIATION = 1.2533;
/** Weight of the newest in the means over the last few. */
const SHORT_WEIGHT = 0.15;
const DISAGREED_WEIGHT = 0.4;
/** A residual of this share of the lean agrees with it. */
const AGREEING = 0.3;
/** The same for signs of change; a mean of independent signs has this deviation. */
export const RISE_WEIGHT = 0.1;
export const RISE_DEVIATION = Math.sqrt(RISE_WEIGHT / (2 - RISE_WEIGHT));
/** Least deviation as a share of the level. */
const RELATIVE_FLOOR = 0.002;
/** A feature that is away longer than this, and than 4 of its usual gaps, is learnt anew by half. */
const AWAY_FRAMES = 5;
const AWAY_GAPS = 4;
/** Frames over which the share of changes is known. */
const CHANGE_FRAMES = 240;
/** Equal values in a row from which a line counts as flat. */
export const FLAT_FRAMES = 24;

const clip = (value: number, bound: number): number => Math.max(-bound, Math.min(bound, value));

/** The mean of the last few residuals with one more, which forgets fast when that one no longer agrees. */
export function nextLean(lean: number, residual: number): number {
  const agrees = residual * Math.sign(lean) >= Math.abs(lean) * AGREEING;
  const weight = agrees ? SHORT_WEIGHT : DISAGREED_WEIGHT;
  return lean + weight * (clip(residual, 2 * SCALE_CLIP) - lean);
}

/** Least deviation that counts: of the unit, relative, and of the feature's own steps, 1 for whole numbers. */
export function leastDeviation(bank: FeatureBank, f: number, value: number, floor: number): number {
  const step = Number.isInteger(value) ? Math.max(1, bank.quantum[f]!) : bank.quantum[f]!;
  // Where values vary by more than their smallest step, the step says nothing.
  const quantum = bank.scale[f]! < step ? step : 0;
  return Math.max(RELATIVE_FLOOR * Math.abs(bank.level[f]!), floor, quantum);
}

/** True at the first value after a long absence: it may be another process, disk or peer under the old name. */
export const isBack = (bank: FeatureBank, f: number): boolean =>
  bank.gap[f]! > Math.max(AWAY_FRAMES, AWAY_GAPS * bank.usualGap[f]!);

/** Ends a gap; after a long one all but `keep` of what was learnt is forgotten. Returns how many values stand behind it. */
export function arrive(bank: FeatureBank, f: number, keep: number): number {
  const gap = bank.gap[f]!;
  if (gap === 0) return bank.seen[f]!;
  if (isBack(bank, f)) bank.seen[f] = Math.min(bank.seen[f]!, keep);
  bank.usualGap[f] = bank.usualGap[f]! + 0.1 * (gap - bank.usualGap[f]!);
  bank.gap[f] = 0;
  return bank.seen[f]!;
}

/** Learns how a feature moves from value to value; `level` is the weight of the newest in recent history. */
export function learnSteps(bank: FeatureBank, f: number, value: number, level: number): void {
  const last = bank.last[f]!;
  bank.last[f] = value;
  if (Number.isNaN(last)) return;
  const step = Math.abs(value - last);
  const rate = Math.max(1 / (bank.seen[f]! + 1), 1 / CHANGE_FRAMES);
  // While it is flat the share of changes stands still, or a long flat line would become its own excuse.
  if (step > 0 || bank.same[f]! < FLAT_FRAMES / 6)
    bank.change[f] = bank.change[f]! + rate * ((step > 0 ? 1 : 0) - bank.change[f]!);
  bank.same[f] = step > 0 ? 0 : bank.same[f]! + 1;
  const rise = bank.rise[f]! + RISE_WEIGHT * (Math.sign(value - last) - bank.rise[f]!);
  bank.rise[f] = rise;
  bank.usualRise[f] = bank.usualRise[f]! + level * (rise - bank.usualRise[f]!);
  if (step > 0) bank.quantum[f] = bank.quantum[f] === 0 ? step : Math.min(step, bank.quantum[f]! * 1.01);
}

/** Moves level and scale towards the value; `rate` is the weight of the newest. Residuals are clipped. */
export function learnLevel(
  bank: FeatureBank,
  f: number,
  value: number,
  { rate, least }: { rate: number; least: number },
): void {
  const seen = bank.seen[f]!;
  const residual = value - bank.level[f]!;
  const size = ABS_TO_DEVIATION * Math.abs(residual);
  const deviation = Math.max(bank.scale[f]!, least);
  if (seen < UNCLIPPED) {
    bank.level[f] = bank.level[f]! + residual / (seen + 1);
    bank.scale[f] = seen === 0 ? 0 : bank.scale[f]! + (size - bank.scale[f]!) / seen;
  } else {
    bank.level[f] = bank.level[f]! + rate * clip(residual, LEVEL_CLIP * deviation);
    bank.scale[f] =
      bank.scale[f]! + rate * (Math.min(size, ABS_TO_DEVIATION * SCALE_CLIP * deviation) - bank.scale[f]!);
  }
  bank.lean[f] = nextLean(bank.lean[f]!, residual / deviation);
}

/** Moves the mean of the last few values, and the usual distance from it. */
export function learnShort(
  bank: FeatureBank,
  f: number,
  value: number,
  { rate, least }: { rate: number; least: number },
): void {
  const seen = bank.seen[f]!;
  const distance = ABS_TO_DEVIATION * Math.abs(value - bank.short[f]!);
  const pace = bank.pace[f]!;
  if (seen > 0 && seen < UNCLIPPED) bank.pace[f] = pace + (distance - pace) / seen;
  else if (seen > 0) bank.pace[f] = pace + rate * (Math.min(distance, SCALE_CLIP * Math.max(pace, least)) - pace);
  bank.short[f] = bank.short[f]! + Math.max(1 / (seen + 1), SHORT_WEIGHT) * (value - bank.short[f]!);
}
