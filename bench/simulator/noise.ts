import type { Random } from '../../src/ml/random.ts';
import type { NoiseKind } from './catalogue.ts';

/** The next value of a noise of mean 0 and deviation 1. */
export type Noise = () => number;

/** Student's t with 4 degrees of freedom: mean 0, deviation 1, kurtosis without a bound. */
function heavy(random: Random): number {
  const chi = (2 * random.gamma(2)) / 4;
  return random.normal() / Math.sqrt(2 * chi);
}

/**
 * Noise that remembers: an autoregression of first order with `memory` (what is left a minute later) and innovations of
 * the kind asked for. `bursty` has a deviation that itself wanders for hours (stochastic volatility).
 */
export function createNoise(kind: Exclude<NoiseKind, 'counts'>, random: Random, memory: number): Noise {
  const fresh = Math.sqrt(1 - memory ** 2);
  let state = random.normal();
  let volatility = 0;
  return () => {
    let innovation = kind === 'heavy' ? heavy(random) : random.normal();
    if (kind === 'bursty') {
      volatility = 0.99 * volatility + 0.05 * random.normal();
      // Less the mean of its exponential, so that the deviation stays 1 over the long run.
      innovation *= Math.exp(volatility - 0.05 ** 2 / (1 - 0.99 ** 2));
    }
    state = memory * state + fresh * innovation;
    return state;
  };
}

/** How many of something that happens `mean` times in a step happened (Knuth below 30, a normal above). */
export function poisson(random: Random, mean: number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
  const least = Math.exp(-mean);
  let product = random.next();
  let count = 0;
  while (product > least) {
    count += 1;
    product *= random.next();
  }
  return count;
}
