import type { FloatArray } from '../../ml/matrix.ts';
import type { Json } from '../../model/detector.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { decodeFloats, encodeFloats, stateNumber, stateNumbers, stateObject } from '../float-columns.ts';
import type { JointModels } from './joint-models.ts';
import { standardise } from './joint-rows.ts';
import type { JointScore, JointWatch } from './joint-score.ts';
import { memberShares, mergeSurprises } from './merge-surprises.ts';
import { OwnTail } from './own-tail.ts';
import { LEAST_WITHIN, RegimeScaling, type RegimeScales } from './regime-scaling.ts';
import { RowScaling, type Scale } from './row-scaling.ts';
import { elapsed, TrailingMeans } from './trailing-means.ts';

const VERSION = 1;
const WHAT = 'joint watch';
/** How long an entity's own level and calibration remember. */
const MEMORY_MS = 14 * 86_400_000;
/** Rows before the siblings' models judge. */
const READY_ROWS = 3;

export interface WatchOptions {
  /** The entity's features by name, as its rows hold them. */
  readonly features: readonly string[];
  /** Time between rows. */
  readonly cadenceMs: number;
  /**
   * The entity's own scale over so many rows, where it was among those that the models were fitted on; `calibrated` when
   * it was the only one, so that their calibration is its own already.
   */
  readonly own?: {
    readonly scale: Scale;
    /** Where the models have regimes: how its rows are scaled in them. */
    readonly within?: RegimeScales | undefined;
    readonly rows: number;
    readonly calibrated?: boolean;
  };
  /** Weights of the members in force, by kind; default: those of the models. */
  readonly weights?: Float64Array;
}

class JointWatchImpl implements JointWatch {
  readonly #models: JointModels;
  readonly #cadenceMs: number;
  /** Place of each of the models' features in a row, -1 where the entity has none. */
  readonly #places: Int32Array;
  readonly #features: number;
  /** Null where there are no operating regimes. */
  readonly #within: RegimeScaling | null;
  readonly #scaling: RowScaling;
  readonly #means: TrailingMeans;
  readonly #tails: readonly OwnTail[];
  readonly #merged: OwnTail;
  readonly #calibrated: boolean;
  readonly #weights: Float64Array;
  #rows = 0;
  #time = Number.NaN;
  readonly #values: Float64Array;
  readonly #scaled: Float64Array;
  readonly #row: Float64Array;
  /** What the members said of the newest row by the siblings' calibration, by the own one, and merged. */
  readonly #raw: Float64Array;
  readonly #surprises: Float64Array;
  #mergedRaw = 0;

  constructor(models: JointModels, { features, cadenceMs, own, weights }: WatchOptions) {
    const n = models.features.length;
    const memory = Math.ceil(MEMORY_MS / cadenceMs);
    this.#models = models;
    this.#cadenceMs = cadenceMs;
    this.#features = features.length;
    const known = new Map(features.map((name, at) => [name, at]));
    this.#places = Int32Array.from(models.features, (name) => known.get(name) ?? -1);
    const { within } = models;
    this.#within = within && new RegimeScaling(within.regimes, own?.within ?? within.usual);
    const least = within === null ? 0 : LEAST_WITHIN;
    this.#scaling = new RowScaling(
      own?.scale ?? models.usual,
      own ? { rows: Math.min(own.rows, memory), memory, least } : { memory, least },
    );
    this.#calibrated = own?.calibrated === true;
    this.#means = new TrailingMeans(n, models.halfLivesMs);
    this.#tails = models.members.map(() => new OwnTail(memory));
    this.#merged = new OwnTail(memory);
    this.#weights = weights ?? models.weights;
    this.#values = new Float64Array(n);
    this.#scaled = new Float64Array(n);
    this.#row = new Float64Array(n * (1 + models.halfLivesMs.length));
    this.#raw = new Float64Array(models.members.length);
    this.#surprises = new Float64Array(models.members.length);
  }

  take(time: number, values: FloatArray): JointScore {
    this.follow(time, values);
    const { members } = this.#models;
    for (let i = 0; i < members.length; i++) {
      const { model, tail } = members[i]!;
      this.#raw[i] = tail.surprise(model.score(this.#row));
      this.#surprises[i] = this.#tails[i]!.adjust(this.#raw[i]!);
    }
    const { merged, trust } = this.#models;
    this.#mergedRaw = trust * merged.surprise(mergeSurprises(this.#surprises, this.#weights));
    const surprise = this.#merged.adjust(this.#mergedRaw);
    const ready = this.#rows >= READY_ROWS;
    return {
      ready,
      p: ready ? probability(surprise) : 1,
      surprise: ready ? surprise : 0,
      members: members.map(({ model }, i) => ({
        kind: model.kind,
        p: ready ? probability(this.#surprises[i]!) : 1,
        weight: this.#weights[i]!,
      })),
      blame: () => this.#blame(),
    };
  }

  follow(time: number, values: FloatArray): void {
    for (let f = 0; f < this.#places.length; f++) {
      const place = this.#places[f]!;
      this.#values[f] = place < 0 ? Number.NaN : values[place]!;
    }
    this.#within?.apply(this.#values);
    this.#scaling.apply(this.#values, this.#scaled);
    this.#means.push(this.#scaled, elapsed(time, this.#time, this.#cadenceMs));
    this.#means.write(this.#scaled, this.#row);
    standardise(this.#row, this.#models.standard);
    this.#time = time;
    this.#rows += 1;
  }

  learn(weight: number): void {
    this.#scaling.learn(this.#values, weight);
    if (this.#calibrated) return;
    for (let i = 0; i < this.#tails.length; i++) this.#tails[i]!.learn(this.#raw[i]!, weight);
    this.#merged.learn(this.#mergedRaw, weight);
  }

  adopt(): void {
    for (let f = 0; f < this.#places.length; f++) {
      const away = this.#means.longest(f);
      if (Math.abs(away) < 1) continue;
      this.#scaling.move(f, away);
      this.#means.forget(f);
    }
  }

  #blame(): Float32Array {
    const n = this.#places.length;
    const shares = new Float64Array(this.#surprises.length);
    memberShares(this.#surprises, this.#weights, shares);
    const columns = new Float64Array(this.#row.length);
    const sum = new Float64Array(n);
    this.#models.members.forEach(({ model }, i) => {
      model.blame(this.#row, columns);
      const total = columns.reduce((all, one) => all + one, 0);
      if (!(total > 0)) return;
      for (let c = 0; c < columns.length; c++) sum[c % n] = sum[c % n]! + (shares[i]! * columns[c]!) / total;
    });
    const out = new Float32Array(this.#features);
    const whole = sum.reduce((all, one) => all + one, 0);
    if (whole > 0) for (let f = 0; f < n; f++) if (this.#places[f]! >= 0) out[this.#places[f]!] = sum[f]! / whole;
    return out;
  }

  toJSON(): Json {
    return {
      version: VERSION,
      rows: this.#rows,
      time: Number.isNaN(this.#time) ? 0 : this.#time,
      scaling: this.#scaling.toJSON(),
      means: encodeFloats(this.#means.state),
      tails: [...this.#tails, this.#merged].flatMap(({ state }) => state),
    };
  }

  restore(state: Json): void {
    const saved = stateObject(state, WHAT, VERSION);
    this.#rows = stateNumber(saved, 'rows', WHAT);
    this.#time = this.#rows > 0 ? stateNumber(saved, 'time', WHAT) : Number.NaN;
    this.#scaling.restore(saved['scaling'] ?? null);
    this.#means.state.set(decodeFloats(saved['means'], this.#means.state.length, WHAT));
    const tails = stateNumbers(saved, 'tails', WHAT);
    const own = [...this.#tails, this.#merged];
    const size = this.#merged.state.length;
    if (tails.length !== size * own.length) throw new VigiaError('STATE_INVALID', { what: WHAT });
    own.forEach((tail, i) => tail.restore(tails.slice(i * size, (i + 1) * size)));
  }
}

const probability = (surprise: number): number => Math.max(Number.MIN_VALUE, Math.exp(-surprise));

/** The state of a new entity, which its siblings' models judge at once. */
export const createJointWatch = (models: JointModels, options: WatchOptions): JointWatch =>
  new JointWatchImpl(models, options);

/** Goes on from what `toJSON` gave, with the same models and features. Throws `STATE_INVALID`. */
export function restoreJointWatch(models: JointModels, options: WatchOptions, state: Json): JointWatch {
  const watch = new JointWatchImpl(models, options);
  watch.restore(state);
  return watch;
}
