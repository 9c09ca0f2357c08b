import type { Matrix } from '../../ml/matrix.ts';
import { MlError } from '../../ml/ml-error.ts';
import { fitOperatingRegimes, type OperatingRegimes } from '../../ml/operating-regimes.ts';
import type { DecodedModel } from '../../ml/serialize.ts';
import { RowScaling, type Scale, scaleOf, soundDeviation, tame } from './row-scaling.ts';

/** Rows of all entities together that regimes are looked for in; more only add precision. */
const MOST_ROWS = 4000;
/** Beyond so many features the search takes longer than the members do, and a file of so many is no entity. */
const MOST_FEATURES = 128;
/** Rows of an entity in a regime from which on it is scaled by them; with fewer as its siblings move there. */
const LEAST_ROWS = 60;
/** A row so surely of one regime is scaled by that alone. */
const SURE = 0.9999;
/** Within a regime nothing is taken for calmer than half of what the history says: values are deviations there already. */
export const LEAST_WITHIN = 0.5;

/** How the rows of one entity are scaled in each regime. */
export interface RegimeScales {
  /** Level and spread over all regimes: a row's regime is known by its distance from them. */
  readonly origin: Scale;
  /** Regimes × features. */
  readonly centre: Float64Array;
  readonly deviation: Float64Array;
}

/** All rows of an entity, in the order of the model's features. */
export interface EntityRows {
  readonly values: Float32Array;
  readonly rows: number;
  /** Over all of them. */
  readonly scale: Scale;
}

/** The regimes of a kind, and how each of its entities is scaled in them. */
export interface FoundRegimes {
  readonly regimes: OperatingRegimes;
  readonly scales: readonly RegimeScales[];
}

/**
 * The operating regimes of entities of a kind, looked for in deviations from each one's own level, so that sizes and roles are no
 * regimes; null where there are none. They last `lastingRows` in the mean: what changes every few rows is a feature like the
 * others, and not a condition under which others are judged.
 */
export function findRegimes(
  entities: readonly EntityRows[],
  { features, lastingRows }: { readonly features: number; readonly lastingRows: number },
): FoundRegimes | null {
  const total = entities.reduce((sum, { rows }) => sum + rows, 0);
  if (features < 2 || features > MOST_FEATURES || total === 0) return null;
  const regimes = fitOperatingRegimes(sampleOf(entities, features, Math.max(1, Math.ceil(total / MOST_ROWS))));
  if (regimes.count === 1) return null;
  const labels = entities.map((entity) => labelsOf(entity, regimes));
  const stays = labels.reduce((sum, each) => sum + each.filter((k, r) => r === 0 || k !== each[r - 1]).length, 0);
  if (total < lastingRows * stays) return null;
  return { regimes, scales: entities.map((entity, i) => scalesOf(entity, labels[i]!, regimes)) };
}

/** Every so manieth row of each, in its own deviations. */
function sampleOf(entities: readonly EntityRows[], features: number, step: number) {
  const starts = [0];
  for (const { rows } of entities) starts.push(starts.at(-1)! + Math.ceil(rows / step));
  const rows = starts.at(-1)!;
  const matrix: Matrix = { data: new Float32Array(rows * features), rows, columns: features };
  const [values, scaled] = [new Float64Array(features), new Float64Array(features)];
  let at = 0;
  for (const entity of entities) {
    const origin = new RowScaling(entity.scale, { memory: 1 });
    for (let row = 0; row < entity.rows; row += step, at++) {
      values.set(entity.values.subarray(row * features, (row + 1) * features));
      origin.apply(values, scaled);
      matrix.data.set(scaled, at * features);
    }
  }
  return { matrix, starts };
}

/** The regime of each row. */
function labelsOf({ values, rows, scale }: EntityRows, regimes: OperatingRegimes): Uint8Array {
  const n = regimes.columns;
  const origin = new RowScaling(scale, { memory: 1 });
  const [row, z] = [new Float64Array(n), new Float64Array(n)];
  return Uint8Array.from({ length: rows }, (_, r) => {
    row.set(values.subarray(r * n, (r + 1) * n));
    origin.apply(row, z);
    return regimes.regimeOf(z);
  });
}

/** An entity's level and deviation in each regime: its own where it has been there, else what siblings do there from its level. */
function scalesOf({ values, scale }: EntityRows, labels: Uint8Array, regimes: OperatingRegimes): RegimeScales {
  const n = regimes.columns;
  const origin = new RowScaling(scale, { memory: 1 });
  const centre = new Float64Array(regimes.count * n);
  const deviation = new Float64Array(regimes.count * n);
  const members: number[][] = Array.from({ length: regimes.count }, () => []);
  labels.forEach((k, r) => members[k]!.push(r));
  members.forEach((mine, k) => {
    const part = new Float32Array(mine.length * n);
    mine.forEach((r, to) => part.set(values.subarray(r * n, (r + 1) * n), to * n));
    const own = scaleOf(part, mine.length, n);
    for (let f = 0; f < n; f++) {
      const at = k * n + f;
      const unit = origin.deviation(f);
      // Of a feature that is missing so often too little is known, and of one that was never there nothing.
      const known = mine.length >= LEAST_ROWS && !Number.isNaN(own.centre[f]!);
      const level = known ? own.centre[f]! : scale.centre[f]! + regimes.mean[at]! * unit;
      const spread = known ? own.variance[f]! : (regimes.scale[at]! * unit) ** 2;
      centre[at] = Number.isNaN(level) ? 0 : level;
      deviation[at] = Number.isNaN(level) ? 1 : soundDeviation(level, spread);
    }
  });
  return { origin: scale, centre, deviation };
}

/** What a new entity is taken for: the mean of its siblings that have a feature, as wide as they lie apart. */
export function usualRegimeScales(all: readonly RegimeScales[], origin: Scale): RegimeScales {
  const n = origin.centre.length;
  const [centre, deviation] = [all[0]!.centre.slice(), all[0]!.deviation.slice()];
  for (let at = 0; at < centre.length; at++) {
    const known = all.filter((one) => !Number.isNaN(one.origin.centre[at % n]!));
    if (known.length === 0) continue;
    const level = known.reduce((sum, one) => sum + one.centre[at]! / known.length, 0);
    centre[at] = level;
    deviation[at] = Math.sqrt(
      known.reduce((sum, one) => sum + (one.deviation[at]! ** 2 + (one.centre[at]! - level) ** 2) / known.length, 0),
    );
  }
  return { origin, centre, deviation };
}

/** The scales of entities, one after the other, as sections of a model. */
export function regimeSections(all: readonly RegimeScales[]): Readonly<Record<string, Float64Array>> {
  const table = (of: (scales: RegimeScales) => Float64Array): Float64Array =>
    Float64Array.from(all.flatMap((scales) => [...of(scales)]));
  return {
    originCentre: table(({ origin }) => origin.centre),
    originVariance: table(({ origin }) => origin.variance),
    withinCentre: table(({ centre }) => centre),
    withinDeviation: table(({ deviation }) => deviation),
  };
}

/** Reads what `regimeSections` wrote. Throws `ML_FORMAT`. */
export function loadRegimeScales(
  saved: DecodedModel,
  { features, count, entities }: { readonly features: number; readonly count: number; readonly entities: number },
): readonly RegimeScales[] {
  const rows = (name: string, width: number): ((entity: number) => Float64Array) => {
    const all = saved.section(name, 'f64', width * entities);
    return (entity) => all.slice(entity * width, (entity + 1) * width);
  };
  const [level, variance] = [rows('originCentre', features), rows('originVariance', features)];
  const [centre, deviation] = [rows('withinCentre', count * features), rows('withinDeviation', count * features)];
  return Array.from({ length: entities }, (_, i): RegimeScales => {
    const scales = { origin: { centre: level(i), variance: variance(i) }, centre: centre(i), deviation: deviation(i) };
    if (!scales.deviation.every((one) => one > 0)) throw new MlError('ML_FORMAT', 'a regime has no deviation');
    return scales;
  });
}

/** Brings an entity's values to deviations within the regime that a row is of. */
export class RegimeScaling {
  readonly #regimes: OperatingRegimes;
  readonly #scales: RegimeScales;
  readonly #origin: RowScaling;
  readonly #z: Float64Array;
  readonly #distances: Float64Array;

  constructor(regimes: OperatingRegimes, scales: RegimeScales) {
    this.#regimes = regimes;
    this.#scales = scales;
    this.#origin = new RowScaling(scales.origin, { memory: 1 });
    this.#z = new Float64Array(regimes.columns);
    this.#distances = new Float64Array(regimes.count);
  }

  /** Scales a row in place; `NaN` stays. A row between two regimes is judged as one that may be of either. */
  apply(row: Float64Array): void {
    this.#origin.apply(row, this.#z);
    const { near, next, share } = twoNearest(this.#regimes.distances(this.#z, 0, this.#distances));
    const { centre, deviation } = this.#scales;
    const n = row.length;
    for (let f = 0; f < n; f++) {
      const [a, b] = [near * n + f, next * n + f];
      let [level, spread] = [centre[a]!, deviation[a]!];
      if (share < SURE) {
        const apart = centre[b]! - level;
        level += (1 - share) * apart;
        spread = Math.sqrt(share * spread ** 2 + (1 - share) * deviation[b]! ** 2 + share * (1 - share) * apart ** 2);
      }
      row[f] = (tame(row[f]!) - level) / spread;
    }
  }
}

/** The two nearest of at least two, and how much of a row is the nearer one's: by the fourth power of the distance. */
function twoNearest(distances: Float64Array): { readonly near: number; readonly next: number; readonly share: number } {
  let [near, next] = distances[1]! < distances[0]! ? [1, 0] : [0, 1];
  for (let k = 2; k < distances.length; k++) {
    if (distances[k]! < distances[near]!) [near, next] = [k, near];
    else if (distances[k]! < distances[next]!) next = k;
  }
  const [a, b] = [distances[near]! ** 2, distances[next]! ** 2];
  return { near, next, share: b > 0 ? b / (a + b) : 0.5 };
}
