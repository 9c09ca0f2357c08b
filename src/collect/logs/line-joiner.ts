/** Lines joined to one, at most. */
const MAX_LINES = 500;
const MAX_CHARACTERS = 65_536;

/** How the lines of stack traces go on: indented, or with the words that languages use there. */
const GOES_ON = /^(?:[ \t]+\S|Caused by:|Suppressed:|\.\.\. \d+ more|\s*$)/;
/** Whether a line that begins so may go on: NaN is that of an empty one. */
const mayGoOn = (code: number): boolean => !(code > 32 && code < 128) || code === 67 || code === 83 || code === 46;
const TRACEBACK = 'Traceback';
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
  /** The first line, and those joined to it. */
  #first: JoinedLine | null = null;
  #parts: string[] = [];
  #size = 0;
  #to = 0;
  /** Inside a traceback of Python, which ends with a line that is not indented. */
  #python = false;

  /** Takes a line; returns the one that it ends, if there was one. */
  take(line: JoinedLine): JoinedLine | null {
    const { text, to } = line;
    const full = this.#parts.length + 1 >= MAX_LINES || this.#size + text.length > MAX_CHARACTERS;
    if (this.#first !== null && !full && this.#continues(text)) {
      this.#parts.push(text);
      this.#add(text, to);
      return null;
    }
    const before = this.flush();
    this.#first = line;
    this.#python = false;
    this.#add(text, to);
    return before;
  }

  /** Where what is held begins; null when nothing is. */
  get heldFrom(): number | null {
    return this.#first?.from ?? null;
  }

  /** What is held, when nothing follows. */
  flush(): JoinedLine | null {
    if (this.#first === null) return null;
    const { text, time, from } = this.#first;
    const joined = this.#parts.length === 0 ? text : [text, ...this.#parts].join('\n');
    if (this.#parts.length > 0) this.#parts = [];
    this.#first = null;
    this.#size = 0;
    return { text: joined.trimEnd(), time, from, to: this.#to };
  }

  #add(text: string, to: number): void {
    this.#size += text.length;
    this.#to = to;
    if (text.includes(TRACEBACK) && PYTHON.test(text.trimStart())) this.#python = true;
  }

  #continues(text: string): boolean {
    if ((mayGoOn(text.charCodeAt(0)) && GOES_ON.test(text)) || (text.startsWith(TRACEBACK) && PYTHON.test(text)))
      return true;
    if (!this.#python) return false;
    this.#python = false;
    return true;
  }
}
