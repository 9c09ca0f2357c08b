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

  constructor(lineBytes: number) {
    this.#limit = lineBytes;
    this.#cutter = new LineCutter(lineBytes);
  }

  /** Takes bytes that stand at `from`; returns the lines that are whole, and how many were longer than the limit. */
  take(bytes: Buffer, from: number): { readonly lines: WrittenLine[]; readonly cut: number } {
    const lines: WrittenLine[] = [];
    let long = 0;
    const cut = this.#cutter.take(bytes, from, (line, begin, end) => {
      long += this.#line(line.toString('utf8').replace(/\r$/, ''), begin, end, lines);
    });
    return { lines, cut: cut + long };
  }

  /** What waits for lines that belong to it, when none came; pieces of a line go on waiting. */
  flush(): WrittenLine[] {
    const held = [...this.#outputs.values()].flatMap(({ name, joiner }) => {
      const line = joiner.flush();
      return line === null ? [] : [{ ...line, output: name }];
    });
    return held.toSorted((a, b) => a.from - b.from).map((line) => this.#placed(line));
  }

  /** Everything that is held, when nothing follows for good; `from` is where the bytes end. */
  end(from: number): WrittenLine[] {
    const lines: WrittenLine[] = [];
    this.#cutter.end(from, (line, begin, end) => {
      this.#line(line.toString('utf8').replace(/\r$/, ''), begin, end, lines);
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
    const said = unwrapContainerLine(text) ?? { text, time: null, output: null, partial: false };
    const piece = { text: said.text, time: said.time, from, to };
    const output = this.#output(said.output);
    const line = output.partial === null ? piece : { ...output.partial, text: output.partial.text + piece.text, to };
    const whole = !said.partial;
    const cut = { ...line, text: line.text.slice(0, this.#limit) };
    output.partial = whole ? null : cut;
    if (whole) this.#join(output, cut, lines);
    return whole && line.text.length > this.#limit ? 1 : 0;
  }

  #join(output: Output, line: JoinedLine, lines: WrittenLine[]): void {
    const ended = output.joiner.take(line);
    if (ended !== null) lines.push(this.#placed({ ...ended, output: output.name }));
  }

  #output(name: WrittenLine['output']): Output {
    let output = this.#outputs.get(name);
    if (output === undefined) this.#outputs.set(name, (output = { name, joiner: new LineJoiner(), partial: null }));
    return output;
  }

  #placed(line: WrittenLine): WrittenLine {
    let to = line.to;
    for (const { joiner, partial } of this.#outputs.values())
      to = Math.min(to, joiner.heldFrom ?? to, partial?.from ?? to);
    return { ...line, to };
  }
}
