import { MlError, requireInteger, requireNumber } from './ml-error.ts';
import type { Random } from './random.ts';

/** What a hyper-parameter may be. `log` draws evenly over orders of magnitude and needs bounds above 0. Bounds are included. */
export type Dimension =
  | { readonly kind: 'number'; readonly min: number; readonly max: number; readonly scale?: 'linear' | 'log' }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number; readonly scale?: 'linear' | 'log' }
  | { readonly kind: 'choice'; readonly values: readonly (string | number | boolean)[] };

export type HyperSpace = Readonly<Record<string, Dimension>>;

/** The values of one candidate. */
export type HyperParameters<Space extends HyperSpace> = {
  readonly [Name in keyof Space]: Space[Name] extends { readonly values: readonly (infer Value)[] } ? Value : number;
};

/** Throws `ML_PARAMETER` on a dimension that holds nothing. */
export function checkSpace(space: HyperSpace): void {
  for (const [name, dimension] of Object.entries(space)) {
    if (dimension.kind === 'choice') {
      if (dimension.values.length === 0) throw new MlError('ML_PARAMETER', `${name} has no values`);
      continue;
    }
    requireNumber(`${name}: min`, dimension.min, dimension.scale === 'log' ? Number.MIN_VALUE : -Number.MAX_VALUE);
    requireNumber(`${name}: max`, dimension.max, dimension.min);
    if (dimension.kind === 'integer') {
      requireInteger(`${name}: min`, dimension.min, Number.MIN_SAFE_INTEGER);
      requireInteger(`${name}: max`, dimension.max, Number.MIN_SAFE_INTEGER);
    }
  }
}

/** Draws every parameter on its own. */
export function drawParameters<Space extends HyperSpace>(space: Space, random: Random): HyperParameters<Space> {
  const drawn = Object.entries(space).map(([name, dimension]) => [name, draw(dimension, random.fork(name))]);
  return Object.fromEntries(drawn) as HyperParameters<Space>;
}

function draw(dimension: Dimension, random: Random): string | number | boolean {
  if (dimension.kind === 'choice') return dimension.values[random.int(dimension.values.length)]!;
  const { kind, min, max, scale } = dimension;
  // An integer owns half a unit on each side, so that the bounds are as likely as what lies between.
  const [low, high] = kind === 'integer' ? [min - 0.5, max + 0.5] : [min, max];
  const uniform = random.next();
  const value = scale === 'log' ? low * (high / low) ** uniform : low + (high - low) * uniform;
  return Math.min(max, Math.max(min, kind === 'integer' ? Math.round(value) : value));
}
