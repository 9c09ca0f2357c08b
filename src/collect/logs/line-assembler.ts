import { unwrapContainerLine } from './container-line.ts';
import { LineCutter } from './line-cutter.ts';
import { type JoinedLine, LineJoiner } from './line-joiner.ts';

/** A line as it was written, whatever it was wrapped, cut and spread over lines in. */
export interface WrittenLine extends JoinedLine {
  /** Which of two outputs of a container it was written to; their lines are in order each for itself. */
  readonly output: 'stdout' | 'stderr' | null;
}

interface Output {
  readonly name: WrittenLine['output'];
  readonly joiner: LineJoiner;
  /** Pieces of a line that a runtime has cut, until its last one comes. */
  partial: JoinedLine | null;
}

/**
 * Makes lines of the bytes of a file: takes off what runtimes of containers put around them, puts pieces together, joins
 * stack traces. `to` of a line is where reading may go on when it is done, which is before everything that is still held.
 */
export class LineAssembler {
  readonly #limit: number;
  readonly #cutter: LineCutter;
  readonly #outputs = new Map<WrittenLine['output'], Output>();
  /** The one of the line before. */
  #newest: Output | null = null;

  constructor(lineBytes: number) {
    this.#limit = lineBytes;
    this.#cutter = new LineCutter(lineBytes);
  }

  /** Takes bytes that stand at `from`; returns the lines that are whole, and how many were longer than the limit. */
  take(bytes: Buffer, from: number): { readonly lines: WrittenLine[]; readonly cut: number } {
    const lines: WrittenLine[] = [];
    let long = 0;
    const cut = this.#cutter.take(bytes, from, (line, begin, end) => {
      long += this.#line(line, begin, end, lines);
    });
    return { lines, cut: cut + long };
  }

  /** What waits for lines that belong to it, when none came; pieces of a line go on waiting. */
  flush(): WrittenLine[] {
    const held = [...this.#outputs.values()].flatMap(({ name, joiner }) => {
      const line = joiner.flush();
      return line === null ? [] : [{ line, name }];
    });
    return held.toSorted((a, b) => a.line.from - b.line.from).map(({ line, name }) => this.#placed(line, name));
  }

  /** Everything that is held, when nothing follows for good; `from` is where the bytes end. */
  end(from: number): WrittenLine[] {
    const lines: WrittenLine[] = [];
    this.#cutter.end(from, (line, begin, end) => {
      this.#line(line, begin, end, lines);
    });
    for (const output of this.#outputs.values()) {
      const { partial } = output;
      output.partial = null;
      if (partial !== null) this.#join(output, partial, lines);
    }
    return [...lines, ...this.flush()];
  }

  /** Returns 1 when the line was longer than the limit. */
  // oxlint-disable-next-line eslint/max-params -- text and its two ends belong together
  #line(text: string, from: number, to: number, lines: WrittenLine[]): number {
    const said = unwrapContainerLine(text);
    if (said === null) return this.#whole(this.#output(null), { text, time: null, from, to }, lines);
    const piece = { text: said.text, time: said.time, from, to };
    const output = this.#output(said.output);
    const line = output.partial === null ? piece : { ...output.partial, text: output.partial.text + piece.text, to };
    if (!said.partial) return this.#whole(output, line, lines);
    output.partial = { ...line, text: line.text.slice(0, this.#limit) };
    return 0;
  }

  #whole(output: Output, line: JoinedLine, lines: WrittenLine[]): number {
    const long = line.text.length > this.#limit;
    output.partial = null;
    this.#join(output, long ? { ...line, text: line.text.slice(0, this.#limit) } : line, lines);
    return long ? 1 : 0;
  }

  #join(output: Output, line: JoinedLine, lines: WrittenLine[]): void {
    const ended = output.joiner.take(line);
    if (ended !== null) lines.push(this.#placed(ended, output.name));
  }

  #output(name: WrittenLine['output']): Output {
    if (name === this.#newest?.name) return this.#newest;
    let output = this.#outputs.get(name);
    if (output === undefined) this.#outputs.set(name, (output = { name, joiner: new LineJoiner(), partial: null }));
    this.#newest = output;
    return output;
  }

  #placed({ text, time, from, to }: JoinedLine, output: WrittenLine['output']): WrittenLine {
    let until = to;
    for (const { joiner, partial } of this.#outputs.values())
      until = Math.min(until, joiner.heldFrom ?? until, partial?.from ?? until);
    return { text, time, from, to: until, output };
  }
}
