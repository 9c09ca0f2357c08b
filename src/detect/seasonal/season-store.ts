import type { Json } from '../../model/detector.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { decodeFloats, encodeFloats, grown } from '../float-columns.ts';
import { codeAbove, codeBelow, decode, movedHigh, movedLow, REACH, UNKNOWN } from './season-code.ts';

const WHAT = 'season profile';

/** Codes are cast so that all of what is known takes half of their reach; anew when it takes a sixth, or all. */
const TAKEN = REACH / 2;
const LEAST_TAKEN = REACH / 6;
/** Least spread, as a share of the values. */
const LEAST_SPREAD = 1e-6;

/** Ends of values; NaN when not known. */
export interface Envelope {
  readonly low: number;
  readonly high: number;
}

/** What has been seen of a feature and is not in the store yet: values, and distances out of an envelope, each NaN when none. */
interface Going extends Envelope {
  readonly below: number;
  readonly above: number;
}

/** How far an end moves towards what was seen: outwards, and inwards. */
interface Ways {
  readonly out: number;
  readonly in: number;
}

/** Envelopes of features by slot of the day, and distances out of them by block of the week, a byte an end. */
export class SeasonStore {
  readonly #slots: number;
  readonly #blocks: number;
  #capacity = 0;
  /** Codes by `slot × capacity + feature`. */
  #low = new Int8Array(0);
  #high = new Int8Array(0);
  /** Codes of distances below and above, by `block × capacity + feature`. */
  #below = new Int8Array(0);
  #above = new Int8Array(0);
  /** What the codes of a feature are distances from, and their unit; 0 until it is known. */
  #anchor = new Float32Array(0);
  #spread = new Float32Array(0);

  constructor(slots: number, blocks: number) {
    this.#slots = slots;
    this.#blocks = blocks;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Makes room for features up to `n`. */
  ensure(n: number): void {
    const old = this.#capacity;
    const spread = (from: Int8Array<ArrayBuffer>, rows: number) => {
      const to = new Int8Array(rows * n).fill(UNKNOWN);
      for (let row = 0; row < rows; row++) to.set(from.subarray(row * old, (row + 1) * old), row * n);
      return to;
    };
    this.#low = spread(this.#low, this.#slots);
    this.#high = spread(this.#high, this.#slots);
    this.#below = spread(this.#below, this.#blocks);
    this.#above = spread(this.#above, this.#blocks);
    this.#anchor = grown(this.#anchor, n, 0);
    this.#spread = grown(this.#spread, n, 0);
    this.#capacity = n;
  }

  /** Envelope of a slot and of the slots beside it. */
  around(slot: number, f: number): Envelope {
    const at = (near: number): number => ((slot + near + this.#slots) % this.#slots) * this.#capacity + f;
    if (f >= this.#capacity || this.#low[at(0)] === UNKNOWN) return { low: Number.NaN, high: Number.NaN };
    let low = 127;
    let high = -127;
    for (let near = -1; near <= 1; near++) {
      if (this.#low[at(near)] === UNKNOWN) continue;
      low = Math.min(low, this.#low[at(near)]!);
      high = Math.max(high, this.#high[at(near)]!);
    }
    return { low: this.#value(f, low), high: this.#value(f, high) };
  }

  /** Distance below and above that a block has seen; 0 when it has seen nothing yet. */
  outOf(block: number, f: number): { readonly below: number; readonly above: number } {
    const at = block * this.#capacity + f;
    const spread = this.#spread[f]!;
    return { below: spread * zeroed(decode(this.#below[at]!)), above: spread * zeroed(decode(this.#above[at]!)) };
  }

  /** Moves the envelope of a slot towards what was seen; a slot that was not known takes it as it is. */
  move(slot: number, f: number, seen: Envelope, ways: Ways): void {
    const at = slot * this.#capacity + f;
    const low = (seen.low - this.#anchor[f]!) / this.#spread[f]!;
    const high = (seen.high - this.#anchor[f]!) / this.#spread[f]!;
    const known = this.#low[at]! !== UNKNOWN;
    this.#low[at] = known
      ? movedLow(this.#low[at]!, low, low < decode(this.#low[at]!) ? ways.out : ways.in)
      : codeBelow(low);
    this.#high[at] = known
      ? movedHigh(this.#high[at]!, high, high > decode(this.#high[at]!) ? ways.out : ways.in)
      : codeAbove(high);
  }

  /** Gives a slot that knows nothing the envelope of the one before. False when that knows nothing either. */
  begin(slot: number, f: number): boolean {
    const at = slot * this.#capacity + f;
    if (this.#low[at] !== UNKNOWN) return true;
    const before = ((slot + this.#slots - 1) % this.#slots) * this.#capacity + f;
    this.#low[at] = this.#low[before]!;
    this.#high[at] = this.#high[before]!;
    return this.#low[at] !== UNKNOWN;
  }

  /** Moves what a block knows towards the distances that were seen. */
  stretch(block: number, f: number, { below, above }: Omit<Going, 'low' | 'high'>, ways: Ways): void {
    const at = block * this.#capacity + f;
    this.#below[at] = stretched(this.#below[at]!, below / this.#spread[f]!, ways);
    this.#above[at] = stretched(this.#above[at]!, above / this.#spread[f]!, ways);
  }

  /** Casts a feature's codes anew where what is going on lies beyond their reach, and, when `tidy`, where they waste it. */
  fit(f: number, going: Going, tidy: boolean): void {
    const anchor = this.#anchor[f]!;
    const spread = this.#spread[f]!;
    const out = Math.max(zeroed(going.below), zeroed(going.above));
    const beyond = Math.max(anchor - going.low, going.high - anchor, out) > spread * REACH;
    if (spread > 0 && !beyond && !tidy) return;
    const known = this.#known(f, going, out);
    const half = (known.high - known.low) / 2;
    const fits = half > LEAST_TAKEN * spread && half < REACH * spread;
    if (spread === 0 || beyond || !fits) this.#cast(f, (known.high + known.low) / 2, half / TAKEN);
  }

  #value(f: number, code: number): number {
    return this.#anchor[f]! + this.#spread[f]! * decode(code);
  }

  /** Ends of all that a feature's codes must hold. */
  #known(f: number, going: Going, outGoing: number): Envelope {
    let { low, high } = going;
    let out = outGoing;
    const spread = this.#spread[f]!;
    for (let at = f; at < this.#low.length; at += this.#capacity) {
      if (this.#low[at] === UNKNOWN) continue;
      low = Math.min(low, this.#value(f, this.#low[at]!));
      high = Math.max(high, this.#value(f, this.#high[at]!));
    }
    for (let at = f; at < this.#below.length; at += this.#capacity)
      out = Math.max(out, spread * zeroed(decode(this.#below[at]!)), spread * zeroed(decode(this.#above[at]!)));
    const more = Math.max(0, out - (high - low) / 2);
    return { low: low - more, high: high + more };
  }

  /** Translates the codes of a feature to another anchor and spread; ends go outwards by a step at most. */
  #cast(f: number, anchor: number, spread: number): void {
    const before = this.#spread[f]!;
    const from = this.#anchor[f]!;
    this.#anchor[f] = anchor;
    this.#spread[f] = Math.max(spread, LEAST_SPREAD * Math.abs(anchor), LEAST_SPREAD);
    if (before === 0) return;
    const unit: number = this.#spread[f];
    const shift = (from - this.#anchor[f]) / unit;
    const again = before / unit;
    const capacity = this.#capacity;
    recode(this.#low, f, capacity, (code) => codeBelow(shift + again * decode(code)));
    recode(this.#high, f, capacity, (code) => codeAbove(shift + again * decode(code)));
    recode(this.#below, f, capacity, (code) => codeAbove(again * decode(code)));
    recode(this.#above, f, capacity, (code) => codeAbove(again * decode(code)));
  }

  toJSON(): Json {
    // Ends of a slot are near those of the slot before: differences take less room once they are packed.
    const [low, high] = [this.#low, this.#high].map((one) => differences(one, this.#capacity));
    const codes = [low!, high!, this.#below, this.#above];
    return [
      ...codes.map((one) => Buffer.from(one.buffer).toString('base64')),
      encodeFloats(this.#anchor),
      encodeFloats(this.#spread),
      AS_DIFFERENCES,
    ];
  }

  /** Takes the place of what is here. Throws `STATE_INVALID` when it is not of so many features. */
  restore(state: Json | undefined, capacity: number): void {
    const saved = Array.isArray(state) ? (state as readonly Json[]) : [];
    this.#capacity = capacity;
    this.#low = decodeCodes(saved[0], this.#slots * capacity);
    this.#high = decodeCodes(saved[1], this.#slots * capacity);
    // States of earlier versions hold the codes themselves.
    if (saved[6] === AS_DIFFERENCES) for (const one of [this.#low, this.#high]) addUp(one, capacity);
    this.#below = decodeCodes(saved[2], this.#blocks * capacity);
    this.#above = decodeCodes(saved[3], this.#blocks * capacity);
    this.#anchor = decodeFloats(saved[4], capacity, WHAT);
    this.#spread = decodeFloats(saved[5], capacity, WHAT);
  }
}

const AS_DIFFERENCES = 'differences';

/** Each code less the one of the slot before, modulo 256. */
const differences = (codes: Int8Array, capacity: number): Int8Array<ArrayBuffer> =>
  Int8Array.from(codes, (code, at) => (at < capacity ? code : code - codes[at - capacity]!));

function addUp(codes: Int8Array, capacity: number): void {
  for (let at = capacity; at < codes.length; at++) codes[at] = codes[at]! + codes[at - capacity]!;
}

function decodeCodes(state: Json | undefined, length: number): Int8Array<ArrayBuffer> {
  const bytes = typeof state === 'string' ? Buffer.from(state, 'base64') : Buffer.alloc(0);
  if (typeof state !== 'string' || bytes.length !== length) throw new VigiaError('STATE_INVALID', { what: WHAT });
  return new Int8Array(new Uint8Array(bytes).buffer);
}

const zeroed = (n: number): number => (Number.isNaN(n) ? 0 : n);

function stretched(known: number, out: number, ways: Ways): number {
  if (Number.isNaN(out)) return known;
  return known === UNKNOWN
    ? codeAbove(ways.out * out)
    : movedHigh(known, out, out > decode(known) ? ways.out : ways.in);
}

function recode(codes: Int8Array, f: number, capacity: number, meaning: (code: number) => number): void {
  for (let at = f; at < codes.length; at += capacity) if (codes[at] !== UNKNOWN) codes[at] = meaning(codes[at]!);
}
