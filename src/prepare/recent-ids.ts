import { createHash } from 'node:crypto';
import type { Json } from '../model/detector.ts';

/** Ids remembered, and in how many parts: only a part that has changed is written. */
const PARTS = 20;
const PART = 250;
const BYTES = 6;

/** A part of the ids as it is kept. */
export interface IdsPart {
  /** 0 to 19. */
  readonly place: number;
  /** Only grows. */
  readonly position: number;
  readonly state: Json;
}

const HASH = /[0-9a-f]{12}$/;

/** Ids mostly end in hexadecimals of a hash; 48 bits of it tell some thousand lines apart. */
const numberOf = (id: string): number =>
  Number.parseInt((HASH.exec(id)?.[0] ?? createHash('sha256').update(id).digest('hex')).slice(-2 * BYTES), 16);

/**
 * The newest 5,000 ids of an entity's lines whose senders may send them again. Those from before a restart are told from those
 * that came since.
 */
export class RecentIds {
  /** By place. */
  readonly #parts: number[][] = [[]];
  /** Parts filled so far. */
  #turn = 0;
  readonly #known = new Set<number>();
  readonly #before = new Set<number>();
  readonly #changed = new Set<number>();

  has(id: string): boolean {
    return this.#known.has(numberOf(id));
  }

  /** Whether it was there before this process began. */
  wasThere(id: string): boolean {
    return this.#before.has(numberOf(id));
  }

  add(id: string): void {
    const number = numberOf(id);
    if (this.#part.length >= PART) this.#next();
    this.#part.push(number);
    this.#known.add(number);
    this.#changed.add(this.#turn % PARTS);
  }

  get #part(): number[] {
    return this.#parts[this.#turn % PARTS]!;
  }

  #next(): void {
    this.#turn += 1;
    for (const number of this.#parts[this.#turn % PARTS] ?? []) {
      this.#known.delete(number);
      this.#before.delete(number);
    }
    this.#parts[this.#turn % PARTS] = [];
  }

  get size(): number {
    return this.#known.size;
  }

  /** Parts that are not written yet. */
  changed(): readonly IdsPart[] {
    return [...this.#changed].map((place) => {
      const ids = this.#parts[place]!;
      const bytes = Buffer.alloc(BYTES * ids.length);
      ids.forEach((number, at) => bytes.writeUIntBE(number, BYTES * at, BYTES));
      const turn = this.#turn - ((this.#turn - place) % PARTS);
      return { place, position: turn * (PART + 1) + ids.length, state: bytes.toString('base64') };
    });
  }

  committed(): void {
    this.#changed.clear();
  }

  static readonly places: readonly number[] = Array.from({ length: PARTS }, (_, place) => place);

  /** Goes on from parts that were written; what is damaged is passed over. */
  static from(parts: readonly IdsPart[]): RecentIds {
    const ids = new RecentIds();
    for (const { place, position, state } of parts) {
      const bytes = Buffer.from(typeof state === 'string' ? state : '', 'base64');
      const numbers = Array.from({ length: Math.min(PART, Math.floor(bytes.length / BYTES)) }, (_, at) =>
        bytes.readUIntBE(BYTES * at, BYTES),
      );
      ids.#parts[place] = numbers;
      ids.#turn = Math.max(ids.#turn, Math.floor(position / (PART + 1)));
      for (const number of numbers) ids.#known.add(number);
      for (const number of numbers) ids.#before.add(number);
    }
    for (const place of RecentIds.places.slice(0, Math.min(PARTS, ids.#turn + 1))) ids.#parts[place] ??= [];
    return ids;
  }
}
