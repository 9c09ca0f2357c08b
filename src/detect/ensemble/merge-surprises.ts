/**
 * Exponent of the mean: between the geometric mean (0), which asks for agreement, and the harmonic one (1), which is
 * about the Cauchy combination and lets one member speak for all.
 */
const EXPONENT = 0.25;

/**
 * Merges surprises (-ln p) of members that depend on each other: -ln of the weighted power mean of their p-values with
 * exponent -1/4. Such a mean times a constant is a p-value whatever the dependence (Vovk and Wang, 2020); the constant
 * and what is left of the slack are settled by calibrating the merged surprise on held-out rows. Weights add up to 1.
 */
export function mergeSurprises(surprises: Float64Array, weights: Float64Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < surprises.length; i++) if (weights[i]! > 0 && surprises[i]! > most) most = surprises[i]!;
  let sum = 0;
  for (let i = 0; i < surprises.length; i++) sum += weights[i]! * Math.exp(EXPONENT * (surprises[i]! - most));
  return Math.max(0, most + Math.log(sum) / EXPONENT);
}

/** How much each member has to do with the merged surprise, into `out`; adds up to 1. */
export function memberShares(surprises: Float64Array, weights: Float64Array, out: Float64Array): void {
  const merged = mergeSurprises(surprises, weights);
  for (let i = 0; i < out.length; i++) out[i] = weights[i]! * Math.exp(EXPONENT * (surprises[i]! - merged));
}
