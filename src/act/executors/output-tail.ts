/** Bytes of output that are kept of one execution. */
export const MAX_OUTPUT = 64 * 1024;

/** Keeps the last bytes of a stream, however long it is. */
export class OutputTail {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #cut = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    this.#cut ||= chunk.length > this.#limit;
    this.#chunks.push(chunk.length > this.#limit ? chunk.subarray(chunk.length - this.#limit) : chunk);
    this.#bytes += this.#chunks.at(-1)?.length ?? 0;
    while (this.#bytes - (this.#chunks[0]?.length ?? 0) >= this.#limit) {
      this.#bytes -= this.#chunks.shift()?.length ?? 0;
      this.#cut = true;
    }
  }

  get full(): boolean {
    return this.#bytes >= this.#limit;
  }

  /** Whether something stood before what is kept. */
  get cut(): boolean {
    return this.#cut;
  }

  /** As text that a database takes: valid UTF-8 without NUL. */
  text(): string {
    return readable(Buffer.concat(this.#chunks).toString('utf8'));
  }
}

/** PostgreSQL has no NUL in text; half a character at a cut becomes the replacement character, as in any decoder. */
const readable = (text: string): string => text.replaceAll('\u0000', '\uFFFD');

/** The last part of a text that fits the bound. */
export const lastPart = (text: string): string => (text.length > MAX_OUTPUT ? text.slice(-MAX_OUTPUT) : text);
