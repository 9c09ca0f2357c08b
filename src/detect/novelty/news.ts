/** Rows for which something is remembered. Between 60 and 120 it hardly matters. */
const ROWS = 90;
/** Of what goes on, or comes again no stronger, so much counts; enough to stand out from what is normal. */
const KNOWN = 0.5;

/**
 * What is stronger than anything of the last rows is news and counts in full; the rest of it is known already. A person is told of
 * an event once: of the rows of a long one the first and each that is worse than all before stand above the others, which still
 * stand above normal ones. O(1) a row, amortised.
 */
export class News {
  /** Rows and strengths that may still be the greatest of the last rows, falling. */
  #greatest: { readonly row: number; readonly strength: number }[] = [];
  #row = 0;

  /** Takes -ln p of the next row; what of it counts. */
  take(strength: number): number {
    this.#row += 1;
    while (this.#greatest.length > 0 && this.#greatest[0]!.row < this.#row - ROWS) this.#greatest.shift();
    const known = this.#greatest[0]?.strength ?? 0;
    while (this.#greatest.length > 0 && this.#greatest.at(-1)!.strength <= strength) this.#greatest.pop();
    this.#greatest.push({ row: this.#row, strength });
    return strength > known ? strength : KNOWN * strength;
  }
}
