import type { Json } from '../model/detector.ts';
import type { Frame } from '../model/frame.ts';
import { stateNumber, stateObject, stateText } from './float-columns.ts';
import { bytesOf, decodeBytes } from './short-floats.ts';

const VERSION = 1;
const WHAT = 'row in hand';

/** Rows of whole steps, at least so long. */
export const rowCadence = (stepMs: number, leastMs: number): number => stepMs * Math.ceil(leastMs / stepMs);

/** Gathers frames into rows that are their means. */
export class RowGather {
  readonly #cadenceMs: number;
  #start = Number.NaN;
  #sums = new Float64Array(0);
  #counts = new Uint16Array(0);
  /** Whether the row has been handed out: its sums are of no use any more. */
  #over = false;

  constructor(cadenceMs: number) {
    this.#cadenceMs = cadenceMs;
  }

  /** Begins anew, with no row in hand. */
  clear(): void {
    this.#start = Number.NaN;
  }

  /** Start of the row in hand, Unix ms. */
  get start(): number {
    return this.#start;
  }

  /** Takes a frame; the row that it completes, `NaN` where no value came, or null. A row whose last frame is missing is lost. */
  take({ time, stepMs, values }: Frame): Float32Array | null {
    const start = Math.floor(time / this.#cadenceMs) * this.#cadenceMs;
    if (this.#sums.length !== values.length) {
      this.#start = Number.NaN;
      this.#sums = new Float64Array(values.length);
      this.#counts = new Uint16Array(values.length);
    }
    if (start !== this.#start) {
      this.#start = start;
      this.#sums.fill(0);
      this.#counts.fill(0);
    }
    this.#over = (time + stepMs) % this.#cadenceMs === 0;
    for (let f = 0; f < values.length; f++) {
      const value = values[f]!;
      if (!Number.isFinite(value)) continue;
      this.#sums[f] = this.#sums[f]! + value;
      this.#counts[f] = this.#counts[f]! + 1;
    }
    if (!this.#over) return null;
    const row = new Float32Array(values.length);
    for (let f = 0; f < row.length; f++) row[f] = this.#sums[f]! / this.#counts[f]!;
    return row;
  }

  /** Null where no row is in hand. */
  toJSON(): Json {
    if (Number.isNaN(this.#start)) return null;
    const [sums, counts] = this.#over ? ['', ''] : [bytesOf(this.#sums), bytesOf(this.#counts)];
    return { version: VERSION, start: this.#start, sums, counts };
  }

  /** Takes the place of what is here. Throws `STATE_INVALID`. */
  restore(state: Json): void {
    this.clear();
    if (state === null) return;
    const saved = stateObject(state, WHAT, VERSION);
    const length = Buffer.byteLength(stateText(saved, 'sums', WHAT), 'base64') / Float64Array.BYTES_PER_ELEMENT;
    this.#sums = decodeBytes(saved['sums'], Float64Array, { length, what: WHAT });
    this.#counts = decodeBytes(saved['counts'], Uint16Array, { length, what: WHAT });
    this.#start = stateNumber(saved, 'start', WHAT);
    this.#over = length === 0;
  }
}
