/** Lines joined to one, at most. */
const MAX_LINES = 500;
const MAX_CHARACTERS = 65_536;

/** How the lines of stack traces go on: indented, or with the words that languages use there. */
const GOES_ON = /^(?:[ \t]+\S|Caused by:|Suppressed:|\.\.\. \d+ more|\s*$)/;
const PYTHON = /^Traceback \(most recent call last\):/;

/** A line of the file, or several that are one. */
export interface JoinedLine {
  readonly text: string;
  /** When it was written, as a runtime of containers says; null where nobody says so. Unix ms. */
  readonly time: number | null;
  /** Where its first line begins, bytes. */
  readonly from: number;
  /** Where what follows it begins, bytes. */
  readonly to: number;
}

/** Joins the lines of a stack trace to the line that they belong to. A line is given back when the next one begins. */
export class LineJoiner {
  #parts: string[] = [];
  #size = 0;
  #first = { from: 0, time: null as number | null };
  #to = 0;
  /** Inside a traceback of Python, which ends with a line that is not indented. */
  #python = false;

  /** Takes a line; returns the one that it ends, if there was one. */
  take({ text, time, from, to }: JoinedLine): JoinedLine | null {
    const full = this.#parts.length >= MAX_LINES || this.#size + text.length > MAX_CHARACTERS;
    if (this.#parts.length > 0 && !full && this.#continues(text)) {
      this.#add(text, to);
      return null;
    }
    const before = this.flush();
    this.#first = { from, time };
    this.#python = false;
    this.#add(text, to);
    return before;
  }

  /** Where what is held begins; null when nothing is. */
  get heldFrom(): number | null {
    return this.#parts.length === 0 ? null : this.#first.from;
  }

  /** What is held, when nothing follows. */
  flush(): JoinedLine | null {
    if (this.#parts.length === 0) return null;
    const joined = { text: this.#parts.join('\n').trimEnd(), ...this.#first, to: this.#to };
    this.#parts = [];
    this.#size = 0;
    return joined;
  }

  #add(text: string, to: number): void {
    this.#parts.push(text);
    this.#size += text.length;
    this.#to = to;
    if (PYTHON.test(text.trimStart())) this.#python = true;
  }

  #continues(text: string): boolean {
    if (GOES_ON.test(text) || PYTHON.test(text)) return true;
    if (!this.#python) return false;
    this.#python = false;
    return true;
  }
}
