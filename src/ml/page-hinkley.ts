import { MlError, requireInteger, requireNumber } from './ml-error.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';

export type PageHinkleyOptions = {
  /** Change of the mean that is let pass, in units of the values. Default 0.005. */
  readonly tolerance?: number;
  /** Sum of deviations that raises the alarm, in units of the values. Default 50. */
  readonly threshold?: number;
  /** Values before the first alarm. Default 30. */
  readonly minimum?: number;
  /** Default `both`. */
  readonly direction?: 'up' | 'down' | 'both';
};

const KIND = 'page-hinkley';
const VERSION = 1;
const DIRECTIONS = ['up', 'down', 'both'] as const;

/**
 * Test of Page (1954) and Hinkley (1971) for a change of the mean of a stream: deviations from the running mean add up, and an
 * alarm comes when the sum has moved from its extreme by more than the threshold. Defaults are those of river.
 *
 * `threshold` trades delay for false alarms: a jump by d is seen after some threshold / (d − tolerance) values, so give both in
 * multiples of the usual deviation. After an alarm it starts anew. Missing values (NaN) are passed over; infinite ones are
 * refused. O(1) a value, six numbers. Fails on slow drifts below the tolerance and on values that depend on each other.
 */
export class PageHinkley {
  readonly #tolerance: number;
  readonly #threshold: number;
  readonly #minimum: number;
  readonly #direction: 'up' | 'down' | 'both';
  /** Count, mean, sum upwards, its least, sum downwards, its largest. */
  readonly #state = new Float64Array(6);

  constructor(options: PageHinkleyOptions = {}) {
    this.#tolerance = requireNumber('tolerance', options.tolerance ?? 0.005, 0);
    this.#threshold = requireNumber('threshold', options.threshold ?? 50, Number.MIN_VALUE);
    this.#minimum = requireInteger('minimum', options.minimum ?? 30, 1);
    this.#direction = options.direction ?? 'both';
    if (!DIRECTIONS.includes(this.#direction)) throw new MlError('ML_PARAMETER', 'direction must be up, down or both');
  }

  /** Takes a value; true when the mean has changed. */
  update(value: number): boolean {
    if (value !== value) return false;
    if (!Number.isFinite(value)) throw new MlError('ML_VALUE', 'an infinite value has no mean');
    const state = this.#state;
    state[0]! += 1;
    state[1]! += (value - state[1]!) / state[0]!;
    const deviation = value - state[1]!;
    state[2]! += deviation - this.#tolerance;
    state[3] = Math.min(state[3]!, state[2]!);
    state[4]! += deviation + this.#tolerance;
    state[5] = Math.max(state[5]!, state[4]!);
    if (state[0]! < this.#minimum) return false;
    const up = this.#direction !== 'down' && state[2]! - state[3] > this.#threshold;
    const down = this.#direction !== 'up' && state[5] - state[4]! > this.#threshold;
    if (up || down) state.fill(0);
    return up || down;
  }

  toBytes(): Uint8Array {
    const header = {
      tolerance: this.#tolerance,
      threshold: this.#threshold,
      minimum: this.#minimum,
      direction: this.#direction,
    };
    return encodeModel(KIND, VERSION, header, { state: this.#state });
  }

  /** What `toBytes` wrote goes on to the bit. Throws the codes of `decodeModel`. */
  static fromBytes(bytes: Uint8Array, limits?: DecodeLimits): PageHinkley {
    const model = decodeModel(bytes, limits);
    requireKind(model, KIND, VERSION);
    const state = model.section('state', 'f64', 6);
    if (!state.every(Number.isFinite)) throw new MlError('ML_FORMAT', 'the state of the test is not finite');
    const test = new PageHinkley({
      tolerance: model.number('tolerance', 0),
      threshold: model.number('threshold', Number.MIN_VALUE),
      minimum: model.integer('minimum', 1, Number.MAX_SAFE_INTEGER),
      direction: model.choice('direction', DIRECTIONS),
    });
    test.#state.set(state);
    return test;
  }
}
