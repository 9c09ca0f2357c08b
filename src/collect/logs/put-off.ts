const MAX_PUT_OFF = 10_000;

/** What is not tried before a certain round: a file that could not be read, or is no text. */
export class PutOff {
  readonly #until = new Map<string, number>();

  has(name: string, round: number): boolean {
    const until = this.#until.get(name);
    if (until === undefined || until > round) return until !== undefined;
    this.#until.delete(name);
    return false;
  }

  add(name: string, until: number): void {
    if (this.#until.size >= MAX_PUT_OFF) this.#until.clear();
    this.#until.set(name, until);
  }
}
