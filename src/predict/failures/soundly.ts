import type { PredictedRows } from '../../model/predictor.ts';
import { toError } from '../../runtime/errors.ts';

/** A model was read, yet does not answer, or answers what is no probability. */
export class Unsound extends Error {}

/** What a model says; whatever is wrong with it is told as `Unsound`, so that it is not taken for trouble of ours. */
export function soundly<T>(ask: () => T, isSound: (said: T) => boolean = () => true): T {
  let said: T;
  try {
    said = ask();
  } catch (thrown) {
    throw new Unsound(toError(thrown).message, { cause: thrown });
  }
  if (!isSound(said)) throw new Unsound('what it says is no probability');
  return said;
}

const isProbability = (p: number): boolean => p >= 0 && p <= 1;
export const areSound = ({ probabilities, expected, low, high }: PredictedRows): boolean =>
  probabilities.every(isProbability) && [expected, low, high].every((times) => times.every(Number.isFinite));
