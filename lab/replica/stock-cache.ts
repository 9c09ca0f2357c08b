/** Lookups that a replica of orders remembers, so that it need not ask the inventory again. */
export class StockCache {
  readonly #known = new Map<string, number>();
  readonly #ttlMs: number;

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  has(item: string, now: number): boolean {
    const at = this.#known.get(item);
    return at !== undefined && now - at < this.#ttlMs;
  }

  add(item: string, now: number): void {
    // The long tail is asked for once; without a bound it would be kept for ever.
    if (this.#known.size >= 500) this.#known.delete(this.#known.keys().next().value ?? '');
    this.#known.set(item, now);
  }

  clear(): void {
    this.#known.clear();
  }
}
